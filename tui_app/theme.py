"""The program's own colours, dark and light; Textual's ``ansi`` themes follow the terminal's."""

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
    background="#10161D",
    surface="#18212B",
    panel="#1B2530",
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
        "scrollbar-background": "#10161D",
        "scrollbar-background-hover": "#10161D",
        "scrollbar-background-active": "#10161D",
        "button-color-foreground": "#10161D",
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
    background="#F6F8FA",
    surface="#FFFFFF",
    panel="#E3E9F0",
    dark=False,
    variables={
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-background": "#1D5FA6",
        "block-cursor-text-style": "bold",
        "button-focus-text-style": "bold",
        "footer-key-foreground": "#8F5600",
        "footer-description-foreground": "#37434F",
        "scrollbar": "#C2CDD8",
        "scrollbar-background": "#F6F8FA",
        "scrollbar-background-hover": "#F6F8FA",
        "scrollbar-background-active": "#F6F8FA",
    },
)
THEMES = (DARK, LIGHT)
