"""What comes with time alone: what was kept for a time goes, and a long silence is told of."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.store.engine import Store

_SILENCE = "silence"
_BELL = "bell"
_HOUR_SECONDS = 3_600.0


async def put_away(store: Store) -> None:
    """Drop what was kept for 30 days: mailboxes that an import removed, and their passwords (R6);
    once an hour, by one process, what the bell has kept for long enough (R52), and counts of which
    no picture is made any more.
    """
    await asyncio.to_thread(partial(_put_away, store))


def _put_away(store: Store) -> None:
    from services.registry import removed

    with store.writing() as session:
        removed.purge(session)
    if not _our_turn(store, _BELL, _HOUR_SECONDS):
        return
    from services.health import activity
    from services.notifications import retention

    with store.writing() as session:
        activity.forget(session)
    days = store.settings.bell_retention_days
    gone = 1
    while gone:
        # Others write between two of these.
        with store.writing() as session:
            gone = retention.purge(session, days)


async def warn_of_silence(store: Store) -> None:
    """Every six hours, by one process: companies to which nothing comes any more (R29)."""
    await asyncio.to_thread(partial(_warn_of_silence, store))


def _warn_of_silence(store: Store) -> None:
    if not _our_turn(store, _SILENCE, 6 * _HOUR_SECONDS):
        return
    from services.reading import silence

    silence.warn(store)


def _our_turn(store: Store, name: str, seconds: float) -> bool:
    """Whoever finds that the last turn is over takes the next; nobody gives it back."""
    from services.store import leases

    with store.writing() as session:
        return leases.take(session, name, uuid.uuid4().hex, seconds) is not None
