"""A QR code in half blocks: dark on light whatever the theme, with the quiet zone that cameras need."""

from __future__ import annotations

import locale
import os

from textual.content import Content
from textual.widgets import Static

QUIET = 4
_STYLE = "#000000 on #ffffff"
_BLOCKS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def can_draw_blocks() -> bool:
    """False on terminals without block characters."""
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return encoding == "utf8" and os.environ.get("TERM", "") not in ("dumb", "vt100", "vt220")


def drawn(text: str) -> list[str]:
    """The code of ``text``, a line for two rows of it."""
    import segno

    code = segno.make(text, error="l", micro=False, boost_error=False)
    rows = [list(row) for row in code.matrix_iter(border=QUIET)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(_BLOCKS[pair] for pair in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    ]


class QrCode(Static):
    """Hidden where it could not be scanned: without room, colours or blocks."""

    DEFAULT_CSS = """
    QrCode { display: none; width: auto; height: auto; margin: 0 2 0 0; }
    QrCode.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def fit(self, text: str, wide: int, high: int) -> int:
        """Show the code of ``text``, "" for none, if it fits; the columns that it takes."""
        lines = []
        if text and can_draw_blocks() and not self.app.no_color:
            lines = drawn(text)
        taken = len(lines[0]) + 2 if lines else 0
        if taken > wide or len(lines) > high:
            taken = 0
        self.set_class(taken > 0, "-shown")
        if taken:
            self.update(Content("\n").join(Content.styled(line, _STYLE) for line in lines))
        return taken
