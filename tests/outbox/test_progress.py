"""How the queue moves, and what each e-mail waits for, as numbers and words."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from services.clock import now
from services.outbox import progress, views
from services.registry import companies, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.store.engine import Store
from services.store.mail import OutboxMessage, OutboxState
from tests.outbox.conftest import Queue


def box(store: Store, actor: Actor, company: CompanyView, email: str) -> mailboxes.MailboxView:
    draft = MailboxDraft(
        "send", email, "Padaria", email, password="x", host="smtp.padaria.example",
        authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        return mailboxes.add(session, actor, company.id, draft)


def look(store: Store, actor: Actor, message: int) -> views.OutboxView:
    with store.reading() as session:
        return views.rows(session, actor, [message])[message]


def test_a_backlog_has_a_rate_and_a_time_left(
    store: Store, actor: Actor, company: CompanyView, enqueue: Queue
) -> None:
    """R33: by what left in the last minute; what no way leads out of is not in it."""
    messages = [enqueue() for _number in range(50)]
    with store.reading() as session:
        assert progress.progress(session, actor).held == 50
    box(store, actor, company, "um@padaria.example")
    with store.writing() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(messages[:20]))
            .values(state=OutboxState.SENT, next_attempt_at=now() - timedelta(seconds=20))
        )
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == messages[20])
            .values(state=OutboxState.DEFERRED, next_attempt_at=now() + timedelta(hours=1))
        )
    with store.reading() as session:
        found = progress.progress(session, actor)
    assert (found.due, found.later, found.held, found.last_minute) == (29, 1, 0, 20)
    assert 55 <= found.per_minute <= 60
    assert found.seconds_left is not None
    assert 29 <= found.seconds_left <= 32


def test_one_usable_mailbox_is_enough_to_wait_for_the_turn(
    store: Store, actor: Actor, company: CompanyView, enqueue: Queue
) -> None:
    """R13: without any it waits for one; with two, of which one rests, only for its turn."""
    message = enqueue()
    assert (look(store, actor, message).waits_for, look(store, actor, message).next_attempt_at) == (
        "mailbox",
        None,
    )
    first = box(store, actor, company, "um@padaria.example")
    with store.writing() as session:
        mailboxes.edit(session, actor, first.id, {"active": False})
    view = look(store, actor, message)
    assert (view.waits_for, view.why) == ("mailbox", "um@padaria.example está inativa")
    box(store, actor, company, "dois@padaria.example")
    assert look(store, actor, message).waits_for == "turn"


def test_with_invoicy_mail_it_waits_for_the_relay(
    store: Store, actor: Actor, company: CompanyView, enqueue: Queue
) -> None:
    """R14: whatever mailboxes the company has of its own."""
    box(store, actor, company, "um@padaria.example")
    message = enqueue()
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"invoicy_mail": True})
    view = look(store, actor, message)
    assert view.waits_for == "mailbox"
    assert "relay" in (view.why or "")
