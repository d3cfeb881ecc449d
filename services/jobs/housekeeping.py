"""What comes with time alone: what was kept for a time goes, and a long silence is told of."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.store.engine import Store

_SILENCE = "silence"
_DAY_SECONDS = 86_400.0


async def put_away(store: Store) -> None:
    """Drop what was kept for 30 days: mailboxes that an import removed, and their passwords (R6)."""
    await asyncio.to_thread(partial(_put_away, store))


def _put_away(store: Store) -> None:
    from services.registry import removed

    with store.writing() as session:
        removed.purge(session)


async def warn_of_silence(store: Store) -> None:
    """Once a day, by one process: companies of which nothing was imported for 30 days (R29)."""
    await asyncio.to_thread(partial(_warn_of_silence, store))


def _warn_of_silence(store: Store) -> None:
    from services.store import leases

    # Whoever finds that the last day's turn is over takes the next; nobody gives it back.
    with store.writing() as session:
        if leases.take(session, _SILENCE, uuid.uuid4().hex, _DAY_SECONDS) is None:
            return
    from services.reading import silence

    with store.writing() as session:
        silence.warn(session)
