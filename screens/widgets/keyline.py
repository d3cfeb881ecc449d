"""The keys that work now, the most useful first, in one drawn line."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from screens.commands import Command, possible
from services.safe_text import safe


class KeyLine(Widget):
    """Ordered by the commands' ``order``, whatever has the focus; a click does the same."""

    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1;
        background: $footer-background; color: $footer-description-foreground;
    }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[tuple[Command, str, str, int, int]] = []

    def on_mount(self) -> None:
        """Follow the focus and what is possible."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.call_after_refresh(self._bindings_changed, self.screen)

    def _bindings_changed(self, screen: Screen[Any]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        entries = sorted(
            (e for e in possible(screen) if e.command.order > 0), key=lambda e: e.command.order
        )
        shown, x = [], 1
        for entry in entries:
            words = entry.words
            width = cell_len(f"{entry.keys[0]} {words}")
            shown.append((entry.command, entry.keys[0], words, x, width))
            x += width + 2
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for _command, key, words, x, width in self._shown:
            # A key that has no room is left out whole: "?" lists them all.
            if (end := x + width) <= self.size.width:
                parts.append((f" {key}", "bold $footer-key-foreground"))
                parts.append((f" {safe(words)}" + " " * (end < self.size.width), ""))
        return Content.assemble(*parts)

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked on."""
        for entry in possible(self.screen):
            for command, _key, _words, x, width in self._shown:
                if command is entry.command and x <= event.x < x + width:
                    await self.app.run_action(command.action, entry.node)
                    return
