"""The program's own colours, dark and light; Textual's ``ansi`` themes follow the terminal's."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="carteiro",
    primary="#4C9AC8",
    secondary="#7E8CA0",
    accent="#F2C14E",
    warning="#E8A33D",
    error="#E0605B",
    success="#6BBF73",
    foreground="#DCE3EA",
    background="#10161C",
    surface="#18212A",
    panel="#141C24",
    dark=True,
)
LIGHT = Theme(
    name="carteiro-light",
    primary="#1F6F9F",
    secondary="#5B6B7C",
    accent="#A66A00",
    warning="#A65F00",
    error="#B3261E",
    success="#1E7B34",
    foreground="#16202A",
    background="#F6F8FA",
    surface="#FFFFFF",
    panel="#E9EEF3",
    dark=False,
)
THEMES = (DARK, LIGHT)
