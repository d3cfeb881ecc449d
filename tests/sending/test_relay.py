"""The sender and the partner's relay: whose e-mails leave by it, in whose name, and when not."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from typing import Any

import pytest

from services.clock import now
from services.notifications import bell
from services.notifications.announce import announce
from services.registry import companies, invoicy_mail, mailboxes, relay
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.sending.tick import Sender
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.store.models import EmailServer
from tests.sending.conftest import AddMailbox, Queue, Show
from tests.servers.ports import free_port
from tests.servers.scripted_smtp import ScriptedSmtp
from tests.servers.sink import Sink

Set = Callable[..., None]


@pytest.fixture
def set_relay(store: Store, actor: Actor) -> Set:
    """Save the partner's relay, at a plain SMTP server unless told otherwise."""

    def save(port: int, **given: Any) -> None:
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "email": "nf@relay.example",
            "timeout": 5,
            **given,
        }
        with store.writing() as session:
            relay.set_relay(session, actor, values)

    return save


@pytest.fixture
def switch(store: Store, actor: Actor, company: CompanyView) -> Callable[[bool], None]:
    """Switch the company's InvoiCy Mail on or off."""

    def turn(on: bool) -> None:
        with store.writing() as session:
            companies.edit(session, actor, company.id, {"invoicy_mail": on})

    return turn


def later(store: Store, message_id: int) -> None:
    """Let the pause of a deferred e-mail be over."""
    with store.writing() as session:
        session.get_one(OutboxMessage, message_id).next_attempt_at = now()


async def test_an_email_leaves_by_the_relay_in_the_companys_name(
    store: Store,
    actor: Actor,
    company: CompanyView,
    sink: Sink,
    set_relay: Set,
    switch: Set,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R14, R31: From and envelope are the relay's, the name and the answers are the company's."""
    box = mailbox(free_port())
    set_relay(sink.port)
    switch(True)
    message = enqueue()
    assert await sender.run_due() == 1
    (sunk,) = sink.wait_for(1)
    assert (sunk.sender, sunk.recipients) == ("nf@relay.example", ("cliente@loja.example",))
    seen = email.message_from_bytes(sunk.raw, policy=email.policy.default)
    assert seen["From"] == "Padaria São João Ltda <nf@relay.example>"
    assert seen["Reply-To"] == "dono@padaria.example"
    assert seen["Message-ID"].endswith("@relay.example>")
    detail = show(message)
    assert (detail.view.state, detail.view.mailbox_id, detail.view.error) == ("sent", None, None)
    assert detail.view.mailbox == "InvoiCy Mail (nf@relay.example)"
    assert detail.attempts[0].mailbox == "InvoiCy Mail (nf@relay.example)"
    with store.writing() as session:
        invoicy_mail.set_sender_name(session, actor, company.id, "Pães do João")
        assert session.get_one(EmailServer, box.server_id).health == "unknown"
        view = relay.view(session, actor).relay
        assert view is not None
        assert view.health == "ok"
    enqueue()
    await sender.run_due()
    named = email.message_from_bytes(sink.wait_for(2)[1].raw, policy=email.policy.default)
    assert named["From"] == "Pães do João <nf@relay.example>"


async def test_another_company_goes_on_by_its_own_mailbox(
    store: Store,
    actor: Actor,
    sink: Sink,
    set_relay: Set,
    switch: Set,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R14: the extension is the company's; each in its own name though the relay is one."""
    box = mailbox(sink.port)
    set_relay(sink.port)
    own = enqueue("a@loja.example")
    with store.writing() as session:
        names = ["Mercado Aurora", "Posto Azul"]
        others = [
            companies.add(
                session, actor, CompanyDraft(cnpj, name, f"{name} Ltda", invoicy_mail=True)
            )
            for cnpj, name in zip(["33000167000101", "11444777000161"], names, strict=True)
        ]
    for other in others:
        enqueue("b@loja.example", company_id=other.id)
    assert await sender.run_due() == 3
    by_relay = {str(_from(sunk.raw)) for sunk in sink.wait_for(3) if sunk.sender != box.email}
    assert by_relay == {f"{name} Ltda <nf@relay.example>" for name in names}
    assert show(own).view.mailbox_id == box.id
    assert "Reply-To" not in email.message_from_bytes(
        next(s.raw for s in sink.messages() if s.sender != box.email)
    )


def _from(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=email.policy.default)["From"])


async def test_switched_while_emails_are_queued(
    sink: Sink,
    set_relay: Set,
    switch: Set,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R9, R14: what waits leaves by what is in force when it leaves, held e-mails at once."""
    message = enqueue()
    await sender.run_due()
    assert "não tem caixa de envio" in (show(message).view.error or "")
    set_relay(sink.port)
    await sender.run_due()
    assert show(message).view.state == "deferred", "the extension is off"
    switch(True)
    await sender.run_due()
    assert sink.wait_for(1)[0].sender == "nf@relay.example"
    set_relay(sink.port, active=False)
    held = enqueue()
    await sender.run_due()
    assert "está desativado" in (show(held).view.error or "")
    mailbox_of_its_own = _registered_while_off(switch, mailbox, sink.port)
    await sender.run_due()
    assert show(held).view.mailbox_id == mailbox_of_its_own
    assert sink.wait_for(2)[1].sender == "nfe@padaria.example"


def _registered_while_off(switch: Set, mailbox: AddMailbox, port: int) -> int:
    switch(False)
    return mailbox(port).id


async def test_without_a_relay_they_wait_and_say_whom_to_ask(
    sink: Sink,
    set_relay: Set,
    switch: Set,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R14: the company's own mailbox is not used instead; configured, the relay sends at once."""
    mailbox(sink.port)
    switch(True)
    message = enqueue()
    assert await sender.run_due() == 1
    view = show(message).view
    assert (view.state, view.attempts, view.next_attempt_at) == ("deferred", 0, None)
    assert (view.error or "").startswith("o InvoiCy Mail está ativo")
    assert "parceiro Contábil Sul" in (view.error or "")
    assert sink.count() == 0
    assert await sender.run_due() == 0, "held, not tried over and over"
    set_relay(sink.port)
    await sender.run_due()
    assert show(message).view.state == "sent"
    assert sink.wait_for(1)[0].sender == "nf@relay.example"


async def test_a_relay_that_is_down_makes_them_wait(
    store: Store, set_relay: Set, switch: Set, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R33, R48: tried again by the schedule, and it leaves when the relay is back."""
    port = free_port()
    set_relay(port)
    switch(True)
    message = enqueue()
    await sender.run_due()
    view = show(message).view
    assert view.state == "deferred"
    assert view.next_attempt_at is not None
    assert (view.error or "").startswith("InvoiCy Mail (nf@relay.example)")
    with Sink() as sink:
        set_relay(sink.port)
        later(store, message)
        await sender.run_due()
        assert show(message).view.state == "sent"


async def test_a_relay_that_refuses_the_login_is_told_to_the_partner_once(
    store: Store,
    actor: Actor,
    set_relay: Set,
    switch: Set,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R14, R48: after five in a row it rests, with one notice of no company; mended, all leaves."""
    async with ScriptedSmtp({"AUTH": "535 5.7.8 bad credentials"}) as server:
        set_relay(server.port, username="nf@relay.example", password="errada")
        switch(True)
        messages = [enqueue(f"c{n}@x.example") for n in range(3)]
        for _run in range(7):
            for message in messages:
                later(store, message)
            await sender.run_due()
        assert sum(line.startswith("AUTH") for line in server.heard) == 5
        with store.reading() as session:
            (notice,) = bell.feed(session, actor)
        assert (notice.type, notice.company, notice.cause_kind) == ("sending_failed", None, "relay")
        assert "nf@relay.example" in notice.title
        assert "1 empresa " in notice.text
        assert "Nenhum e-mail foi enviado" not in notice.text
        assert "recusou o acesso várias vezes" in (show(messages[0]).view.error or "")
        server._script["AUTH"] = ["235 ok"]
        with store.writing() as session:
            relay.set_relay(session, actor, {"password": "certa"})
        await sender.run_due()
        assert {show(m).view.state for m in messages} == {"sent"}


async def test_a_quota_pauses_the_relay(
    store: Store,
    actor: Actor,
    set_relay: Set,
    switch: Set,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R34: held until the pause ends, as with any mailbox."""
    async with ScriptedSmtp(
        {"MAIL": ["550 5.4.5 Daily user sending limit exceeded", "250 ok"]}
    ) as server:
        set_relay(server.port)
        switch(True)
        message = enqueue()
        await sender.run_due()
        due = show(message).view.next_attempt_at
        with store.writing() as session:
            view = relay.view(session, actor).relay
            assert view is not None
            assert due == view.paused_until is not None
            session.get_one(EmailServer, view.id).paused_until = now()
        await sender.run_due()
        assert show(message).view.state == "sent"


async def test_a_warning_of_a_dead_mailbox_leaves_by_the_relay(
    store: Store,
    actor: Actor,
    company: CompanyView,
    sink: Sink,
    set_relay: Set,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R46: never by the dead mailbox; whatever else the company sends goes on waiting."""
    box = mailbox(sink.port)
    with store.writing() as session:
        mailboxes.edit(session, actor, box.id, {"active": False})
    other = enqueue()

    def warn(key: str) -> int | None:
        with store.writing() as session:
            return announce(
                session,
                partner_id=actor.partner_id,
                company_id=company.id,
                type_key="mailbox_inactivated",
                subject="Caixa inativada",
                body="O acesso expirou.",
                key=key,
            ).outbox_id

    assert warn("1") is None, "no relay, no other mailbox: the bell only"
    set_relay(sink.port)
    warning = warn("2")
    assert warning is not None
    await sender.run_due()
    assert show(warning).view.state == "sent"
    assert show(other).view.state == "deferred"
    (sunk,) = sink.wait_for(1)
    assert (sunk.sender, sunk.recipients) == ("nf@relay.example", ("dono@padaria.example",))
    set_relay(sink.port, active=False)
    with store.writing() as session:
        mailboxes.edit(session, actor, box.id, {"active": True})
    by_another = warn("3")
    with store.writing() as session:
        mailboxes.edit(session, actor, box.id, {"active": False})
    assert by_another is not None
    await sender.run_due()
    assert show(by_another).view.next_attempt_at is None
    set_relay(sink.port, active=True)
    await sender.run_due()
    assert show(by_another).view.state == "sent", "held until the relay was there"


async def test_notifications_need_the_relay(
    store: Store, actor: Actor, company: CompanyView, sink: Sink, set_relay: Set, switch: Set
) -> None:
    """R28: with InvoiCy Mail on the relay is the sending mailbox that a notification needs."""

    def tell() -> str:
        with store.writing() as session:
            told = announce(
                session,
                partner_id=actor.partner_id,
                company_id=company.id,
                type_key="general",
                subject="Aviso",
                body="Texto",
            )
            (entry,) = bell.feed(session, actor, limit=1)
        return "queued" if told.outbox_id is not None else entry.text

    switch(True)
    assert "ainda não configurou o relay" in tell()
    set_relay(sink.port)
    assert tell() == "queued"
    set_relay(sink.port, active=False)
    assert "fora de uso" in tell()
