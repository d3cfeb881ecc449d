"""Connections at once to a mailbox that takes only so many, over all processes (R34).

Each connection holds one of the mailbox's places, by a lease that runs out with its process. Nobody
keeps a place for long while letters wait: others may have some for the same mailbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from sqlalchemy.orm import Session

from services.sending.lanes import Lane
from services.sending.threads import Threads
from services.store import leases, owner

TURN = 15.0
"""Seconds after which a place is left to whoever waits for it."""
REST = 1.0
"""Seconds after which one looks again for a place."""
_LEASE = 45.0


class Slots:
    """The places that one sender holds."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._owner = owner.name()
        self._held: dict[int, set[int]] = {}
        self._lock = asyncio.Lock()

    async def take(self, lane: Lane) -> bool:
        """Have a place for one more worker on ``lane``; False while others hold them all."""
        assert lane.most is not None
        async with self._lock:
            held = self._held.setdefault(lane.server_id, set())
            if len(held) < lane.running + max(len(lane.idle), 1):
                place = await self._threads.write(
                    _take, lane.server_id, lane.most, self._owner, frozenset(held)
                )
                if place is None:
                    return False
                held.add(place)
            lane.running += 1
            return True

    async def settle(self, lanes: Iterable[Lane]) -> None:
        """Give back the places of connections that have ended."""
        async with self._lock:
            for lane in lanes:
                held = self._held.get(lane.server_id, set())
                spare = sorted(held)[lane.running + len(lane.idle) :]
                if spare:
                    await self._threads.write(_give_back, lane.server_id, spare, self._owner)
                    held.difference_update(spare)

    async def renew(self) -> None:
        """Keep the places that are held."""
        async with self._lock:
            for server_id, held in self._held.items():
                if held:
                    kept = await self._threads.write(
                        _renew, server_id, frozenset(held), self._owner
                    )
                    held.intersection_update(kept)


def _name(server_id: int, place: int) -> str:
    return f"smtp/{server_id}/{place}"


def _take(
    session: Session, server_id: int, most: int, owner_name: str, held: Collection[int]
) -> int | None:
    for place in range(most):
        if place not in held and leases.take(session, _name(server_id, place), owner_name, _LEASE):
            return place
    return None


def _renew(session: Session, server_id: int, places: Collection[int], owner_name: str) -> list[int]:
    return [p for p in places if leases.take(session, _name(server_id, p), owner_name, _LEASE)]


def _give_back(session: Session, server_id: int, places: Collection[int], owner_name: str) -> None:
    for place in places:
        leases.give_back(session, _name(server_id, place), owner_name)
