"""A screen that is one list: filter, sort, open, refresh live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual.screen import Screen
from textual.widget import Widget

from screens.commands import Command
from screens.desk import Desk
from screens.frame import FramedScreen
from screens.records import Records
from screens.widgets.asking import Source
from screens.widgets.columns import Column
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from services.language import later

R = TypeVar("R")


class BrowseScreen(FramedScreen):
    """A subclass gives source, columns, the words of an empty list, and what Enter opens."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("browse.reload", "r", later("Atualizar"), "reload"),
        Command("browse.back", "escape,q", later("Voltar"), "app.go('home')", palette=False),
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
        self._listing = Listing(self.list, title=self.title_words())
        yield self._listing

    def narrowed(self, words: str) -> None:
        """Say beside the title what alone is listed; "" for everything."""
        title = self.title_words()
        self._listing.set_title(f"{title} · {words}" if words else title)

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter opens."""
        self.open(message.id)

    def open(self, chosen: int) -> None:
        """What Enter does: it opens the detail."""
        self.app.push_screen(self.detail(chosen))

    def action_reload(self) -> None:
        """Read the list again."""
        self.list.refresh_ids()

    async def refresh_live(self) -> None:
        self.list.refresh_ids()


class RecordsScreen(BrowseScreen, Generic[R]):
    """A list of records with a form for each: Enter or ``e`` changes one, ``n`` registers one.

    A subclass gives :meth:`record` and :meth:`form` instead of ``detail``.
    """

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("records.new", "n", later("Novo"), "new", order=1),
        Command("records.edit", "e", later("Editar"), "edit", order=2),
    )

    async def record(self, record_id: int) -> R | None:
        """The record as it is now; None when somebody has removed it meanwhile."""
        raise NotImplementedError

    def form(self, record: R | None) -> Screen[Any]:
        """The form that changes ``record``, or registers a new one."""
        raise NotImplementedError

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._records = Records(self, self.list, self.record, self.form, self._filled_in)

    async def chosen(self) -> R | None:
        """The record under the cursor."""
        return await self._records.chosen()

    def open(self, chosen: int) -> None:
        """Enter edits."""
        self.action_edit()

    def action_new(self) -> None:
        """Register one."""
        self._records.new()

    def action_edit(self) -> None:
        """Change the one under the cursor."""
        self._records.edit()

    async def _filled_in(self, given: R | None, new: bool) -> None:
        await self.refresh_live()
