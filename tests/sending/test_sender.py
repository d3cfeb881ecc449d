"""The sender against servers that take, refuse, cut and stay silent."""

from __future__ import annotations

import asyncio
import email
import email.policy
from datetime import timedelta

import pytest

from services import clock
from services.clock import now
from services.notifications import bell
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.sending.tick import Sender
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.store.models import EmailServer
from tests.sending.conftest import AddMailbox, Queue, Show
from tests.servers.ports import wait_until
from tests.servers.scripted_smtp import CUT, SILENCE, ScriptedSmtp
from tests.servers.sink import Sink

PERMANENT = "550 5.1.1 no such user"
LATER = "451 4.3.0 try later"


async def test_an_email_leaves_in_the_companys_name(
    store: Store, sink: Sink, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R27, R31: by its mailbox, all recipients visible, attachment whole, date of the queueing."""
    box = mailbox(sink.port)
    message = enqueue(
        "a@loja.example;b@loja.example",
        attachments=[("nota.xml", "application/xml", b"<nota/>" * 1000)],
    )
    assert await sender.run_due() == 1
    (sunk,) = sink.wait_for(1)
    assert sunk.sender == "nfe@padaria.example"
    assert sunk.recipients == ("a@loja.example", "b@loja.example")
    seen = email.message_from_bytes(sunk.raw, policy=email.policy.default)
    assert seen["From"] == "Padaria São João <nfe@padaria.example>"
    assert seen["To"] == "a@loja.example, b@loja.example"
    assert seen["Auto-Submitted"] == "auto-generated"
    (file,) = seen.iter_attachments()
    assert file.get_content() == b"<nota/>" * 1000
    view = show(message).view
    assert (view.state, view.mailbox_id, view.error) == ("sent", box.id, None)
    assert view.message_id == seen["Message-ID"]
    assert view.sent_at is not None
    with store.reading() as session:
        assert session.get_one(EmailServer, box.server_id).health == "ok"
    assert await sender.run_due() == 0


async def test_each_recipient_has_its_own_outcome(
    store: Store, actor: Actor, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R32, R33: 250, 550 and 451 mixed: once to the good, final for the bad, the rest retried."""
    script: dict[str, str | list[str]] = {
        "RCPT TO:<bad@x.example>": PERMANENT,
        "RCPT TO:<late@x.example>": [LATER, "250 ok"],
    }
    async with ScriptedSmtp(script) as server:
        mailbox(server.port)
        message = enqueue("good@x.example;bad@x.example;late@x.example;ruim")
        await sender.run_due()
        detail = show(message)
        states = {r.address: r.state for r in detail.view.recipients}
        assert states == {
            "good@x.example": "sent",
            "bad@x.example": "failed",
            "late@x.example": "deferred",
            "ruim": "failed",
        }
        assert detail.view.state == "deferred"
        assert "451" in (detail.attempts[0].detail or "")
        with store.reading() as session:
            entries = bell.feed(session, actor)
            assert [e.type for e in entries] == ["sending_failed"]
            assert "bad@x.example" in entries[0].text
            assert entries[0].cause_id == message
        later(store, message)
        await sender.run_due()
        assert show(message).view.state == "sent"
        to_good = [line for line in server.heard if line == "RCPT TO:<good@x.example>"]
        assert len(to_good) == 1


async def test_two_hundred_who_see_each_other(
    store: Store, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R27, R32, R33: once to the 198, final for the one, retried alone for the other."""
    everybody = [f"r{number}@x.example" for number in range(200)]
    bad, late, good = everybody[50], everybody[150], {*everybody} - {everybody[50], everybody[150]}
    script: dict[str, str | list[str]] = {
        f"RCPT TO:<{bad}>": PERMANENT,
        f"RCPT TO:<{late}>": [LATER, "250 ok"],
    }
    async with ScriptedSmtp(script) as server:
        mailbox(server.port)
        message = enqueue(";".join(everybody))
        await sender.run_due()
        states = {r.address: r.state for r in show(message).view.recipients}
        assert states == {**dict.fromkeys(good, "sent"), bad: "failed", late: "deferred"}
        first = len(server.heard)
        later(store, message)
        await sender.run_due()
        assert [line for line in server.heard[first:] if line.startswith("RCPT")] == [
            f"RCPT TO:<{late}>"
        ]
        await sender.run_due()
        told = [
            [address.addr_spec for address in seen["To"].addresses]
            for body in server.bodies
            if (seen := email.message_from_bytes(body, policy=email.policy.default))
        ]
    # The other e-mail tells the company that one was not delivered.
    assert sorted(told) == sorted([everybody, everybody, ["dono@padaria.example"]])
    heard = [line for line in server.heard if line.startswith("RCPT") and "@x.example" in line]
    assert len(heard) == 201
    states = {r.address: r.state for r in show(message).view.recipients}
    assert states == {**dict.fromkeys(good | {late}, "sent"), bad: "failed"}


def later(store: Store, message_id: int) -> None:
    """Let the pause of a deferred e-mail be over."""
    with store.writing() as session:
        session.get_one(OutboxMessage, message_id).next_attempt_at = now()


async def test_a_wrong_password_is_tried_once_a_run_and_five_times_in_all(
    store: Store, actor: Actor, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R48: no account is locked; after five in a row one notice and no further attempt."""
    async with ScriptedSmtp({"AUTH": "535 5.7.8 bad credentials"}) as server:
        box = mailbox(server.port, authenticate=True)
        message = enqueue()
        for run in range(8):
            for number in range(15):
                enqueue(f"c{number}@x.example")
            later(store, message)
            await sender.run_due()
            logins = [line for line in server.heard if line.startswith("AUTH")]
            assert len(logins) == min(run + 1, 5)
        assert "535" in (show(message).view.error or "")
        with store.reading() as session:
            assert session.get_one(EmailServer, box.server_id).health == "down"
            assert [e.type for e in bell.feed(session, actor)] == ["sending_failed"]
        server._script["AUTH"] = ["235 ok"]
        with store.writing() as session:
            mailboxes.edit(session, actor, box.id, {"password": "certa"})
        await sender.run_due()
        assert show(message).view.state == "sent"


async def test_the_next_mailbox_sends_when_the_first_is_refused(
    mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show, sink: Sink
) -> None:
    """R13: in their order; the record says so."""
    async with ScriptedSmtp({"AUTH": "535 5.7.8 no"}) as server:
        first = mailbox(server.port, "um@padaria.example", authenticate=True)
        second = mailbox(sink.port, "dois@padaria.example")
        message = enqueue()
        await sender.run_due()
        view = show(message).view
        assert (view.state, view.mailbox_id) == ("sent", second.id)
        assert "um@padaria.example" in (view.error or "")
        assert first.position < second.position
        assert sink.wait_for(1)[0].sender == "dois@padaria.example"


async def test_a_server_that_is_not_there_hands_over_too(
    mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show, sink: Sink
) -> None:
    """R13: a mailbox that cannot be reached; R48: that inactivates nothing."""
    mailbox(1, "um@padaria.example")
    second = mailbox(sink.port, "dois@padaria.example")
    message = enqueue()
    await sender.run_due()
    assert (show(message).view.state, show(message).view.mailbox_id) == ("sent", second.id)


async def test_a_quota_pauses_that_mailbox_only(
    store: Store, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show, sink: Sink
) -> None:
    """R34: a quota answer pauses the mailbox, not the company's others."""
    quota = "550 5.4.5 Daily user sending limit exceeded"
    async with ScriptedSmtp({"MAIL": quota}) as server:
        first = mailbox(server.port, "um@padaria.example")
        message = enqueue()
        await sender.run_due()
        view = show(message).view
        assert (view.state, view.waits_for) == ("deferred", "pause")
        with store.reading() as session:
            paused = session.get_one(EmailServer, first.server_id).paused_until
        assert paused is not None
        assert paused > now()
        assert view.next_attempt_at == paused
        heard = len(server.heard)
        mailbox(sink.port, "dois@padaria.example")
        await sender.run_due()
        assert show(message).view.state == "sent"
        assert len(server.heard) == heard


async def test_without_a_mailbox_it_waits_and_says_why(
    mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show, sink: Sink
) -> None:
    """R28: deferred with the explanation, and sent as soon as there is a mailbox."""
    message = enqueue()
    await sender.run_due()
    view = show(message).view
    assert (view.state, view.attempts) == ("deferred", 0)
    assert "não tem caixa de envio" in (view.error or "")
    mailbox(sink.port)
    await sender.run_due()
    assert show(message).view.state == "sent"


async def test_an_inactive_mailbox_is_not_used_for_what_is_queued(
    store: Store,
    actor: Actor,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    sink: Sink,
) -> None:
    """R9: at once, for queued e-mails too; active again, they leave."""
    box = mailbox(sink.port)
    message = enqueue()
    with store.writing() as session:
        mailboxes.edit(session, actor, box.id, {"active": False})
    await sender.run_due()
    assert sink.count() == 0
    assert "está inativa" in (show(message).view.error or "")
    with store.writing() as session:
        mailboxes.edit(session, actor, box.id, {"active": True})
    await sender.run_due()
    assert show(message).view.state == "sent"


async def test_cut_before_the_final_dot_it_is_sent_later(
    store: Store, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """Cut at DATA: nothing was taken, so it is tried again."""
    async with ScriptedSmtp({"DATA": [CUT, "354 go"]}) as server:
        mailbox(server.port)
        message = enqueue()
        await sender.run_due()
        assert show(message).view.state == "deferred"
        later(store, message)
        await sender.run_due()
        assert show(message).view.state == "sent"
        assert len(server.bodies) == 1


@pytest.mark.parametrize("answer", [CUT, SILENCE])
async def test_without_an_answer_to_the_final_dot_it_is_uncertain(
    answer: str,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The 250 never arrives: shown as uncertain, and not sent again by itself."""
    monkeypatch.setattr("services.wire.smtp.FINAL_TIMEOUT", 1.0)
    async with ScriptedSmtp({"body": answer}) as server:
        mailbox(server.port, timeout=1)
        message = enqueue()
        await sender.run_due()
        assert show(message).view.state == "uncertain"
        await sender.run_due()
        assert len(server.bodies) == 1


async def test_a_server_that_ends_connections_after_a_few_letters(
    mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """421 on a kept connection asks for a new one and blames nobody."""
    async with ScriptedSmtp({"MAIL": ["250 ok", "421 4.7.0 too many on this one", "250 ok"]}) as s:
        mailbox(s.port)
        messages = [enqueue(f"c{n}@x.example") for n in range(3)]
        await sender.run_due()
        assert [show(m).view.state for m in messages] == ["sent"] * 3


async def test_all_of_a_421_wait(
    store: Store, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """A mailbox that asks to wait is paused, and its letters held."""
    async with ScriptedSmtp({"MAIL": "421 4.3.2 shutting down"}) as server:
        box = mailbox(server.port)
        messages = [enqueue(f"c{n}@x.example") for n in range(20)]
        await sender.run_due()
        assert {show(m).view.state for m in messages} == {"deferred"}
        assert sum(line.startswith("MAIL") for line in server.heard) <= 2
        with store.reading() as session:
            assert session.get_one(EmailServer, box.server_id).paused_until is not None


async def test_connections_are_kept_and_limited(
    mailbox: AddMailbox, enqueue: Queue, sender: Sender, settings: Settings
) -> None:
    """R34: no more than the settings allow, and not one per letter."""
    async with ScriptedSmtp() as server:
        mailbox(server.port)
        for number in range(60):
            enqueue(f"c{number}@x.example")
        assert await sender.run_due() == 60
        enqueue()
        await sender.run_due()
        assert server.connections <= settings.sending_connections
        assert len(server.bodies) == 61


async def test_closing_finishes_what_is_under_way_and_hands_back_the_rest(
    store: Store, settings: Settings, mailbox: AddMailbox, enqueue: Queue, show: Show
) -> None:
    sender = Sender(store, settings)
    async with ScriptedSmtp({"DATA": SILENCE}) as server:
        mailbox(server.port, timeout=1)
        messages = [enqueue(f"c{n}@x.example") for n in range(30)]
        running = asyncio.create_task(sender.run_due())
        await asyncio.to_thread(wait_until, lambda: "DATA" in server.heard, "DATA")
        await sender.close()
        await running
    states = [show(m).view.state for m in messages]
    assert "sending" not in states
    assert "queued" in states


async def test_a_failure_is_told_once_an_hour_by_mail_and_always_in_the_bell(
    store: Store,
    actor: Actor,
    company: CompanyView,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
) -> None:
    """R33, R35: as one entry; and the notice that fails too is told by the bell alone."""
    async with ScriptedSmtp({"RCPT": PERMANENT}) as server:
        mailbox(server.port)
        for number in range(5):
            enqueue(f"c{number}@x.example")
        await sender.run_due()
        assert sum("dono@padaria" in line for line in server.heard) == 1
        with store.reading() as session:
            (entry,) = bell.feed(session, actor)
        assert entry.count == 6
        assert all(f"c{number}@x.example" in entry.text for number in range(5))


async def test_after_five_days_it_is_final(
    store: Store, actor: Actor, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R33: with one notice."""
    message = enqueue()
    at = now() + timedelta(days=5, minutes=1)
    clock.set_source(lambda: at)
    try:
        await sender.run_due()
        assert show(message).view.state == "failed"
        with store.reading() as session:
            assert [e.type for e in bell.feed(session, actor)] == ["sending_failed"]
    finally:
        clock.set_source(None)
