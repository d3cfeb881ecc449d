"""A console's screen as a small SVG: text in any monospaced font, lines and blocks drawn.

Rich's own pictures name fonts of another host, and leave gaps between the lines of a frame or of a
QR code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.app import App

_WIDE, _HIGH, _BASE = 9, 20, 15
_INK, _GROUND = "#dce3ea", "#14171a"
_EIGHTHS = "▁▂▃▄▅▆▇█"
# From the middle of a cell: how far to the left, right, up and down.
_LINES = {
    "─": "lr",
    "│": "ud",
    "╭": "rd",
    "╮": "ld",
    "╰": "ru",
    "╯": "lu",
    "┌": "rd",
    "┐": "ld",
    "└": "ru",
    "┘": "lu",
    "├": "udr",
    "┤": "udl",
}
_ENDS = {"l": f"h-{_WIDE / 2}", "r": f"h{_WIDE / 2}", "u": f"v-{_HIGH // 2}", "d": f"v{_HIGH // 2}"}
_MARKS = "".join((_EIGHTHS, "▀", *_LINES))
_DRAWN = re.compile(f"([{_MARKS}])\\1*")
_WORDS = re.compile(f"[^\\s{_MARKS}]+(?: [^\\s{_MARKS}]+)*")


@dataclass(frozen=True, slots=True)
class _Run:
    """Cells of one line with one look; ``x`` and ``y`` count cells."""

    x: int
    y: int
    text: str
    ink: str
    ground: str
    look: str


def picture(app: App[Any], title: str) -> str:
    """What ``app`` shows now; the class of the screen in front is told along."""
    wide, high = app.size.width * _WIDE, app.size.height * _HIGH
    runs = list(_runs(app))
    inks = {key: f"c{n}" for n, key in enumerate(dict.fromkeys((r.ink, r.look) for r in runs))}
    rules = "".join(
        f".{name}{{fill:{ink}{f';{look}' if look else ''}}}" for (ink, look), name in inks.items()
    )
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">',
            f"<title>{escape(title)}</title>",
            f"<metadata>{type(app.screen).__name__}</metadata>",
            (
                "<style>text{font:15px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
                f"white-space:pre}}path{{fill:none}}{rules}</style>"
            ),
            f'<rect width="{wide}" height="{high}" fill="{_GROUND}"/>',
            *_grounds(runs),
            *(text for run in runs for text in _texts(run, inks[run.ink, run.look])),
            *_drawings(runs),
            "</svg>\n",
        )
    )


def _runs(app: App[Any]) -> Iterator[_Run]:
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    for y, strips in enumerate(update.strips):  # type: ignore[union-attr]
        x = 0
        held: _Run | None = None
        for segment in (segment for strip in strips for segment in strip):
            if segment.control:
                continue
            ink, ground, look = _look(segment.style or Style.null())
            new = _Run(x, y, segment.text, ink, ground, look)
            x += cell_len(segment.text)
            if held is not None and (held.ink, held.ground, held.look) == (ink, ground, look):
                held = _Run(held.x, y, held.text + new.text, ink, ground, look)
                continue
            if held is not None:
                yield held
            held = new
        if held is not None:
            yield held


def _look(style: Style) -> tuple[str, str, str]:
    """Colours of text and ground, and what CSS says of the rest."""
    ink, ground = _hex(style.color, _INK), _hex(style.bgcolor, _GROUND)
    if style.reverse:
        ink, ground = ground, ink
    look = [
        words
        for on, words in (
            (style.bold, "font-weight:bold"),
            (style.italic, "font-style:italic"),
            (style.underline, "text-decoration:underline"),
            (style.strike, "text-decoration:line-through"),
            (style.dim, "opacity:.6"),
        )
        if on
    ]
    return ink, ground, ";".join(look)


def _hex(color: Color | None, otherwise: str) -> str:
    return otherwise if color is None or color.is_default else color.get_truecolor().hex


def _grounds(runs: Iterable[_Run]) -> Iterator[str]:
    """A rectangle for cells of one colour side by side, together with equal ones below."""
    rows: dict[int, list[tuple[int, int, str]]] = {}
    for run in runs:
        row, end = rows.setdefault(run.y, []), run.x + cell_len(run.text)
        if row and row[-1][1:] == (run.x, run.ground):
            row[-1] = (row[-1][0], end, run.ground)
        else:
            row.append((run.x, end, run.ground))
    begun: dict[tuple[int, int, str], int] = {}
    for y, row in rows.items():
        for span in [span for span in begun if span not in row]:
            yield _rectangle(span, begun.pop(span), y)
        for span in row:
            if span[2] != _GROUND:
                begun.setdefault(span, y)
    for span, top in begun.items():
        yield _rectangle(span, top, len(rows))


def _rectangle(span: tuple[int, int, str], top: int, bottom: int) -> str:
    left, right, colour = span
    return (
        f'<rect x="{left * _WIDE}" y="{top * _HIGH}" width="{(right - left) * _WIDE}" '
        f'height="{(bottom - top) * _HIGH}" fill="{colour}"/>'
    )


def _texts(run: _Run, name: str) -> Iterator[str]:
    """The words, each as wide as its cells; what lies far apart is placed apart."""
    for found in _WORDS.finditer(run.text):
        x = run.x + cell_len(run.text[: found.start()])
        words = found.group()
        yield (
            f'<text class="{name}" x="{x * _WIDE}" y="{run.y * _HIGH + _BASE}" '
            f'textLength="{cell_len(words) * _WIDE}">{escape(words)}</text>'
        )


def _drawings(runs: Iterable[_Run]) -> Iterator[str]:
    """Lines and blocks, those of one colour in one path."""
    lines: dict[str, list[str]] = {}
    blocks: dict[str, list[str]] = {}
    for run in runs:
        for found in _DRAWN.finditer(run.text):
            x = (run.x + cell_len(run.text[: found.start()])) * _WIDE
            mark, many = found.group()[0], len(found.group())
            if mark in _LINES:
                lines.setdefault(run.ink, []).extend(_strokes(mark, many, x, run.y * _HIGH))
            else:
                blocks.setdefault(run.ink, []).append(_block(mark, many, x, run.y * _HIGH))
    for ink, parts in lines.items():
        yield f'<path stroke="{ink}" d="{"".join(parts)}"/>'
    for ink, parts in blocks.items():
        yield f'<path style="fill:{ink}" d="{"".join(parts)}"/>'


def _strokes(mark: str, many: int, x: int, y: int) -> Iterator[str]:
    middle = y + _HIGH // 2
    if mark == "─":
        yield f"M{x},{middle}h{many * _WIDE}"
        return
    for n in range(many):
        for end in _LINES[mark]:
            yield f"M{x + n * _WIDE + _WIDE / 2},{middle}{_ENDS[end]}"


def _block(mark: str, many: int, x: int, y: int) -> str:
    if mark == "▀":
        top, high = y, _HIGH / 2
    else:
        high = _HIGH * (_EIGHTHS.index(mark) + 1) / 8
        top = y + _HIGH - high
    wide = many * _WIDE
    return f"M{x},{top:g}h{wide}v{high:g}h-{wide}z"
