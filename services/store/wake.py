"""Learning that something was committed, here or in another process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress

from services.store.engine import CHANNEL, LIVELY, Store, sqlite_path

POLL_SECONDS = 0.25
_RECONNECT_SECONDS = 2.0


async def watch(store: Store, changed: Callable[[], None]) -> None:
    """Call ``changed`` within half a second of every commit, until cancelled (R52).

    PostgreSQL: LISTEN; SQLite: ``PRAGMA data_version`` four times a second. It only wakes:
    whoever is woken reads what is new. A lost connection is taken up again and counts as a change.
    """
    while True:
        with suppress(OSError, *_driver_errors(store)):
            if store.is_sqlite:
                await _poll_sqlite(store, changed)
            else:
                await _listen(store, changed)
        await asyncio.sleep(_RECONNECT_SECONDS)
        changed()


async def _poll_sqlite(store: Store, changed: Callable[[], None]) -> None:
    path = sqlite_path(store.settings.database_url)
    connection = sqlite3.connect(path or ":memory:", timeout=0.05, isolation_level=None)
    try:
        seen = None
        while True:
            with suppress(sqlite3.OperationalError):
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if seen is not None and version != seen:
                    changed()
                seen = version
            await asyncio.sleep(POLL_SECONDS)
    finally:
        connection.close()


async def _listen(store: Store, changed: Callable[[], None]) -> None:
    import psycopg

    address = psycopg.conninfo.make_conninfo(
        store.settings.database_url.replace("+psycopg", ""), **LIVELY
    )
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        async for _notice in connection.notifies():
            changed()


def _driver_errors(store: Store) -> tuple[type[Exception], ...]:
    if store.is_sqlite:
        return (sqlite3.Error,)
    import psycopg

    return (psycopg.Error,)
