"""The lines of a list: rows, header, and what stands there when there are no rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from screens.widgets.columns import GAP, Placed, fit
from screens.widgets.pages import Row
from screens.widgets.status import Tone

GUTTER = 2
_KEPT = 500
MARK = "✓"
CURSOR = "▸"
COMPONENTS = {
    "window-list--header",
    "window-list--cursor",
    "window-list--cursor-blurred",
    "window-list--mark",
    "window-list--message",
    *(f"window-list--{tone.value}" for tone in Tone),
}
STYLES = """
WindowList {
    height: 1fr; background: $background; color: $foreground;
    overflow-x: hidden; overflow-y: auto;
    scrollbar-gutter: stable; scrollbar-size-vertical: 1;
    & > .window-list--header { color: $foreground 65%; text-style: underline; }
    & > .window-list--cursor {
        color: $block-cursor-foreground; background: $block-cursor-background;
        text-style: $block-cursor-text-style;
    }
    & > .window-list--cursor-blurred { background: $primary 25%; }
    & > .window-list--mark { color: $accent; text-style: bold; }
    & > .window-list--message { color: $foreground 65%; }
    & > .window-list--good { color: $text-success; }
    & > .window-list--busy { color: $text-primary; }
    & > .window-list--warn { color: $text-warning; }
    & > .window-list--bad { color: $text-error; text-style: bold; }
    & > .window-list--muted { color: $foreground 55%; }
    & > .window-list--strong { text-style: bold; }
    &:nocolor > .window-list--cursor { text-style: reverse; }
    &:ansi > .window-list--cursor { text-style: reverse; }
    &:ansi > .window-list--cursor-blurred { text-style: underline; }
}
"""


class Painter:
    """Draws the lines in the styles that ``style_of`` gives for a name; "" is the list's own."""

    def __init__(self, style_of: Callable[[str], Style]) -> None:
        self._style_of = style_of
        self._styles: dict[str, Style] = {}
        self._layout: Sequence[Placed] = ()
        self._width = 0
        self._rows: dict[tuple[Row | None, tuple[str, str] | None], Strip] = {}

    def forget(self) -> None:
        """Other colours from now on."""
        self._styles.clear()
        self._rows.clear()

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self._style_of(name)
        return style

    def header(
        self, layout: Sequence[Placed], width: int, sort: str | None, descending: bool
    ) -> Strip:
        """The line of the titles."""
        text = " " * GUTTER + header(layout, sort, descending)
        return Strip([Segment(fit(text, width), self._style("header"))], width)

    def row(
        self, row: Row | None, layout: Sequence[Placed], width: int, sign: tuple[str, str] | None
    ) -> Strip:
        """A row, each cell in its tone; ``sign`` is a mark before it and the name of its style."""
        if self._layout is not layout or self._width != width or len(self._rows) > _KEPT:
            self._layout, self._width = layout, width
            self._rows.clear()
        drawn = self._rows.get((row, sign))
        if drawn is None:
            drawn = self._rows[row, sign] = self._row(row, layout, width, sign)
        return drawn

    def _row(
        self, row: Row | None, layout: Sequence[Placed], width: int, sign: tuple[str, str] | None
    ) -> Strip:
        cells = pieces(row, layout)
        if sign is not None:
            cells.insert(0, (f"{sign[0]} ", sign[1]))
        elif cells and not cells[0][1]:
            cells[0] = (" " * GUTTER + cells[0][0], "")
        else:
            cells.insert(0, (" " * GUTTER, ""))
        strip = Strip([Segment(text, self._style(name)) for text, name in cells])
        return strip.adjust_cell_length(width, self._style(""))

    def cursor(
        self,
        row: Row | None,
        layout: Sequence[Placed],
        width: int,
        sign: tuple[str, str] | None,
        *,
        awake: bool,
    ) -> Strip:
        """The row under the cursor in one style: the least to send for each key."""
        text = "".join(text for text, _name in pieces(row, layout))
        style = self._style("cursor" if awake else "cursor-blurred")
        return Strip([Segment(fit(f"{sign[0] if sign else CURSOR} {text}", width), style)], width)

    def message(self, words: str, style: str, line: int, width: int, height: int) -> Strip:
        """Line ``line`` of what an empty list says."""
        text = message_line(words, line, width, height)
        return Strip([Segment(text, self._style(style))], width)

    def blank(self, width: int) -> Strip:
        """Nothing."""
        return Strip.blank(width, self._style(""))


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
