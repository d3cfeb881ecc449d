"""Columns of a list: fixed widths, spare room to those that can use it, text cut by cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size

from screens.widgets.status import Tone
from services.safe_text import safe

Cell = str | tuple[str, Tone | str]
"""What a source gives for one column: text, or text and a tone."""

GAP = 2
_LONGEST = 400
_TONES: dict[str, Tone] = {tone.value: tone for tone in Tone}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``width`` is its least width in cells; ``wide`` columns share the spare room.

    A column is left out while the terminal is narrower than ``min_terminal_width``.
    """

    key: str
    title: str
    width: int
    align: Literal["left", "right"] = "left"
    sortable: bool = False
    min_terminal_width: int = 0
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown: its place among the cells of a row, its offset and width."""

    column: Column
    index: int
    x: int
    width: int


def lay_out(columns: Sequence[Column], room: int, terminal_width: int) -> tuple[Placed, ...]:
    """Place the columns in ``room`` cells; the rightmost give way when nothing else helps."""
    shown = [
        (i, column)
        for i, column in enumerate(columns)
        if terminal_width >= column.min_terminal_width
    ]
    while len(shown) > 1 and _least(shown) > room:
        shown.pop()
    widths = [column.width for _i, column in shown]
    wide = [n for n, (_i, column) in enumerate(shown) if column.wide]
    spare = room - sum(widths) - GAP * (len(shown) - 1)
    if spare < 0 and widths:
        widths[0] = max(1, room)
    elif wide:
        each, rest = divmod(spare, len(wide))
        for place, n in enumerate(wide):
            widths[n] += each + (1 if place < rest else 0)
    placed, x = [], 0
    for (i, column), width in zip(shown, widths, strict=True):
        placed.append(Placed(column, i, x, width))
        x += width + GAP
    return tuple(placed)


def column_at(layout: Sequence[Placed], x: int) -> Column | None:
    """The column that the cell ``x`` of a row belongs to, the gap behind it included."""
    for placed in layout:
        if placed.x <= x < placed.x + placed.width + GAP:
            return placed.column
    return None


def _least(shown: list[tuple[int, Column]]) -> int:
    return sum(column.width for _i, column in shown) + GAP * (len(shown) - 1)


def clean(cell: Cell) -> tuple[str, Tone | None]:
    """A cell as it may be drawn: safe text (joiners dropped: their width differs by terminal)."""
    text, tone = cell if isinstance(cell, tuple) else (cell, None)
    line = safe(text, _LONGEST)
    if not line.isascii():
        line = line.replace("\u200d", "").replace("\u200c", "")
    return line, _TONES.get(tone) if tone else None


def fit(text: str, width: int, align: str = "left") -> str:
    """``text`` in exactly ``width`` cells, cut with an ellipsis."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    pad = " " * (width - length)
    return pad + text if align == "right" else text + pad
