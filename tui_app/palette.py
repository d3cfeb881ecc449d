"""The command palette, with no word of Textual's own."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette
from textual.widgets.option_list import Option

from services.language import _


class Palette(CommandPalette):
    """Says in the program's language that nothing was found; its frame is seen on every ground."""

    DEFAULT_CSS = """
    Palette:ansi #--input { border: hkey ansi_default; }
    Palette:ansi #--input.--list-visible { border-bottom: none; }
    Palette:ansi SearchIcon { color: ansi_default; }
    Palette:ansi CommandList { border-bottom: hkey ansi_default; }
    Palette:ansi CommandList.--populating { border-bottom: none; }
    """

    def _start_no_matches_countdown(self, search_value: str) -> None:
        """As Textual's, but for the words."""
        self._stop_no_matches_countdown()
        self._no_matches_timer = self.set_timer(
            self._NO_MATCHES_COUNTDOWN, lambda: self._say_nothing(searched=bool(search_value))
        )

    def _say_nothing(self, *, searched: bool) -> None:
        if searched:
            words = Option(f"  {_('Nada encontrado')}", disabled=True, id=self._NO_MATCHES)
            self.query_one(CommandList).add_option(words)
        self._list_visible = searched
