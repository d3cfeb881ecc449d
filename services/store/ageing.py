"""Looking for what has been kept long enough: a stretch at a time, oldest first, nothing locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

STRETCH = 1_000


@dataclass(frozen=True, slots=True)
class Look:
    """What of a stretch may go; ``after`` is where the next one begins, None at the end."""

    ids: Sequence[int]
    after: int | None


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows went, and how many bytes of blobs that nothing referred to any more."""

    count: int = 0
    size: int = 0


def look(
    session: Session,
    column: InstrumentedAttribute[int],
    since: InstrumentedAttribute[datetime],
    before: datetime,
    after: int,
    over: ColumnElement[bool],
    *where: Any,
) -> Look:
    """The next stretch of rows ``where``, by ``column`` from ``after``: those that ``over`` is true of.

    Rows are numbered as they come: where a whole stretch is not from ``before``, the rest is not.
    """
    stretch = (
        select(column, since, over).where(column > after, *where).order_by(column).limit(STRETCH)
    )
    rows = session.execute(stretch).all()
    ids = [row[0] for row in rows if row[1] < before and row[2]]
    ends = len(rows) < STRETCH or all(row[1] >= before for row in rows)
    return Look(ids, None if ends else rows[-1][0])
