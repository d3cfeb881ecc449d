"""Dialogs with a filter line above a list: to choose one row, or to mark many."""

from __future__ import annotations

from textual.widgets import Input, Static

from screens.background import run_newest
from screens.commands import Commanded
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList


class Filtered(Commanded):
    """What is typed filters ``list`` at once."""

    list: WindowList

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter as one types."""
        self.list.set_filter(message.value.strip())

    def action_to_list(self) -> None:
        """From the filter into the list."""
        self.list.focus()


class Choosing(Filtered):
    """Enter takes the row under the cursor (``_take``), in the filter as in the list."""

    def on_input_submitted(self) -> None:
        """Enter in the filter takes the row under the cursor."""
        self.action_take()

    def on_window_list_chosen(self) -> None:
        """Enter in the list."""
        self.action_take()

    def action_take(self) -> None:
        """Choose the row under the cursor."""
        run_newest(self, "take", self._take)

    async def _take(self) -> None:
        raise NotImplementedError


class Marking(Filtered):
    """Enter goes from the filter to the list; how much was found is told in ``#found``."""

    def on_input_submitted(self) -> None:
        """Enter keeps the filter and goes to the list."""
        self.list.focus()

    def on_descendant_focus(self) -> None:
        """Other keys work in the list than in the filter."""
        self.refresh_bindings()

    def on_window_list_counted(self, message: WindowList.Counted) -> None:
        """Rows were found, or could not be."""
        found = self.query_one("#found", Static)
        found.set_class(bool(message.list.error), "failed")
        found.update(message.list.counts)

    def action_filter(self) -> None:
        """From the list into the filter."""
        self.query_one(LineInput).focus()
