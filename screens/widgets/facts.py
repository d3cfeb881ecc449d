"""Names and values under each other; a value that is long goes on in its own column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from screens.widgets.foreign import Foreign
from services.safe_text import safe

GAP = 2
Line = tuple[str, str]


class FactLines(Foreign):
    """Shows ``lines`` laid out anew whenever the room is another."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as every widget
        super().__init__(block=True, id=id)
        self._lines: tuple[Line, ...] = ()

    def tell(self, lines: Iterable[Line]) -> None:
        """Put other lines in their place."""
        self._lines = tuple(lines)
        self._lay()

    def on_resize(self) -> None:
        """Another width: other line ends."""
        if self._lines:
            self._lay()

    def _lay(self) -> None:
        self.show(laid_out(self._lines, self.size.width))


def laid_out(lines: Sequence[Line], width: int) -> str:
    """``lines`` as text of ``width`` cells.

    What has no room there in one piece, as a hash, stays one piece: it is copied whole.
    """
    column = max((len(name) for name, _value in lines), default=0) + GAP
    told: list[str] = []
    for name, value in lines:
        words, room = safe(value), width - column
        longest = max(map(len, words.split()), default=0)
        parts = wrap(words, room, break_on_hyphens=False) if longest <= room else [words]
        first, *more = parts or [""]
        told += [f"{name.ljust(column)}{first}", *(" " * column + each for each in more)]
    return "\n".join(told)
