"""Waiting until another session stands before what this one holds."""

from __future__ import annotations

import threading

from sqlalchemy import text

from services.store.engine import Store
from tests.servers.ports import wait_until

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def until_it_waits(store: Store, other: threading.Thread) -> None:
    """Return when ``other`` waits for a lock of the database, or is through.

    SQLite lets one writer in at a time: there it has nothing to overtake.
    """
    if store.is_sqlite:
        return

    def settled() -> bool:
        with store.reading() as session:
            return not other.is_alive() or bool(session.scalar(_WAITING))

    wait_until(settled, "the other session waits or is through")
