"""Every row of one database into another, of either kind."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Table, func, select, text, update

from services.store.models import Base

Copied = Callable[[int, int], None]
"""Told how many rows are there by now, of how many."""
_AT_ONCE = 500
# Rows with blobs in them are large.
_FEW = 20


def tables() -> list[Table]:
    """Every table of ours, those that are referred to first."""
    from services.store import mail  # noqa: F401 - its tables belong to the whole

    return list(Base.metadata.sorted_tables)


def count(source: Connection) -> int:
    """How many rows there are in all."""
    return sum(source.scalar(select(func.count()).select_from(t)) or 0 for t in tables())


def copy_rows(source: Connection, target: Connection, copied: Copied) -> dict[str, int]:
    """Copy every table into its empty counterpart; how many rows each has.

    Both have the newest schema. What the source shows must not change meanwhile: the caller sees
    to its snapshot. A row that refers to a later one of its own table is completed at the end.
    """
    total, done = count(source), 0
    counts: dict[str, int] = {}
    for table in tables():
        own = [c for c in table.columns if any(k.column.table is table for k in c.foreign_keys)]
        counts[table.name] = 0
        later: list[dict[str, object]] = []
        at_once = _FEW if table.name == "blob" else _AT_ONCE
        found = source.execution_options(yield_per=at_once).execute(select(table)).mappings()
        for part in found.partitions():
            rows = [dict(row) for row in part]
            for row in rows:
                linked = {c.name: row[c.name] for c in own if row[c.name] is not None}
                if linked:
                    later.append({"id": row["id"], **linked})
                    row.update(dict.fromkeys(linked))
            target.execute(table.insert(), rows)
            counts[table.name] += len(rows)
            done += len(rows)
            copied(done, total)
        for link in later:
            row_id = link.pop("id")
            target.execute(update(table).where(table.c.id == row_id).values(link))
    if target.dialect.name == "postgresql":
        _count_on(target)
    return counts


def empty(target: Connection) -> None:
    """Remove every row of ours."""
    for table in reversed(tables()):
        if target.dialect.name == "postgresql":
            target.execute(text(f"TRUNCATE {table.name} CASCADE"))
        else:
            target.execute(table.delete())


def _count_on(target: Connection) -> None:
    """Let new rows be numbered after the last one copied; the bell's turns come from there too."""
    for table in tables():
        if "id" in table.c and table.c.id.primary_key:
            last = f"SELECT coalesce(max(id), 0) FROM {table.name}"  # noqa: S608
            if table.name == "bell_entry":
                last += " UNION SELECT coalesce(max(turn), 0) FROM bell_entry"
                last += " UNION SELECT coalesce(max(bell_read_up_to), 0) FROM app_user"
            target.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"  # noqa: S608
                    f" (SELECT max(given) + 1 FROM ({last}) AS last (given)), false)"
                )
            )
