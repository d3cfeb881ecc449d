"""A screen that is one list: filter, sort, open, refresh live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from screens.commands import Command
from screens.desk import Desk
from screens.frame import FramedScreen
from screens.widgets.columns import Column
from screens.widgets.list import Source, WindowList
from services.language import _


class BrowseScreen(FramedScreen):
    """A subclass gives source, columns, the words of an empty list, and what Enter opens."""

    DEFAULT_CSS = """
    BrowseScreen WindowList { height: 1fr; }
    BrowseScreen #filter { border: none; height: 1; background: $boost; display: none; }
    BrowseScreen #filter.shown { display: block; }
    BrowseScreen #count { height: 1; color: $text-muted; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("browse.filter", "slash", _("Filtrar"), "filter", order=1),
        Command("browse.reload", "r", _("Atualizar"), "reload", palette=False),
        Command("browse.back", "escape", _("Voltar"), "back", palette=False),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.list = WindowList(self.source(), self.columns(), empty=self.empty_words())

    def source(self) -> Source:
        """Where the rows come from."""
        raise NotImplementedError

    def columns(self) -> Sequence[Column]:
        """The columns."""
        raise NotImplementedError

    def empty_words(self) -> str:
        """What an empty list says to do first."""
        raise NotImplementedError

    def detail(self, chosen: int) -> Screen[None]:
        """What Enter opens."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        yield Input(placeholder=_("filtrar…"), id="filter", compact=True)
        yield self.list
        yield Static("", id="count", markup=False)

    def on_window_list_counted(self, message: WindowList.Counted) -> None:
        """Tell how many there are."""
        self.query_one("#count", Static).update(self.list.counts)

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter opens."""
        self.app.push_screen(self.detail(message.id))

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter as one types; the list is asked behind it."""
        self.list.set_filter(message.value)

    def on_input_submitted(self) -> None:
        """Enter in the filter goes to the list."""
        self.list.focus()

    def action_filter(self) -> None:
        """Open the filter."""
        line = self.query_one("#filter", Input)
        line.add_class("shown")
        line.focus()

    async def action_back(self) -> None:
        """Esc: first out of the filter, then out of the screen."""
        line = self.query_one("#filter", Input)
        if line.has_class("shown"):
            line.value = ""
            line.remove_class("shown")
            self.list.focus()
        else:
            await self.run_action("app.go('home')")

    def action_reload(self) -> None:
        """Read the list again."""
        self.list.refresh_ids()

    async def refresh_live(self) -> None:
        self.list.refresh_ids()
