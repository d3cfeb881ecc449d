"""Outcomes: the state of an e-mail follows from its recipients, and pauses grow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services import clock
from services.outbox import claims, outcomes, views
from services.outbox.outcomes import Finished, Outcome, RecipientOutcome
from services.registry.access import Actor
from services.store.engine import Store
from services.store.mail import OutboxState
from tests.outbox.conftest import Queue

SENT, FAILED, DEFERRED, UNCERTAIN = (
    OutboxState.SENT,
    OutboxState.FAILED,
    OutboxState.DEFERRED,
    OutboxState.UNCERTAIN,
)


@pytest.fixture
def frozen() -> Iterator[list[datetime]]:
    at = [clock.now()]
    clock.set_source(lambda: at[0])
    yield at
    clock.set_source(None)


def attempt(store: Store, *states: OutboxState, held: bool = False) -> Finished:
    with store.writing() as session:
        (claimed,) = claims.claim(session, "a", 10)
        recipients = tuple(
            RecipientOutcome(position, state, "250 ok" if state == SENT else "450 no", "porque")
            for position, state in enumerate(states)
        )
        (done,) = outcomes.finish(session, [Outcome(claimed, recipients, held=held)], "a")
        return done


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ((SENT, SENT), SENT),
        ((SENT, FAILED), SENT),
        ((FAILED, FAILED), FAILED),
        ((SENT, DEFERRED), DEFERRED),
        ((SENT, UNCERTAIN), UNCERTAIN),
        ((UNCERTAIN, DEFERRED), DEFERRED),
    ],
)
def test_the_state_of_the_whole(
    store: Store,
    actor: Actor,
    enqueue: Queue,
    states: tuple[OutboxState, ...],
    whole: OutboxState,
) -> None:
    """R32, R33: per recipient, and what follows for the e-mail."""
    message = enqueue("a@x.example;b@x.example")
    assert attempt(store, *states).state == whole
    with store.reading() as session:
        view = views.show(session, actor, message).view
    assert [r.state for r in view.recipients] == list(states)
    if FAILED in states:
        assert "porque" in (view.error or "")


def test_pauses_grow_and_after_five_days_it_is_final(
    store: Store, actor: Actor, enqueue: Queue, frozen: list[datetime]
) -> None:
    """R33: 5 min, 15, 30, 1 h, 2 h, 4 h … 5 days."""
    began = frozen[0]
    message = enqueue()
    pauses: list[timedelta] = []
    while True:
        done = attempt(store, DEFERRED)
        if done.state == FAILED:
            break
        with store.reading() as session:
            due = views.show(session, actor, message).view.next_attempt_at
        assert due is not None
        pauses.append(due - frozen[0])
        frozen[0] = due
    minutes = [p.total_seconds() / 60 for p in pauses[:8]]
    assert minutes == [5, 15, 30, 60, 120, 240, 240, 240]
    assert timedelta(days=4, hours=20) < frozen[0] - began <= timedelta(days=5)
    assert done.failed == (("cliente@loja.example", done.failed[0][1]),)


def test_what_is_held_waits_for_a_mailbox_and_counts_no_attempt(
    store: Store, actor: Actor, enqueue: Queue, frozen: list[datetime]
) -> None:
    """R9, R28: nothing is tried while no mailbox may be used; five days all the same."""
    message = enqueue()
    attempt(store, DEFERRED, held=True)
    with store.writing() as session:
        view = views.show(session, actor, message).view
        assert (view.state, view.attempts) == (DEFERRED, 0)
        assert not claims.is_due(session)
        assert claims.freed(session) == []
    frozen[0] += timedelta(days=5, seconds=1)
    assert attempt(store, DEFERRED, held=True).state == FAILED
