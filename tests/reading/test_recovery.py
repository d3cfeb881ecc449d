"""Going on with what a killed reader stored and did not import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import Connection, event, select, text, update
from sqlalchemy.orm import Session

from services.reading import due, recovery
from services.reading.desk import Desk
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.reading.tick import Reader
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import InboundMessage, InboundState
from services.store.models import Lease
from services.store.rows import insert_rows
from tests.reading.conftest import Inbox, letter, register


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


def _plan(session: Session, question: Callable[[Session], object]) -> str:
    """How the database goes about the last statement of ``question``."""
    asked: list[tuple[str, object]] = []

    def note(_on: Connection, _cursor: object, words: str, values: object, *_more: object) -> None:
        asked.append((words, values))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    question(session)
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    words, values = asked[-1]
    rows = connection.exec_driver_sql(f"{explain} {words}", values)  # type: ignore[arg-type]
    return "\n".join(str(row[-1]) for row in rows)


def test_what_is_left_is_not_looked_for_in_the_whole_past(
    store: Store, actor: Actor, company: CompanyView
) -> None:
    """R41: every reading asks, of a mailbox that may have brought a hundred thousand messages."""
    server_id, _mailbox_id = register(store, actor, company, "127.0.0.1", 110, "antiga")
    past = {"partner_id": actor.partner_id, "server_id": server_id, "size": 1}
    with store.writing() as session:
        for state, count in ((InboundState.IMPORTED, 5_000), (InboundState.STORED, 2)):
            rows = [{**past, "sha256": f"{state} {n}", "state": state} for n in range(count)]
            insert_rows(session, InboundMessage, rows)
    if not store.is_sqlite:
        with store.writing() as session:
            session.execute(text("ANALYZE inbound_message"))
    with store.reading() as session:
        assert len(recovery.pending(session, server_id)) == 2
        assert [each.server_id for each in due.with_leftovers(session)] == [server_id]
        questions = (partial(recovery.pending, server_id=server_id), due.with_leftovers)
        for question in questions:
            assert "ix_inbound_stored" in _plan(session, question)


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
