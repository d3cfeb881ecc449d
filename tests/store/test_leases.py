"""Leases: one holder at a time, told apart by a fence number."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from services import clock
from services.store import leases
from services.store.engine import Store


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def hand() -> Iterator[Hand]:
    """The program's clock, moved by hand."""
    moved = Hand()
    clock.set_source(moved)
    yield moved
    clock.set_source(None)


def take(store: Store, owner: str) -> int | None:
    with store.writing() as session:
        return leases.take(session, "job", owner, 30)


def holds(store: Store, owner: str, fence: int) -> bool:
    with store.writing() as session:
        return leases.holds(session, "job", owner, fence)


def test_one_holder_until_it_runs_out(store: Store, hand: Hand) -> None:
    """Another gets it after the lease, under a higher number; the first cannot finalise any more."""
    first = take(store, "a")
    assert first is not None
    assert take(store, "b") is None
    assert take(store, "a") == first
    hand.at += timedelta(seconds=31)
    second = take(store, "b")
    assert second is not None
    assert second > first
    assert not holds(store, "a", first)
    assert holds(store, "b", second)


def test_given_back_is_free_at_once(store: Store, hand: Hand) -> None:
    """A process that ends lets the next one have it; the number still grows."""
    first = take(store, "a")
    with store.writing() as session:
        leases.give_back(session, "job", "a")
    hand.at += timedelta(microseconds=1)
    second = take(store, "b")
    assert first is not None
    assert second == first + 1


def test_a_clock_that_was_ahead(store: Store, hand: Hand) -> None:
    """What was given back is free at once, and what was held holds nobody up; set back by an hour
    or a day a claim stands."""
    hand.at += timedelta(days=1)
    first = take(store, "a")
    hand.at -= timedelta(days=1)
    assert take(store, "b") is None
    with store.writing() as session:
        leases.give_back(session, "job", "a")
    hand.at += timedelta(days=30)
    second = take(store, "b")
    assert first is not None
    assert second == first + 1
    hand.at -= timedelta(days=30)
    assert take(store, "c") == second + 1
    assert not holds(store, "b", second)


def test_many_at_once_one_gets_it(store: Store) -> None:
    """Eight ask at the same time."""
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: take(store, f"owner {n}"), range(8)))
    assert sum(fence is not None for fence in got) == 1
