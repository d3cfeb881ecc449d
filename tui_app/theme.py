"""The program's own colours: dark, light, and those that a terminal of 16 colours has.

Grounds stay below a saturation of 0.15, so that terminals of 256 colours show them as greys.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="carteiro",
    primary="#4C9BE8",
    secondary="#7E8CA0",
    accent="#F2C14E",
    warning="#F2A65A",
    error="#E5687A",
    success="#6CC08B",
    foreground="#DCE3EA",
    background="#14171A",
    surface="#1B1F23",
    panel="#22272D",
    dark=True,
    variables={
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-background": "#27598C",
        "block-cursor-text-style": "bold",
        "button-focus-text-style": "bold",
        "footer-key-foreground": "#F2C14E",
        "footer-description-foreground": "#B7C2CD",
        "scrollbar": "#2F4052",
        "scrollbar-hover": "#3A4E62",
        "scrollbar-active": "#4C9BE8",
        "scrollbar-background": "#14171A",
        "scrollbar-background-hover": "#14171A",
        "scrollbar-background-active": "#14171A",
        "button-color-foreground": "#14171A",
    },
)
LIGHT = Theme(
    name="carteiro-light",
    primary="#1D5FA6",
    secondary="#5B6B7C",
    accent="#8F5600",
    warning="#9A4F00",
    error="#B3243A",
    success="#1E7A45",
    foreground="#16202A",
    background="#F7F8F9",
    surface="#FFFFFF",
    panel="#E6E9EC",
    dark=False,
    variables={
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-background": "#1D5FA6",
        "block-cursor-text-style": "bold",
        "button-focus-text-style": "bold",
        "footer-key-foreground": "#8F5600",
        "footer-description-foreground": "#37434F",
        "scrollbar": "#C2CDD8",
        "scrollbar-background": "#F7F8F9",
        "scrollbar-background-hover": "#F7F8F9",
        "scrollbar-background-active": "#F7F8F9",
    },
)
ANSI = Theme(
    name="carteiro-16",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    accent="ansi_magenta",
    warning="ansi_magenta",
    error="ansi_red",
    success="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "bold reverse",
        "block-cursor-blurred-text-style": "underline",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
        "footer-key-foreground": "ansi_magenta",
        "scrollbar": "ansi_default",
        "scrollbar-hover": "ansi_default",
        "scrollbar-active": "ansi_default",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "input-selection-background": "ansi_default",
        "input-selection-foreground": "ansi_default",
        "screen-selection-background": "ansi_magenta",
        "screen-selection-foreground": "ansi_bright_white",
    },
)
"""Seen on a dark ground and on a light one, which nobody tells us: of the 16 only red and magenta
are. All else is the terminal's own pair, bold, underlined or reversed. Without colours, too."""
THEMES = (DARK, LIGHT, ANSI)
