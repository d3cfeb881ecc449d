"""The writer: what is handed in at the same time shares a commit, and fails alone."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from services.errors import Unavailable
from services.reading.writer import Writer
from services.store.engine import Store


async def test_one_commit_for_what_is_handed_in_together(store: Store) -> None:
    """Many small mailboxes cost few commits; one that breaks is undone alone."""
    commits: list[object] = []
    count = commits.append
    event.listen(store.write_engine, "commit", count)
    writer = Writer(store)

    def works(session: Session) -> int:
        return int(session.execute(text("SELECT 1")).scalar_one())

    def breaks(session: Session) -> int:
        raise ZeroDivisionError

    try:
        assert await asyncio.gather(*(writer.do(works) for _n in range(5))) == [1] * 5
        assert len(commits) == 1
        results = await asyncio.gather(
            writer.do(works), writer.do(breaks), writer.do(works), return_exceptions=True
        )
    finally:
        event.remove(store.write_engine, "commit", count)
        await asyncio.to_thread(writer.close)
    assert results[::2] == [1, 1]
    assert isinstance(results[1], ZeroDivisionError)
    assert len(commits) == 3


async def test_nobody_waits_for_a_thread_that_ended(store: Store) -> None:
    """R38: who shared the commit over which it ended is refused too: nothing is deleted then."""
    writer = Writer(store)

    def works(session: Session) -> int:
        return int(session.execute(text("SELECT 1")).scalar_one())

    def ends(session: Session) -> int:
        raise SystemExit

    async with asyncio.timeout(10):
        results = await asyncio.gather(
            writer.do(works), writer.do(ends), writer.do(works), return_exceptions=True
        )
        with pytest.raises(Unavailable):
            await writer.do(works)
    await asyncio.to_thread(writer.close)
    assert [type(each) for each in results] == [Unavailable] * 3


async def test_whoever_waited_in_a_ring_is_run_again(store: Store) -> None:
    """R38: of two processes that wait for each other PostgreSQL ends one, which fails no reading."""
    if store.is_sqlite:
        pytest.skip("SQLite has one writer")
    both = threading.Barrier(2)
    runs = 0

    def lock(session: Session, place: int) -> None:
        session.execute(text(f"SELECT pg_advisory_xact_lock(1, {place})"))

    def other() -> None:
        with store.writing() as session:
            session.execute(text("SET LOCAL deadlock_timeout = '60s'"))
            lock(session, 2)
            both.wait(20)
            lock(session, 1)

    def mine(session: Session) -> int:
        nonlocal runs
        runs += 1
        session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
        lock(session, 1)
        if runs == 1:
            both.wait(20)
        lock(session, 2)
        return runs

    writer = Writer(store)
    try:
        done, _other = await asyncio.gather(writer.do(mine), asyncio.to_thread(other))
    finally:
        await asyncio.to_thread(writer.close)
    assert done == 2


async def test_the_log_is_carried_over_beside_the_commits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After much was stored, in a thread of its own; a failure of that costs nobody anything."""
    asked: list[str] = []

    def checkpoint() -> None:
        asked.append("checkpoint")
        raise OSError("disk")

    monkeypatch.setattr(store, "checkpoint", checkpoint)
    writer = Writer(store)

    def works(session: Session) -> bool:
        return True

    assert await writer.do(works, size=2**20)
    assert asked == []
    assert await writer.do(works, size=100 * 2**20)
    assert await writer.do(works)
    await asyncio.to_thread(writer.close)
    assert asked == ["checkpoint"]


def test_checkpoint_empties_the_log(store: Store) -> None:
    """What the log holds is in the file afterwards; PostgreSQL does that by itself."""
    with store.writing() as session:
        session.execute(text("CREATE TABLE carried (n INTEGER)"))
    store.checkpoint()
    if store.is_sqlite:
        with store.read_engine.connect() as connection:
            row = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
        assert row[1] == row[2]
