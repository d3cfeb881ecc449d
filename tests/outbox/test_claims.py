"""Claims: each e-mail in one hand, and what the dead held comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services import clock
from services.outbox import claims, outcomes, taking_back, views
from services.outbox.claims import Claim, Dead, Watch
from services.outbox.journal import Trace
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.store import owner
from services.store.engine import Store
from services.store.mail import OutboxMessage, OutboxState
from tests.outbox.conftest import Queue


class Time:
    """The day's clock and the steady one, each moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: datetime = clock.now()
        self.ticks = 1_000.0
        clock.set_source(lambda: self.at)
        monkeypatch.setattr(claims, "steady", lambda: self.ticks)

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    yield Time(monkeypatch)
    clock.set_source(None)


def claim(store: Store, owner_name: str = "a", limit: int = 10) -> list[Claim]:
    with store.writing() as session:
        return claims.claim(session, owner_name, limit)


def take_back(store: Store, watch: Watch) -> int:
    with store.writing() as session:
        return taking_back.take_back(session, watch.look(session), {})[0]


def sent(claimed: Claim) -> Outcome:
    return Outcome(claimed, (RecipientOutcome(0, OutboxState.SENT, "250 ok"),))


def test_a_claim_is_exclusive_and_opens_its_attempt(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    """The attempt is on record before any byte can leave."""
    message = enqueue()
    (first,) = claim(store)
    assert claim(store, "b") == []
    with store.reading() as session:
        detail = views.show(session, actor, message)
    assert detail.view.state == OutboxState.SENDING
    assert [(a.number, a.outcome) for a in detail.attempts] == [(first.fence, "sending")]


def test_a_small_company_does_not_wait_behind_a_backlog(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    for number in range(20):
        enqueue(subject=str(number))
    with store.writing() as session:
        other = companies.add(
            session, actor, CompanyDraft(cnpj="04252011000110", nickname="B", legal_name="B")
        )
    late = enqueue(company_id=other.id)
    claimed = claim(store, limit=5)
    assert late in [c.message_id for c in claimed]
    assert len(claimed) == 5


def test_an_outcome_after_the_claim_was_lost_changes_nothing(
    store: Store, actor: Actor, enqueue: Queue, time: Time
) -> None:
    """A worker stopped past its claim cannot finalise: the fence has moved on."""
    message = enqueue()
    (old,) = claim(store, "stopped")
    watch = Watch()
    take_back(store, watch)
    time.pass_(60)
    assert take_back(store, watch) == 1
    (new,) = claim(store, "other")
    assert new.fence == old.fence + 1
    with store.writing() as session:
        assert outcomes.finish(session, [sent(old)], "stopped") == []
        (done,) = outcomes.finish(session, [sent(new)], "other")
    assert done.state == OutboxState.SENT
    with store.reading() as session:
        attempts = views.show(session, actor, message).attempts
    assert [a.outcome for a in attempts] == ["uncertain", "sent"]


def test_of_two_outcomes_of_one_e_mail_only_the_standing_claims_counts(
    store: Store, actor: Actor, enqueue: Queue, time: Time
) -> None:
    """R33: kept back while the database was away, the older one meets the newer in one batch."""
    message = enqueue()
    (old,) = claim(store)
    watch = Watch()
    take_back(store, watch)
    time.pass_(60)
    assert take_back(store, watch) == 1
    (new,) = claim(store)
    refused = Outcome(old, (RecipientOutcome(0, OutboxState.FAILED, "550 no"),))
    with store.writing() as session:
        (done,) = outcomes.finish(session, [sent(new), refused], "a")
    assert (done.message_id, done.state, done.failed) == (message, OutboxState.SENT, ())
    with store.reading() as session:
        detail = views.show(session, actor, message)
    assert detail.view.state == OutboxState.SENT
    assert [a.outcome for a in detail.attempts] == ["uncertain", "sent"]


def test_a_live_claim_survives_jumps_of_the_clock(store: Store, enqueue: Queue, time: Time) -> None:
    """+1 day and −1 h: nothing is taken from a holder that renews."""
    enqueue()
    claim(store, "alive")
    watch = Watch()
    for jump in (timedelta(days=1), timedelta(hours=-1)):
        time.at += jump
        for _beat in range(8):
            assert take_back(store, watch) == 0
            time.pass_(claims.RENEW_EVERY)
            with store.writing() as session:
                assert claims.renew(session, "alive")
    time.at -= timedelta(hours=1)
    for _second in range(60):
        time.pass_(1)
        if take_back(store, watch):
            break
    else:
        pytest.fail("a dead claim outlived a clock set back")


def test_the_claim_of_an_ended_process_is_taken_back_at_once(store: Store, enqueue: Queue) -> None:
    """A killed worker's claims do not wait for their lease when its end is certain."""
    enqueue()
    code = "from services.store import owner; print(owner.name())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    dead = ran.stdout.strip()
    assert owner.is_gone(dead)
    assert not owner.is_gone(owner.name())
    assert not owner.is_gone("elsewhere.1/1/1/abcd")
    claim(store, dead)
    assert take_back(store, Watch()) == 1
    assert len(claim(store)) == 1


def test_release_leaves_no_trace(store: Store, actor: Actor, enqueue: Queue) -> None:
    message = enqueue()
    (held,) = claim(store)
    with store.writing() as session:
        claims.release(session, [(held.message_id, held.fence)], "a")
    with store.reading() as session:
        detail = views.show(session, actor, message)
    assert (detail.view.state, detail.view.attempts, detail.attempts) == ("queued", 0, ())


def test_what_may_have_arrived_is_never_called_undelivered(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    """R33: at the end of its five days it is left to a person, not given up and then tried again."""
    message = enqueue()
    (claimed,) = claim(store, "gone")
    with store.writing() as session:
        row = session.get_one(OutboxMessage, message)
        row.give_up_at = clock.now() + timedelta(seconds=1)
        dead = Dead(message, claimed.fence, row.lease_until, "gone", gone=True)
    traces = {"gone": {(message, claimed.fence): Trace(in_doubt=True)}}
    with store.writing() as session:
        taken, _told, (done,) = taking_back.take_back(session, [dead], traces)
    assert (taken, done.state, done.failed) == (1, OutboxState.UNCERTAIN, ())
    with store.reading() as session:
        view = views.show(session, actor, message).view
    assert view.state == OutboxState.UNCERTAIN
    assert claim(store) == []
