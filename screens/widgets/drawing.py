"""The words of a list's lines: rows, header, and what stands there when there are no rows."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len

from screens.widgets.columns import GAP, Placed, fit
from screens.widgets.pages import Row
from screens.widgets.status import Tone


def pieces(row: Row | None, layout: Sequence[Placed]) -> list[tuple[str, str]]:
    """The texts of a row with the tones of each, neighbours of one tone joined.

    A row that is still on its way is dots.
    """
    joined: list[tuple[str, str]] = []
    for placed in layout:
        text: str
        tone: Tone | None
        text, tone = "···", Tone.MUTED
        if row is not None:
            text, tone = row[placed.index] if placed.index < len(row) else ("", None)
        drawn = fit(text, placed.width, placed.column.align)
        name = tone.value if tone else ""
        if placed is not layout[-1]:
            drawn += " " * GAP
        if joined and joined[-1][1] == name:
            joined[-1] = (joined[-1][0] + drawn, name)
        else:
            joined.append((drawn, name))
    return joined


def header(layout: Sequence[Placed], sort: str | None, descending: bool) -> str:
    """The titles, with an arrow at the column that orders."""
    titles = []
    for placed in layout:
        title = placed.column.title
        if placed.column.key == sort:
            title += " ▼" if descending else " ▲"
        titles.append(fit(title, placed.width, placed.column.align))
    return (" " * GAP).join(titles)


def message_line(words: str, line: int, width: int, height: int) -> str:
    """Line ``line`` of ``words``, wrapped and centred in an empty list."""
    lines = [part for each in words.split("\n") for part in (wrap(each, max(width - 4, 8)) or [""])]
    at = line - max((height - len(lines)) // 3, 0)
    text = lines[at] if 0 <= at < len(lines) else ""
    return fit(" " * max((width - cell_len(text)) // 2, 0) + text, width)
