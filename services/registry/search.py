"""Finding by words: accents, case and the mask of a CNPJ do not matter (R16)."""

from __future__ import annotations

from array import array

from sqlalchemy import ColumnElement, Select, and_, or_, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.folding import fold

_MASK = str.maketrans("", "", "./-")


def key(*parts: str | None, most: int) -> str:
    """The folded words of a row, the one to sort by first; cut at ``most`` characters."""
    return fold(" ".join(part for part in parts if part))[:most]


def matches(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    """The SQL condition that every word of ``words`` is in the folded ``column``."""
    conditions: list[ColumnElement[bool]] = []
    for word in map(fold, words.split()):
        condition: ColumnElement[bool] = column.contains(word, autoescape=True)
        bare = word.translate(_MASK)
        if bare and bare != word:
            condition = or_(condition, column.contains(bare, autoescape=True))
        conditions.append(condition)
    return and_(true(), *conditions)


def cnpj_part(text: str) -> str:
    """The characters of a whole or partial CNPJ as a column of CNPJs holds them; "" for none."""
    return "".join(fold(text).upper().translate(_MASK).split())


def folded_order(
    session: Session, query: Select[int], column: InstrumentedAttribute[str], descending: bool
) -> array[int]:
    """The ids of ``query`` in the order of a column that has no folded twin to sort by.

    "Água" comes before "Bar", which neither database would say.
    """
    named = [(fold(words), row_id) for row_id, words in session.execute(query.add_columns(column))]
    named.sort(key=lambda each: each[1])
    named.sort(key=lambda each: each[0], reverse=descending)
    return array("q", (row_id for _words, row_id in named))
