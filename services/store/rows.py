"""Many rows in one statement, for both databases.

A statement for a whole batch spends its time inside the database, where the interpreter lock is
free; a statement a row would take the lock from the person's keys at every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.orm import Session

from services.store.models import Base

# Both databases take tens of thousands of values in a statement; no table has fifty columns.
AT_ONCE = 200

_Bind = Callable[[Any], Any] | None


def insert_rows(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: str = "",
    returning: Sequence[str] = (),
    at_once: int = AT_ONCE,
) -> list[tuple[Any, ...]]:
    """Insert ``rows``, which name the same columns; what ``returning`` names of those inserted.

    ``conflict`` is the clause that says what to do about rows that are there already. Values that
    the model fills in by itself are filled in here too. ``at_once`` is how many rows go into one
    statement. What is returned comes in any order, as the driver gives it.
    """
    if not rows:
        return []
    connection = session.connection()
    table = _table(model)
    given = tuple(rows[0])
    own = _defaults(table, given)
    names = (*given, *own)
    binds = _binds(table, names, connection.dialect)
    own_values = list(own.values())
    found: list[tuple[Any, ...]] = []
    for part in _parts(rows, at_once):
        statement = _insert_words(
            table.name, names, len(part), conflict, tuple(returning), connection.dialect.paramstyle
        )
        values = _bound(([*row.values(), *own_values] for row in part), binds)
        found += _run(connection, statement, values, bool(returning))
    return found


def update_rows(
    session: Session, model: type[Base], key: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set what each of ``rows`` names, in the row whose ``key`` it names first."""
    if not rows:
        return
    connection = session.connection()
    table = _table(model)
    names = tuple(rows[0])
    key = tuple(key)
    assert names[: len(key)] == key
    binds = _binds(table, names, connection.dialect)
    for part in _parts(rows, AT_ONCE):
        statement = _update_words(table, key, names, len(part), connection.dialect)
        _run(connection, statement, _bound((row.values() for row in part), binds), False)


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _defaults(table: Table, given: tuple[str, ...]) -> dict[str, Any]:
    """What the model gives to the columns that the rows do not name: the same for every row."""
    return {
        name: default.arg(None) if default.is_callable else default.arg
        for name, default in _own_defaults(table, given)
    }


@lru_cache(maxsize=64)
def _own_defaults(table: Table, given: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [
        (column.name, column.default)
        for column in table.columns
        if column.name not in given and column.default is not None
    ]


@lru_cache(maxsize=64)
def _binds(table: Table, names: tuple[str, ...], dialect: Dialect) -> list[_Bind]:
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]


def _bound(rows: Iterable[Iterable[Any]], binds: list[_Bind]) -> tuple[Any, ...]:
    """All values in one row, as the driver takes them: column by column, for speed."""
    values = [value for row in rows for value in row]
    columns = len(binds)
    assert len(values) % columns == 0
    for place, bind in enumerate(binds):
        if bind is not None:
            values[place::columns] = [bind(value) for value in values[place::columns]]
    return tuple(values)


def _run(
    connection: Connection, statement: str, values: tuple[Any, ...], fetch: bool
) -> list[tuple[Any, ...]]:
    result = connection.exec_driver_sql(statement, values)
    return [tuple(row) for row in result] if fetch else []


def _parts(
    rows: Sequence[Mapping[str, Any]], at_once: int
) -> Iterable[Sequence[Mapping[str, Any]]]:
    return (rows[start : start + at_once] for start in range(0, len(rows), at_once))


@lru_cache(maxsize=256)
def _insert_words(
    table: str,
    names: tuple[str, ...],
    count: int,
    conflict: str,
    returning: tuple[str, ...],
    paramstyle: str,
) -> str:
    mark = _mark(paramstyle)
    row = f"({', '.join([mark] * len(names))})"
    values = ", ".join([row] * count)
    words = f"INSERT INTO {table} ({', '.join(names)}) VALUES {values}"  # noqa: S608 - own names
    if conflict:
        words += f" {conflict}"
    if returning:
        words += f" RETURNING {', '.join(returning)}"
    return words


@lru_cache(maxsize=256)
def _update_words(
    table: Table, key: tuple[str, ...], names: tuple[str, ...], count: int, dialect: Dialect
) -> str:
    mark = _mark(dialect.paramstyle)
    row = first = f"({', '.join([mark] * len(names))})"
    if dialect.name == "postgresql":
        # A list of values has no types of its own: those of its first row count.
        typed = (f"CAST({mark} AS {table.c[name].type.compile(dialect)})" for name in names)
        first = f"({', '.join(typed)})"
    sets = ", ".join(f"{name} = given.{name}" for name in names[len(key) :])
    values = ", ".join([first, *[row] * (count - 1)])
    name, columns = table.name, ", ".join(names)
    update = f"UPDATE {name} SET {sets} FROM given"  # noqa: S608 - own names
    same = " AND ".join(f"{name}.{one} = given.{one}" for one in key)
    return f"WITH given ({columns}) AS (VALUES {values}) {update} WHERE {same}"


def _mark(paramstyle: str) -> str:
    return "?" if paramstyle == "qmark" else "%s"
