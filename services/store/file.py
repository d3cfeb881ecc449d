"""How SQLite's file does: whether it can be written now, and how much its log holds."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass

from services.errors import Unavailable
from services.store.engine import Store, explained, sqlite_path


@dataclass(frozen=True, slots=True)
class Log:
    """In bytes: the ``size`` of the write-ahead log, and what of it is ``held``.

    Held is what cannot be carried over into the database, because somebody reads what was there
    before; the log grows for as long.
    """

    size: int
    held: int


def prove_writable(store: Store, seconds: float) -> None:
    """That the write lock is to be had within so long; PostgreSQL has none.

    Raises :class:`Unavailable` saying why it is not.
    """
    path = sqlite_path(store.settings.database_url) if store.is_sqlite else None
    if path is None:
        return
    with contextlib.closing(sqlite3.connect(path, timeout=seconds)) as connection:
        connection.isolation_level = None
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as e:
            raise Unavailable(explained(e)) from e
        connection.execute("ROLLBACK")


def log(store: Store) -> Log | None:
    """The log, once what may be is carried over; None where there is none.

    Raises :class:`Unavailable` saying why nothing can be.
    """
    path = sqlite_path(store.settings.database_url) if store.is_sqlite else None
    if path is None:
        return None
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            _busy, pages, carried = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            (page,) = connection.execute("PRAGMA page_size").fetchone()
        except sqlite3.OperationalError as e:
            raise Unavailable(explained(e)) from e
    file = path.with_name(f"{path.name}-wal")
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        # Whoever closes the database last takes it away.
        size = 0
    return Log(size, max(0, pages - carried) * page)
