"""The rows that a list has at hand: pages around what is seen, the oldest forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from screens.widgets.columns import Cell, clean
from screens.widgets.status import Tone

PAGE = 100
KEPT_ROWS = 3_000

Row = tuple[tuple[str, Tone | None], ...]


class Pages:
    """Cleaned rows by id. ``age()`` makes all of them old: still shown, to be fetched again."""

    def __init__(self) -> None:
        self._rows: OrderedDict[int, tuple[int, Row]] = OrderedDict()
        self.generation = 0

    def age(self) -> None:
        """What is kept may have changed."""
        self.generation += 1

    def forget(self) -> None:
        """Drop everything."""
        self._rows.clear()
        self.generation += 1

    def get(self, row_id: int) -> Row | None:
        """The row, new or old; ``None`` when it was never fetched."""
        kept = self._rows.get(row_id)
        return None if kept is None else kept[1]

    def wanted(self, ids: Sequence[int], first: int, last: int) -> int | None:
        """The page to fetch next for the rows ``first`` to ``last``: theirs, then a neighbour."""
        if not ids:
            return None
        low, high = first // PAGE, min(last, len(ids) - 1) // PAGE
        candidates: list[int] = [*range(low, high + 1), high + 1, low - 1]
        for page in candidates:
            if page >= 0 and self._misses(ids[page * PAGE : (page + 1) * PAGE]):
                return page
        return None

    def _misses(self, ids: Sequence[int]) -> bool:
        for row_id in ids:
            kept = self._rows.get(row_id)
            if kept is None or kept[0] != self.generation:
                return True
        return False

    def keep(
        self, ids: Sequence[int], rows: Mapping[int, Sequence[Cell]], generation: int
    ) -> set[int]:
        """Take a page in as of ``generation``; the ids whose rows read otherwise than before."""
        changed = set()
        for row_id in ids:
            row = tuple(clean(cell) for cell in rows.get(row_id, ()))
            before = self._rows.get(row_id)
            if before is None or before[1] != row:
                changed.add(row_id)
            self._rows[row_id] = (generation, row)
            self._rows.move_to_end(row_id)
        while len(self._rows) > KEPT_ROWS:
            self._rows.popitem(last=False)
        return changed


def nearest(old: Sequence[int], cursor: int, new: Sequence[int]) -> int:
    """Where the row under the cursor is now, or the nearest of its neighbours that is left."""
    if not old or not new:
        return 0
    try:
        return new.index(old[cursor])
    except ValueError:
        left = {row_id: at for at, row_id in enumerate(new)}
    for row_id in (*old[cursor + 1 :], *reversed(old[:cursor])):
        if row_id in left:
            return left[row_id]
    return 0
