"""Going on with what a killed reader stored and did not import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import select, update

from services.reading import recovery
from services.reading.desk import Desk
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.reading.tick import Reader
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import InboundMessage, InboundState
from services.store.models import Lease
from tests.reading.conftest import Inbox, letter


@pytest.fixture
async def left(reader: Reader, inbox: Inbox, store: Store) -> None:
    """A message as a killed reader leaves it: stored, and not imported."""
    inbox.deliver(letter(1))
    await reader.run_due()
    with store.writing() as session:
        session.execute(update(InboundMessage).values(state=InboundState.STORED))


@pytest.fixture
async def quick(store: Store, settings: Settings) -> AsyncIterator[Reader]:
    """A reader whose claims last for a moment only."""
    made = Reader(store, settings, lease_seconds=0.3)
    yield made
    await made.close()


def _held_until(store: Store) -> datetime:
    with store.reading() as session:
        return session.scalars(select(Lease.until).where(Lease.owner != "")).one()


def _slowed(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """While messages are taken apart ``meanwhile`` is asked until it says yes."""
    whole = recovery.open_all

    async def slow(desk: Desk, raws: Sequence[bytes]) -> list[Extracted | Problem]:
        async with asyncio.timeout(10):
            while True:
                if meanwhile():
                    break
                await asyncio.sleep(0.01)
        return await whole(desk, raws)

    monkeypatch.setattr(recovery, "open_all", slow)


async def test_what_takes_long_keeps_its_claim(
    left: None, quick: Reader, store: Store, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R41: no other reader takes the mailbox over while what was left in it is imported."""
    seen: list[datetime] = []

    def renewed() -> bool:
        seen.append(_held_until(store))
        return seen[-1] > seen[0]

    _slowed(monkeypatch, renewed)
    await quick.recover()
    (receipt,) = inbox.receipts()
    assert receipt.state == InboundState.IMPORTED


async def test_what_another_took_over_stops_nothing(
    left: None, reader: Reader, store: Store, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R41: it is the other's now; here it is no failure, and the rest goes on."""

    def taken() -> bool:
        with store.writing() as session:
            session.execute(update(Lease).values(owner="outro", fence=Lease.fence + 1))
        return True

    _slowed(monkeypatch, taken)
    assert await reader.recover() == 0
    (receipt,) = inbox.receipts()
    assert receipt.state == InboundState.STORED
