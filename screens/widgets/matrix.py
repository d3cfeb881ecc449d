"""A list whose rows are ticked by column: the name stays at the left, the columns move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from screens.background import run_beside
from screens.commands import Command
from screens.widgets.asking import Source
from screens.widgets.columns import Column, Placed, clean, fit
from screens.widgets.drawing import GUTTER
from screens.widgets.list import HEADER, WindowList
from screens.widgets.ticks import State, Ticks
from services.language import later

NAME = 20
LEAST = 4
MOST = 11
"""Cells of the name at least, and of a column at least and at most, the gap included."""

_DRAWN: dict[State, tuple[str, str]] = {
    "on": ("✓", "mark"),
    "off": ("·", "muted"),
    "added": ("+", "good"),
    "dropped": ("−", "bad"),
}


@dataclass(frozen=True, slots=True)
class Tickable:
    """A column: its key, and a word that is cut to the room there is."""

    key: str
    short: str


class MatrixList(WindowList):
    """``✓`` is so already, ``+`` is to be, ``−`` is to go; Space changes the cell in hand."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("matrix.left", "left", later("Coluna à esquerda"), "across(-1)", palette=False),
        Command("matrix.right", "right", later("Coluna à direita"), "across(1)", palette=False),
        Command("matrix.toggle", "space", later("Marcar"), "mark", order=2, palette=False),
        Command(
            "matrix.fill_row",
            "t",
            later("Linha toda"),
            "put_row(True)",
            later("Marca todas as colunas desta linha"),
            order=3,
        ),
        Command(
            "matrix.clear_row",
            "T",
            later("Limpar linha"),
            "put_row(False)",
            later("Desmarca todas as colunas desta linha"),
            order=7,
        ),
        Command(
            "matrix.fill_column",
            "A",
            later("Coluna toda"),
            "put_column(True)",
            later("Marca esta coluna em todas as linhas que o filtro encontrou"),
            order=4,
        ),
        Command(
            "matrix.clear_column",
            "N",
            later("Limpar coluna"),
            "put_column(False)",
            later("Desmarca esta coluna em todas as linhas que o filtro encontrou"),
            order=8,
        ),
    )

    class Moved(Message):
        """Another column is in hand, or other cells are ticked."""

    def __init__(
        self,
        source: Source,
        name: Column,
        ticks: Ticks,
        *,
        empty: str = "",
    ) -> None:
        """``name`` is the column that stays; ``source`` gives its cell only."""
        super().__init__(source, (name,), empty=empty)
        self.ticks = ticks
        self._kinds: tuple[Tickable, ...] = ()
        self._at = 0
        self._first = 0
        self._cell = LEAST
        self._shown = 0

    @property
    def key(self) -> str | None:
        """The column in hand."""
        return self._kinds[self._at].key if self._kinds else None

    def set_kinds(self, kinds: Sequence[Tickable]) -> None:
        """Which columns there are; the one in hand stays so."""
        if tuple(kinds) == self._kinds:
            return
        key, self._kinds = self.key, tuple(kinds)
        keys = [kind.key for kind in self._kinds]
        self._at = keys.index(key) if key in keys else 0
        self._laid = None
        self.refresh()

    # Keys.

    def action_across(self, columns: int) -> None:
        """To a column beside."""
        to = min(max(self._at + columns, 0), len(self._kinds) - 1)
        if to == self._at or not self._kinds:
            return
        first, self._at = self._first, to
        self._reveal_column()
        if self._first != first:
            self.refresh()
        else:
            self.refresh(Region(0, 0, self.size.width, HEADER))
            self._refresh_row(self._cursor)
        self.post_message(self.Moved())

    def action_mark(self) -> None:
        """Tick the cell in hand, or not any more."""
        if self.current is not None and self.key is not None:
            self._put((self.current,), (self.key,), not self.ticks.ticked(self.current, self.key))

    def action_choose(self) -> None:
        """Enter does what Space does."""
        self.action_mark()

    def action_put_row(self, on: bool) -> None:
        """All columns of the row."""
        if self.current is not None:
            self._put((self.current,), [kind.key for kind in self._kinds], on)

    def action_put_column(self, on: bool) -> None:
        """The column, in all rows that the filter finds: of what was typed last."""
        run_beside(self, "put", self._put_column, on)

    async def _put_column(self, on: bool) -> None:
        key = self.key
        if key is not None:
            self._put(await self.matching(), (key,), on)

    def _put(self, rows: Iterable[int], keys: Sequence[str], on: bool) -> None:
        self.ticks.put(rows, keys, on)
        self.refresh()
        self.post_message(self.Moved())

    # Drawing.

    def _lay_out(self) -> bool:
        wanted = (self.columns, self.scrollable_content_region.width, self.app.size.width)
        if self._laid == wanted:
            return False
        self._laid = wanted
        room, count = wanted[1] - GUTTER, len(self._kinds)
        self._cell = min(max((room - NAME) // max(count, 1), LEAST), MOST)
        self._shown = min(count, max((room - NAME) // self._cell, 1))
        name = max(room - self._shown * self._cell, 1)
        self._layout = (Placed(self.columns[0], 0, 0, name - 1),)
        self._reveal_column()
        return True

    def _reveal_column(self) -> None:
        last = max(len(self._kinds) - self._shown, 0)
        self._first = min(max(self._first, self._at - self._shown + 1), self._at, last)

    def render_line(self, y: int) -> Strip:
        """One line: the name as in any list, then the columns that have room."""
        index = self.scroll_offset.y + y - HEADER
        if not self._layout or not (y < HEADER or index < len(self._ids)):
            return super().render_line(y)
        width = self.scrollable_content_region.width
        name_width = GUTTER + self._layout[0].width
        if y < HEADER:
            name = self._painter.header(
                self._layout, name_width, self.sort, self._asking.descending
            )
            return self._joined(name, self._titles(), width)
        row_id = self._ids[index]
        row, here = self._pages.get(row_id), index == self._cursor
        if here:
            name = self._painter.cursor(row, self._layout, name_width, None, awake=self.has_focus)
        else:
            name = self._painter.row(row, self._layout, name_width, None)
        return self._joined(name, self._cells(row_id, here), width)

    def _joined(self, name: Strip, cells: list[Segment], width: int) -> Strip:
        strip = Strip([*name, Segment(" ", self._style("")), *cells])
        return strip.adjust_cell_length(width, self._style(""))

    def _titles(self) -> list[Segment]:
        style, found = self._style("header"), []
        end = self._first + self._shown
        for at, kind in enumerate(self._kinds[self._first : end], self._first):
            word, _tone = clean(kind.short)
            text = fit(word[: self._cell - 1], self._cell - 1)
            held = style + Style(reverse=True) if at == self._at else style
            gap = " "
            if at == end - 1 and end < len(self._kinds):
                gap = "›"
            found += [Segment(text, held), Segment(gap, style)]
        if self._first and found:
            text = found[0].text
            found[0] = Segment(f"‹{text[:-1]}", found[0].style)
        return found

    def _cells(self, row_id: int, here: bool) -> list[Segment]:
        plain, found = self._style(""), []
        end = self._first + self._shown
        for at, kind in enumerate(self._kinds[self._first : end], self._first):
            mark, name = _DRAWN[self.ticks.state(row_id, kind.key)]
            style = self._style(name)
            if here and at == self._at:
                style = self._style("cursor" if self.has_focus else "cursor-blurred")
            found += [Segment(f" {mark}".ljust(self._cell - 1), style), Segment(" ", plain)]
        return found
