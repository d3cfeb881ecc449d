"""What comes with time alone: what may be brought back no longer goes, a long silence is told of."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.store.engine import Store

_SILENCE = "silence"
_PLANS = "plans"
_HOUR = 3_600.0
_SIX_HOURS = 6 * _HOUR


async def put_away(store: Store) -> None:
    """Drop what a killed export left half-written, and what was kept for 30 days: mailboxes that
    an import removed, and their passwords (R6). Once an hour: what a wrong clock planned is due.
    """
    await asyncio.to_thread(partial(_put_away, store))


def _put_away(store: Store) -> None:
    from services.jobs import replanning
    from services.registry import removed
    from services.store import exchange, leases

    exchange.tidy(store.settings)
    with store.writing() as session:
        removed.purge(session)
        if leases.turn(session, _PLANS, _HOUR):
            replanning.plan_anew(session, store.settings.inactivation_interval)


async def warn_of_silence(store: Store) -> None:
    """Every six hours, by one process: companies to which nothing comes any more (R29)."""
    await asyncio.to_thread(partial(_warn_of_silence, store))


def _warn_of_silence(store: Store) -> None:
    from services.store import leases

    with store.writing() as session:
        if not leases.turn(session, _SILENCE, _SIX_HOURS):
            return
    from services.reading import silence

    silence.warn(store)
