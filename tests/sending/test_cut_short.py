"""A run that is cut short: no outcome that is known is lost, and nothing leaves twice."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.orm import Session

from services.errors import Unavailable
from services.outbox import claims
from services.registry import mailboxes
from services.registry.access import Actor
from services.sending.tick import Sender
from services.store.engine import Store
from tests.sending.conftest import AddMailbox, Queue, Show
from tests.servers.ports import wait_until
from tests.servers.scripted_smtp import ScriptedSmtp
from tests.servers.sink import Sink


async def test_a_locked_vault_makes_letters_wait(
    store: Store,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the key no login is known: tried again later, not over and over."""
    mailbox(25, authenticate=True)
    message = enqueue()

    def locked(*_given: object) -> str:
        raise Unavailable("a chave mestra não está aqui")

    monkeypatch.setattr("services.store.secret.get", locked)
    async with asyncio.timeout(20):
        assert await sender.run_due() == 1
    view = show(message).view
    assert view.state == "deferred"
    assert "chave mestra" in (view.error or "")
    assert view.next_attempt_at is not None


async def test_a_mailbox_that_is_removed_while_it_sends_costs_no_outcome(
    store: Store,
    actor: Actor,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R33: what it has sent is on record all the same, and is not sent again by another."""
    taken = asyncio.Event()
    async with ScriptedSmtp(taken=taken) as server:
        box = mailbox(server.port)
        message = enqueue()
        running = asyncio.create_task(sender.run_due())
        await asyncio.to_thread(wait_until, lambda: bool(server.bodies), "the text has left")
        with store.writing() as session:
            mailboxes.remove(session, actor, box.id)
        taken.set()
        assert await running == 1
    assert (show(message).view.state, show(message).view.mailbox_id) == ("sent", None)


async def test_what_was_delivered_to_some_is_on_record_though_the_rest_is_dropped(
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R33: a claim near its end is let go, but nobody gets a second copy for it."""
    quota = "550 5.4.5 Daily user sending limit exceeded"
    monkeypatch.setattr(
        "services.sending.letters.Letter.stale", property(lambda letter: bool(letter.outcomes))
    )
    async with ScriptedSmtp({"RCPT TO:<b@x.example>": quota}) as server:
        mailbox(server.port, "um@padaria.example")
        mailbox(sink.port, "dois@padaria.example")
        message = enqueue("a@x.example;b@x.example")
        await sender.run_due()
        assert len(server.bodies) == 1
    states = [recipient.state for recipient in show(message).view.recipients]
    assert states == ["sent", "deferred"]


async def test_a_database_that_goes_away_during_a_run_stops_only_that_run(
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once it answers again the same process goes on sending."""
    mailbox(sink.port)
    enqueue()
    looks = 0
    is_due = claims.is_due

    def away(session: Session) -> bool:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise Unavailable("o banco não responde")
        return is_due(session)

    monkeypatch.setattr(claims, "is_due", away)
    with pytest.raises(Unavailable):
        await sender.run_due()
    later = enqueue()
    assert await sender.run_due() >= 1
    assert show(later).view.state == "sent"


async def test_what_some_got_is_on_record_when_a_run_ends_early(
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R33: the database goes away between two mailboxes, and nobody gets a second copy for it."""

    def away(*_given: object, **_named: object) -> None:
        raise Unavailable("o banco não responde")

    quota = "550 5.4.5 Daily user sending limit exceeded"
    async with ScriptedSmtp({"RCPT TO:<b@x.example>": quota}) as server:
        mailbox(server.port, "um@padaria.example")
        mailbox(sink.port, "dois@padaria.example")
        message = enqueue("a@x.example;b@x.example")
        with monkeypatch.context() as patched:
            patched.setattr("services.health.facts.note_failure", away)
            with pytest.raises(Unavailable):
                await sender.run_due()
        assert len(server.bodies) == 1
    assert [each.state for each in show(message).view.recipients] == ["sent", "deferred"]
