"""Leases: one holder at a time, told apart by a fence number."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from services import clock
from services.store import leases, owner
from services.store.engine import Store
from services.store.models import Lease

_DAY = timedelta(days=1)
ELSEWHERE = "another.1/7/1/ab"


class Hand:
    """The day's time and the machine's uptime, moved by hand."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)
        self.uptime = clock.uptime()

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.uptime += seconds


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    """The program's clocks, moved by hand."""
    moved = Hand()
    clock.set_source(lambda: moved.at)
    monkeypatch.setattr(leases, "uptime", lambda: moved.uptime)
    yield moved
    clock.set_source(None)


def take(store: Store, owner_name: str) -> int | None:
    with store.writing() as session:
        return leases.take(session, "job", owner_name, 30)


def turn(store: Store) -> bool:
    with store.writing() as session:
        return leases.turn(session, "job", 30)


def holds(store: Store, owner_name: str, fence: int) -> bool:
    with store.writing() as session:
        return leases.holds(session, "job", owner_name, fence)


def test_one_holder_until_it_runs_out(store: Store, hand: Hand) -> None:
    """Another gets it after the lease, under a higher number; the first cannot finalise any more."""
    a, b = owner.name(), owner.name()
    first = take(store, a)
    assert first is not None
    assert take(store, b) is None
    hand.pass_(29)
    assert take(store, b) is None
    assert take(store, a) == first
    hand.pass_(29)
    assert take(store, b) is None
    hand.pass_(2)
    second = take(store, b)
    assert second is not None
    assert second > first
    assert not holds(store, a, first)
    assert holds(store, b, second)


@pytest.mark.parametrize("jump", [_DAY, -_DAY, timedelta(hours=-1), 30 * _DAY, -30 * _DAY])
def test_no_setting_of_the_clock_takes_it_from_its_holder(
    store: Store, hand: Hand, jump: timedelta
) -> None:
    """Nor does one keep it from others for longer than it lasts."""
    a, b = owner.name(), owner.name()
    first = take(store, a)
    hand.at += jump
    assert take(store, b) is None
    assert take(store, a) == first
    hand.at -= jump
    assert take(store, b) is None
    hand.pass_(31)
    assert take(store, b) is not None


def test_of_a_killed_process_it_is_free_at_once(store: Store) -> None:
    """Nobody waits for a lease of which the holder has certainly ended."""
    code = "from services.store import owner; print(owner.name())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first = take(store, ran.stdout.strip())
    assert first is not None
    with store.reading() as session:
        assert leases.held(session, "jo") == {}
    assert take(store, owner.name()) == first + 1


def test_of_another_machine_it_goes_by_the_clock_of_the_database(store: Store, hand: Hand) -> None:
    """Two hosts need not agree about the time; SQLite, which has no clock, is for one."""
    first = take(store, ELSEWHERE)
    assert first is not None
    b = owner.name()
    assert take(store, b) is None
    with store.reading() as session:
        assert list(leases.held(session, "jo")) == ["job"]
    hand.uptime += 3_600
    assert take(store, b) is None
    if not store.is_sqlite:
        hand.at += _DAY
        assert take(store, b) is None
        hand.at -= _DAY
    with store.writing() as session:
        session.execute(update(Lease).values(until=datetime.now(UTC) - timedelta(seconds=1)))
    with store.reading() as session:
        assert leases.held(session, "jo") == {}
    assert take(store, b) == first + 1


def test_of_another_machine_one_days_ahead_holds_nobody_up(store: Store) -> None:
    """It was claimed by a clock that has been set right since."""
    first = take(store, ELSEWHERE)
    assert first is not None
    with store.writing() as session:
        session.execute(update(Lease).values(until=datetime.now(UTC) + 30 * _DAY))
    assert take(store, owner.name()) == first + 1


def test_of_an_older_version_it_goes_by_the_days_time(store: Store) -> None:
    """One that still runs here while its database was brought up to date, and renews."""
    first = take(store, owner.name())
    assert first is not None
    with store.writing() as session:
        session.execute(update(Lease).values(uptime=None))
    with store.reading() as session:
        assert list(leases.held(session, "jo")) == ["job"]
    assert take(store, owner.name()) is None
    with store.writing() as session:
        session.execute(update(Lease).values(until=datetime.now(UTC) - timedelta(seconds=1)))
    assert take(store, owner.name()) == first + 1


def test_given_back_is_free_at_once(store: Store, hand: Hand) -> None:
    """A process that ends lets the next one have it, be its clock behind; the number still grows."""
    a = owner.name()
    first = take(store, a)
    with store.writing() as session:
        leases.give_back(session, "job", a)
    hand.at -= _DAY
    second = take(store, owner.name())
    assert first is not None
    assert second == first + 1


def test_a_turn_is_one_processs_and_lasts(store: Store, hand: Hand) -> None:
    """Until its time is over, whoever took it; a clock set right since holds nobody up."""
    assert turn(store)
    assert not turn(store)
    hand.at -= _DAY
    assert not turn(store)
    hand.at += _DAY
    hand.pass_(31)
    assert turn(store)
    hand.at += 30 * _DAY
    assert turn(store)
    hand.at -= 30 * _DAY
    assert turn(store)


def test_sleep_is_no_uptime(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that wakes finds its claims as they were."""
    real = time.clock_gettime
    before = clock.uptime()
    # An hour asleep is counted by this clock alone, and by what the kernel tells of its start.
    ahead = {time.CLOCK_BOOTTIME: 3_600.0}
    monkeypatch.setattr(time, "clock_gettime", lambda which: real(which) + ahead.get(which, 0.0))
    assert before - 3_601 < clock.uptime() < before - 3_590


def test_many_at_once_one_gets_it(store: Store) -> None:
    """Eight ask at the same time."""
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: take(store, owner.name()), range(8)))
    assert sum(fence is not None for fence in got) == 1
