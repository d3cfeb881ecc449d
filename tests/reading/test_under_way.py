"""How far a reading is, told to every process while it goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from services.clock import now
from services.reading import due, intake, under_way
from services.reading.desk import Target
from services.reading.tick import Reader
from services.reading.under_way import Meter, UnderWay
from services.registry.access import Actor
from services.store.engine import Store
from services.store.models import Lease
from tests.reading.conftest import Inbox, letter
from tests.reading.proxy import Proxy

_MESSAGES = 80


def seen(store: Store, actor: Actor) -> list[tuple[str, int, int]]:
    with store.reading() as session:
        return [(one.nickname, one.done, one.total) for one in under_way.under_way(session, actor)]


async def test_others_see_how_far_a_reading_is(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R36: which mailbox, how many of how many, while it is read; nothing once it is over."""
    monkeypatch.setattr(under_way, "_TELL_SECONDS", 0.0)
    letters = [letter(n) for n in range(1, _MESSAGES + 1)]
    inbox.deliver(*letters)
    room = sum(map(len, letters[:54]))
    go_on = asyncio.Event()

    async def slow(data: bytes) -> bool:
        nonlocal room
        room -= len(data)
        if room < 0:
            await go_on.wait()
        return True

    async with Proxy(inbox.dovecot.port) as proxy:
        proxy.on_reply = slow
        inbox.set(pop_port=proxy.port)
        reading = asyncio.create_task(reader.run_due())
        async with asyncio.timeout(20):
            # How many of them make a batch hangs on how quickly they come.
            while not {(inbox.user, n, _MESSAGES) for n in range(16, 55)} & {*seen(store, actor)}:
                assert not reading.done()
                await asyncio.sleep(0.01)
        go_on.set()
        assert (await reading).messages == _MESSAGES
    assert seen(store, actor) == []


async def test_only_what_is_stored_is_told(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R36, R38: the second batch is committed while the first still waits, and counts alone."""
    monkeypatch.setattr(under_way, "_TELL_SECONDS", 0.0)
    letters = [letter(n) for n in range(1, _MESSAGES + 1)]
    go_on = threading.Event()
    digests_of = intake.digests_of
    first: list[int] = []

    def slow(raws: Sequence[bytes]) -> list[str]:
        if not first:
            first.append(len(raws))
            assert go_on.wait(30)
        return digests_of(raws)

    monkeypatch.setattr(intake, "digests_of", slow)
    inbox.deliver(*letters)
    reading = asyncio.create_task(reader.run_due())
    async with asyncio.timeout(20):
        while not (told := seen(store, actor)) or not told[0][1]:
            assert not reading.done()
            await asyncio.sleep(0.01)
    stored = len(inbox.receipts())
    go_on.set()
    assert told[0][1] <= stored <= _MESSAGES - first[0]
    assert (await reading).messages == _MESSAGES


def test_a_killed_reader_reads_nothing_any_more(inbox: Inbox, store: Store, actor: Actor) -> None:
    """R36: what was told lives as long as the claim; the next reader begins anew."""
    target = Target(inbox.server_id, actor.partner_id, "a@b.example", "pop.example", "import")
    with store.writing() as session:
        claim = due.claim(session, target, 45)
        assert claim is not None
        Meter(claim, 500).tell(session, 120)
    assert seen(store, actor) == [(inbox.user, 120, 500)]
    with store.writing() as session:
        session.execute(update(Lease).values(until=now() - timedelta(seconds=1), uptime=0.0))
    assert seen(store, actor) == []
    with store.writing() as session:
        assert due.claim(session, target, 45)
    assert seen(store, actor) == [(inbox.user, 0, 0)]


def test_it_is_told_once_a_second(inbox: Inbox, store: Store, actor: Actor) -> None:
    """R36: telling costs no message its time."""
    target = Target(inbox.server_id, actor.partner_id, "a@b.example", "pop.example", "import")
    with store.writing() as session:
        claim = due.claim(session, target, 45)
        assert claim is not None
        meter = Meter(claim, 500)
        for done in range(1, 500):
            meter.tell(session, done)
    assert seen(store, actor) == [(inbox.user, 1, 500)]


def test_many_are_one_line() -> None:
    """R36: summed up; one alone has its name, and its count once the server has told."""
    later = now() + timedelta(seconds=30)
    over = UnderWay(9, "Velha", 1, 2, now() - timedelta(seconds=1))
    three = [UnderWay(n, f"Caixa {n}", 40 * (n - 1), 250 * (n % 2), later) for n in (1, 2, 3)]
    assert under_way.words([*three, over]) == "lendo 3 caixas: 120/500 (24%)"
    assert under_way.words(three[:1]) == "lendo Caixa 1: 0/250 (0%)"
    assert under_way.words(three[1:2]) == "lendo Caixa 2"
    assert under_way.words([over]) == ""
