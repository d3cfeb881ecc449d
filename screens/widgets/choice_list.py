"""A list of which many are chosen: what is so already, what is to be added, what is to go."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar

from screens.background import run_beside
from screens.commands import Command
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.drawing import MARK
from screens.widgets.list import WindowList
from services.language import later

ADD = "+"
DROP = "−"


class Show(StrEnum):
    """Which rows are shown. Marking moves no row from one to another: only saving does."""

    ALL = "all"
    CHOSEN = "chosen"
    OTHERS = "others"
    CHANGED = "changed"


class Picks:
    """The chosen ids: ``base`` as they are saved, and what this person is about to change."""

    def __init__(self, base: Iterable[int] = ()) -> None:
        self.base = frozenset(base)
        self.added: set[int] = set()
        self.dropped: set[int] = set()

    def __contains__(self, each: int) -> bool:
        return each in self.added or (each in self.base and each not in self.dropped)

    @property
    def chosen(self) -> frozenset[int]:
        """What would be saved."""
        return (self.base - self.dropped) | self.added

    @property
    def changed(self) -> bool:
        """True when something would be saved."""
        return bool(self.added or self.dropped)

    def put(self, ids: Iterable[int], chosen: bool) -> None:
        """Choose all ``ids``, or none of them."""
        some = set(ids)
        if chosen:
            self.dropped -= some
            self.added |= some - self.base
        else:
            self.added -= some
            self.dropped |= some & self.base

    def rebase(self, base: Iterable[int]) -> None:
        """Others saved meanwhile: what is so already need not be changed any more."""
        self.base = frozenset(base)
        self.added -= self.base
        self.dropped &= self.base

    def shows(self, each: int, show: Show) -> bool:
        """Is a row shown?"""
        if show is Show.CHANGED:
            return each in self.added or each in self.dropped
        return show is Show.ALL or (each in self.base) == (show is Show.CHOSEN)


class _Shown:
    """Those rows of a source that are to be shown."""

    def __init__(self, source: Source, picks: Picks) -> None:
        self._source = source
        self._picks = picks
        self.show = Show.ALL

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        found = await self._source.ids(filter, sort, descending)
        if self.show is Show.ALL:
            return found
        return array("q", (each for each in found if self._picks.shows(each, self.show)))

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return await self._source.rows(ids)


class ChoiceList(WindowList):
    """``✓`` is so already, ``+`` is to be added, ``−`` is to go; Space changes it and goes on."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "choice.toggle",
            "space",
            later("Marcar"),
            "mark",
            later("Marca ou desmarca a linha e vai à próxima"),
            order=2,
            palette=False,
        ),
        Command(
            "choice.all",
            "A",
            later("Marcar todas"),
            "put_found(True)",
            later("Marca todas as que o filtro encontrou"),
            order=3,
        ),
        Command(
            "choice.none",
            "N",
            later("Desmarcar todas"),
            "put_found(False)",
            later("Desmarca todas as que o filtro encontrou"),
            order=4,
        ),
    )

    def __init__(
        self, source: Source, columns: Sequence[Column], picks: Picks, *, empty: str = ""
    ) -> None:
        self._shown = _Shown(source, picks)
        super().__init__(self._shown, columns, empty=empty)
        self.picks = picks

    @property
    def show(self) -> Show:
        """Which rows are shown."""
        return self._shown.show

    def set_show(self, show: Show) -> None:
        """Show others."""
        self._shown.show = show
        self.refresh_ids()

    def sign(self, row_id: int) -> tuple[str, str] | None:
        """What is so, and what is to be."""
        if row_id in self.picks.added:
            return ADD, "good"
        if row_id in self.picks.dropped:
            return DROP, "bad"
        return (MARK, "mark") if row_id in self.picks.base else None

    def action_mark(self) -> None:
        """Choose the row or not, and go to the next."""
        if self.current is not None:
            self.picks.put((self.current,), self.current not in self.picks)
            self._refresh_row(self._cursor)
            self.action_step(1)
            self._marks_changed()

    def action_put_found(self, chosen: bool) -> None:
        """Choose all that the filter finds, or none of them: of what was typed last."""
        run_beside(self, "put", self._put_found, chosen)

    async def _put_found(self, chosen: bool) -> None:
        self.picks.put(await self.matching(), chosen)
        self.refresh()
        self._marks_changed()
