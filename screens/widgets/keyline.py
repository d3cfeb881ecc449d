"""The keys that work now, the most useful first, in one drawn line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from screens.commands import Command, possible
from services.safe_text import safe


class _Place(NamedTuple):
    """A key with its words, ``width`` cells from ``x`` on."""

    command: Command
    key: str
    words: str
    x: int
    width: int


class KeyLine(Widget):
    """Ordered by the commands' ``order``, whatever has the focus; a click does the same.

    A key that has no room is left out whole: the one for help, which lists them all, never is.
    """

    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1;
        background: $footer-background; color: $footer-description-foreground;
    }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[tuple[Command, str, str]] = []

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
        keys = [(entry.command, entry.keys[0], entry.words) for entry in entries]
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def _places(self) -> Iterator[_Place]:
        """What has room, and where."""
        entries = [
            (command, key, words, cell_len(f"{key} {words}"), command.id.endswith(".help"))
            for command, key, words in self._keys
        ]
        kept_for_help = sum(width + 2 for *_entry, width, helps in entries if helps)
        x, full = 1, False
        for command, key, words, width, helps in entries:
            kept_for_help -= (width + 2) * helps
            full = full or x + width + kept_for_help > self.size.width
            if helps or not full:
                yield _Place(command, key, words, x, width)
                x += width + 2

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for _command, key, words, x, width in self._places():
            parts.append((f" {key}", "bold $footer-key-foreground"))
            parts.append((f" {safe(words)}" + " " * (x + width < self.size.width), ""))
        return Content.assemble(*parts)

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked on."""
        for entry in possible(self.screen):
            for command, _key, _words, x, width in self._places():
                if command is entry.command and x <= event.x < x + width:
                    await self.app.run_action(command.action, entry.node)
                    return
