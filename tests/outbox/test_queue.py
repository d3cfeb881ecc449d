"""The durable queue: accepted once, every recipient with its own state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.clock import now
from services.errors import Invalid, NotFound, Refused
from services.outbox import claims, outcomes, queue, views
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.mail import Blob, OutboxMessage, OutboxState
from tests.outbox.conftest import Queue


def show(store: Store, actor: Actor, message_id: int) -> views.OutboxDetail:
    with store.reading() as session:
        return views.show(session, actor, message_id)


def fail(store: Store, message_id: int, state: OutboxState = OutboxState.FAILED) -> None:
    with store.writing() as session:
        (claim,) = claims.claim(session, "x", 10)
        assert claim.message_id == message_id
        recipients = (RecipientOutcome(0, state, "550 não", "não existe"),)
        outcomes.finish(session, [Outcome(claim, recipients)], "x")


def test_an_email_is_queued_with_its_attachments_stored_once(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    """R31: the same file of two e-mails is one blob."""
    pdf = ("nota.pdf", "application/pdf", b"%PDF" * 100)
    first = enqueue(attachments=[pdf, ("nota.xml", "application/xml", b"<x/>")])
    enqueue(attachments=[pdf])
    detail = show(store, actor, first)
    assert [a.filename for a in detail.attachments] == ["nota.pdf", "nota.xml"]
    assert detail.view.state == OutboxState.QUEUED
    assert detail.body == "Segue a nota."
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 2


def test_invalid_addresses_are_recorded_and_the_rest_is_sent(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    """R27, R32: the list is separated by ";" or ",", the same address twice counts once."""
    message = enqueue("a@loja.example; ruim; A@loja.example,b@loja.example")
    view = show(store, actor, message).view
    states = {r.address: r.state for r in view.recipients}
    assert states == {"a@loja.example": "queued", "b@loja.example": "queued", "ruim": "failed"}
    assert view.state == OutboxState.QUEUED
    assert "ruim" in (view.error or "")
    nobody = show(store, actor, enqueue("ruim; pior@")).view
    assert nobody.state == OutboxState.FAILED
    with pytest.raises(Invalid):
        enqueue(" ; ")


def test_the_same_key_queues_once(store: Store, actor: Actor, enqueue: Queue) -> None:
    """R35."""
    assert enqueue(idempotency_key="k") == enqueue(idempotency_key="k", subject="outro")
    assert enqueue(idempotency_key="k2") != enqueue()
    with store.reading() as session:
        assert len(views.ids(session, actor)) == 3


def test_no_line_end_enters_a_subject(store: Store, actor: Actor, enqueue: Queue) -> None:
    """CR/LF in a subject is inert."""
    view = show(store, actor, enqueue(subject="x\r\nBcc: z@z.example")).view
    assert "\r" not in view.subject
    assert "\n" not in view.subject


def test_retry_sends_to_those_who_did_not_get_it(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    """R33: by hand, one or all; five days anew; never to an invalid address."""
    message = enqueue("a@loja.example; ruim")
    fail(store, message)
    with store.writing() as session:
        assert queue.retry_all_failed(session, actor) == 1
    view = show(store, actor, message).view
    assert (view.state, view.attempts) == (OutboxState.QUEUED, 0)
    assert [r.state for r in view.recipients] == ["queued", "failed"]
    fail(store, message, OutboxState.SENT)
    with store.writing() as session, pytest.raises(Refused):
        queue.retry(session, actor, [message])


def test_cancel_and_what_cannot_be_cancelled(store: Store, actor: Actor, enqueue: Queue) -> None:
    message = enqueue()
    with store.writing() as session:
        queue.cancel(session, actor, [message])
    assert show(store, actor, message).view.state == OutboxState.CANCELLED
    with store.writing() as session, pytest.raises(Refused):
        queue.cancel(session, actor, [message])
    with store.writing() as session, pytest.raises(NotFound):
        queue.cancel(session, actor, [message + 1000])


def test_the_list_finds_by_company_subject_and_recipient(
    store: Store, actor: Actor, company: CompanyView, enqueue: Queue
) -> None:
    first = enqueue("fulano@loja.example", subject="Boleto")
    second = enqueue("beltrano@outra.example")
    with store.reading() as session:
        assert list(views.ids(session, actor)) == [second, first]
        assert list(views.ids(session, actor, filter="FULANO boleto")) == [first]
        assert list(views.ids(session, actor, filter="sao joao", descending=False)) == [
            first,
            second,
        ]
        assert list(views.ids(session, actor, state="sent")) == []
        assert views.counts(session, actor) == {"queued": 2}
        row = views.rows(session, actor, [first])[first]
    assert (row.company, row.subject) == (company.cnpj, "Boleto")


def test_company_users_see_their_own_only(store: Store, actor: Actor, enqueue: Queue) -> None:
    """R53."""
    message = enqueue()
    stranger = Actor(99, "eva", actor.partner_id, "x", "company", "eva", frozenset({12345}))
    with store.reading() as session:
        assert not views.ids(session, stranger)
        with pytest.raises(NotFound):
            views.show(session, stranger, message)
    with store.writing() as session, pytest.raises(NotFound):
        queue.retry(session, stranger, [message])


def test_the_message_id_and_time_are_fixed_when_queued(
    store: Store, actor: Actor, enqueue: Queue
) -> None:
    message = enqueue()
    with store.reading() as session:
        row = session.get_one(OutboxMessage, message)
        assert row.message_id.endswith("@carteiro.example>")
        assert row.give_up_at - row.created_at == timedelta(days=5)
        assert row.next_attempt_at <= now()
