"""Columns of text as wide as a terminal shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_GAP = "  "
_WIDEST = 60
# Before it every character that is printed takes one column.
_FIRST_COMBINING = "\u0300"


def aligned(lines: Sequence[Sequence[str]], room: int | None) -> Iterator[str]:
    """``lines`` of cells below each other.

    Within a ``room`` of so many columns a long cell goes on in the lines below, between its
    neighbours; None, for files and programs that read it: one line each, however long.
    """
    columns = list(zip(*lines, strict=True))
    widths = [max(map(width, column)) for column in columns]
    if room is not None:
        widths = _fitted(columns, widths, room)
    for cells in lines:
        if room is None:
            yield _GAP.join(map(padded, cells, widths)).rstrip()
            continue
        pieces = [_wrapped(cell, most) for cell, most in zip(cells, widths, strict=True)]
        for row in range(max(map(len, pieces))):
            told = (piece[row] if row < len(piece) else "" for piece in pieces)
            yield _GAP.join(map(padded, told, widths)).rstrip()


def width(text: str) -> int:
    """How many columns ``text`` takes."""
    if text.isascii() or max(text) < _FIRST_COMBINING:
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def padded(text: str, to: int) -> str:
    """``text`` with spaces up to that width."""
    return text + " " * (to - width(text))


def _fitted(columns: Sequence[Sequence[str]], widths: list[int], room: int) -> list[int]:
    """The widest columns give way first, none below its longest word: keys and addresses stay whole."""
    least = [
        max(width(word) for cell in column for word in (cell.split() or [""])) for column in columns
    ]
    fitted = [max(min(most, _WIDEST), word) for most, word in zip(widths, least, strict=True)]
    over = sum(fitted) + len(_GAP) * (len(fitted) - 1) - room
    while over > 0 and (giving := [at for at, most in enumerate(fitted) if most > least[at]]):
        fitted[max(giving, key=fitted.__getitem__)] -= 1
        over -= 1
    return fitted


def _wrapped(text: str, most: int) -> list[str]:
    if width(text) <= most:
        return [text]
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= most:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
