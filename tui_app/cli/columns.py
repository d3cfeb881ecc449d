"""Columns of text as wide as a terminal shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_GAP = "  "
_WIDEST = 60
_SHORTEST = 6
_JOINTS = "@:/.-_"
# Before it every character that is printed takes one column.
_FIRST_COMBINING = "\u0300"


def aligned(lines: Sequence[Sequence[str]], room: int | None) -> Iterator[str]:
    """``lines`` of cells below each other.

    Within a ``room`` of so many columns a long cell goes on in the lines below, between its
    neighbours; None, for files and programs that read it: one line each, however long. The first
    line is the heads: where there is no room for every word, a column with nothing below its head
    is left out, and what is still too long is broken.
    """
    columns = list(zip(*lines, strict=True))
    widths = [max(map(width, column)) for column in columns]
    if room is not None:
        widths = _fitted(columns, widths, room)
        told = [at for at, column in enumerate(columns) if any(column[1:])]
        if told and len(told) < len(columns) and _over(widths, room) > 0:
            yield from aligned([[cells[at] for at in told] for cells in lines], room)
            return
        widths = _broken(columns, widths, room)
    for cells in lines:
        if room is None:
            yield _GAP.join(map(padded, cells, widths)).rstrip()
            continue
        pieces = [_wrapped(cell, most) for cell, most in zip(cells, widths, strict=True)]
        for row in range(max(map(len, pieces))):
            side = (piece[row] if row < len(piece) else "" for piece in pieces)
            yield _GAP.join(map(padded, side, widths)).rstrip()


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
    _give(fitted, least, room)
    return fitted


def _broken(columns: Sequence[Sequence[str]], widths: list[int], room: int) -> list[int]:
    """So that it fits at the cost of keys and addresses, then of words of letters alone."""
    fitted = list(widths)
    letters = [
        max((width(word) for cell in column for word in cell.split() if word.isalpha()), default=0)
        for column in columns
    ]
    for words in (letters, [0] * len(letters)):
        least = [min(most, max(word, _SHORTEST)) for most, word in zip(widths, words, strict=True)]
        _give(fitted, least, room)
    return fitted


def _give(widths: list[int], least: Sequence[int], room: int) -> None:
    over = _over(widths, room)
    while over > 0 and (giving := [at for at, most in enumerate(widths) if most > least[at]]):
        widths[max(giving, key=widths.__getitem__)] -= 1
        over -= 1


def _over(widths: Sequence[int], room: int) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1) - room


def _wrapped(text: str, most: int) -> list[str]:
    if width(text) <= most:
        return [text]
    lines: list[str] = []
    for word in (piece for whole in text.split() for piece in _pieces(whole, most)):
        if lines and width(lines[-1]) + 1 + width(word) <= most:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def _pieces(word: str, most: int) -> Iterator[str]:
    """``word`` in pieces of at most so many columns, behind a joint of an address if one is near."""
    while width(word) > most:
        end = 1
        while width(word[: end + 1]) <= most:
            end += 1
        joint = max(word.rfind(each, 0, end) for each in _JOINTS) + 1
        if joint > end // 2:
            end = joint
        yield word[:end]
        word = word[end:]
    yield word
