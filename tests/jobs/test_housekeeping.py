"""What the jobs put away by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services import clock
from services.failure import Failure, Stage
from services.health import facts, sign_ins
from services.jobs import runner
from services.jobs.housekeeping import put_away
from services.notifications import bell, retention
from services.notifications.by_hand import notify
from services.office import Office
from services.registry import imports
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.sending.tick import Sender
from services.store.engine import Store
from services.store.models import EmailServer, Function, Mechanism, SignIn
from services.store.notices import BellEntry, BellRead, Notification
from tests.registry.branch import family
from tests.sending.conftest import AddMailbox, Queue, Show, enqueue, mailbox, sender, show
from tests.servers.sink import Sink

__all__ = ["enqueue", "mailbox", "sender", "show"]


@pytest.fixture
def day() -> Iterator[Callable[[float], None]]:
    """``day(n)``: it is n days later than at the start."""
    at = clock.now()
    yield lambda n: clock.set_source(lambda: at + timedelta(days=n))
    clock.set_source(None)


async def test_removed_mailboxes_go_after_thirty_days(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R6: a worker drops what an import removed, passwords included, and not a day before."""
    known = family(office, actor, company)
    known.add(company, "matriz")
    known.add(known.branch, "filial")
    office.do_now(imports.from_headquarters, actor, known.branch.id)
    at = clock.now()
    try:
        for days, left in ((29, 1), (31, 0)):
            clock.set_source(lambda days=days: at + timedelta(days=days))
            await runner.run_once(office, only=())
            assert known.places_of_secrets().count("removed_mailbox") == left
    finally:
        clock.set_source(None)


async def test_the_bell_forgets_errors_last(
    office: Office,
    actor: Actor,
    company: CompanyView,
    day: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R52: after 180 days, errors after 360, read marks and notifications too; a few at a time."""
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for kind in ("general", "document_rejected", "sending_failed", "general", "general"):
        office.do_now(notify, actor, company.id, type_key=kind, subject=kind, body="b")
    ids = office.ask_now(bell.ids, actor)
    office.do_now(bell.mark_read, actor, ids)
    left = []
    for number in (179, 181, 359, 361):
        day(number)
        await runner.run_once(office, only=())
        with office.store.reading() as session:
            left.append(
                tuple(
                    session.scalar(select(func.count()).select_from(table))
                    for table in (BellEntry, BellRead, Notification)
                )
            )
    assert left == [(5, 5, 5), (1, 1, 5), (1, 1, 5), (0, 0, 0)]


def test_what_comes_after_all_is_gone_is_new(
    office: Office, actor: Actor, company: CompanyView, day: Callable[[float], None]
) -> None:
    """R52: whoever had read everything is told of it."""
    office.do_now(notify, actor, company.id, type_key="general", subject="a", body="b")
    day(1)
    office.do_now(bell.mark_all_read, actor)
    day(400)
    office.do_now(lambda session: retention.purge(session, 180))
    assert list(office.ask_now(bell.ids, actor)) == []
    office.do_now(notify, actor, company.id, type_key="general", subject="c", body="b")
    assert office.ask_now(bell.unread_count, actor) == 1


async def test_what_a_clock_that_was_ahead_planned_is_due(
    store: Store, enqueue: Queue, mailbox: AddMailbox, sender: Sender, show: Show, sink: Sink,
    day: Callable[[float], None],
) -> None:  # fmt: skip
    """R33, R34: e-mails and pauses of a month ahead, by a worker that lived through it or not."""
    server = mailbox(sink.port).server_id
    full = Failure("mx:25", Stage.SENDER, "quota", "452 full")
    day(30)
    with store.writing() as session:
        facts.note_failure(session, server, full, function=Function.SEND)
    message = enqueue()
    await put_away(store)
    day(0)
    assert await sender.run_due() == 0
    await put_away(store)
    assert await sender.run_due() == 1
    assert show(message).view.state == "sent"
    with store.writing() as session:
        facts.note_failure(session, server, full, function=Function.SEND)
    day(1 / 24)
    await put_away(store)
    with store.reading() as session:
        assert session.get_one(EmailServer, server).paused_until is not None, (
            "a pause that is meant"
        )


async def test_a_limit_that_a_clock_that_was_ahead_counted_to_is_not_reached(
    store: Store, enqueue: Queue, mailbox: AddMailbox, sender: Sender, show: Show, sink: Sink,
    day: Callable[[float], None],
) -> None:  # fmt: skip
    """R34: what left in a month that has not come yet takes nobody's room."""
    mailbox(sink.port, most_per_day=1)
    day(30)
    first, second = enqueue(), enqueue()
    await sender.run_due()
    assert [show(each).view.state for each in (first, second)] == ["sent", "deferred"]
    day(0)
    await put_away(store)
    await sender.run_due()
    assert show(second).view.state == "sent"


async def test_a_sign_in_is_proven_whenever_the_clock_was_ahead(
    store: Store, mailbox: AddMailbox, day: Callable[[float], None]
) -> None:
    """R45: not only once the month has come in which it was to be proven next."""
    server = mailbox(1).server_id
    day(30)
    with store.writing() as session:
        session.get_one(EmailServer, server).mechanism = Mechanism.XOAUTH2
        session.add(SignIn(server_id=server, check_at=clock.now() + timedelta(days=1)))
    day(0)
    await put_away(store)
    with store.reading() as session:
        assert sign_ins.due(session, 10) == [server]
