"""Reading mailboxes of a real Dovecot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.clock import now, set_source
from services.notifications import bell
from services.reading import documents, quarantine, receipts
from services.reading.desk import Desk
from services.reading.due import due
from services.reading.recovery import open_all
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.reading.tick import Reader
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.store.engine import Store
from services.store.mail import InboundState, Uidl
from services.store.models import EmailServer, Health, Mailbox
from services.wire.pop3 import WINDOW
from services.wire.presets import preset_of_host
from tests.documents import generator
from tests.reading.conftest import ISSUER, Inbox, Readers, keys_of, letter, register
from tests.reading.maildrop import Maildrop
from tests.reading.proxy import Proxy
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.scripted_pop3 import ScriptedPop3, listening
from tests.store_fixtures import CNPJ


async def test_documents_are_imported_and_mail_deleted(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor
) -> None:
    """R36, R38, R43, R52: imported, deleted on the server, receipt closed, one bell entry."""
    inbox.deliver(letter(1), letter(2), letter(3))
    summary = await reader.run_due()
    assert (summary.mailboxes, summary.messages, summary.documents) == (1, 3, 3)
    assert summary.failures == []
    assert inbox.keys() == keys_of([1, 2, 3])
    assert inbox.left == []
    with store.reading() as session:
        view = receipts.receipts(session, actor, keys_of([2])[0])[0]
        assert view.committed_at
        assert view.deleted_at
        assert [(f.company, f.outcome) for f in view.found] == [(CNPJ, "imported")]
        assert receipts.receipts(session, actor, view.uidl)[0].id == view.id
        rings = bell.feed(session, actor)
        assert [ring.title for ring in rings] == [
            f"3 documentos importados de {inbox.user}@empresa.example"
        ]
        assert session.scalars(select(Uidl.uidl)).all() == []
        server = session.get_one(EmailServer, inbox.server_id)
        assert server.health == Health.OK
        assert server.next_read_at is not None
        assert server.next_read_at > now()


async def test_not_due_is_left_alone(reader: Reader, inbox: Inbox) -> None:
    """R36: a mailbox is read when its time has come, a named one at any time."""
    await reader.run_due()
    inbox.deliver(letter(1))
    assert (await reader.run_due()).mailboxes == 0
    assert (await reader.run_due(mailbox_id=inbox.mailbox_id)).documents == 1


async def test_paused_is_left_alone_until_its_time(reader: Reader, inbox: Inbox) -> None:
    """R34: a server that asked for a pause is not read before it is over, unless it is named."""
    inbox.deliver(letter(1))
    inbox.set(paused_until=now() + timedelta(minutes=5))
    assert (await reader.run_due()).mailboxes == 0
    assert (await reader.run_due(mailbox_id=inbox.mailbox_id)).documents == 1
    inbox.deliver(letter(2))
    inbox.set(paused_until=now() - timedelta(seconds=1), next_read_at=None)
    assert (await reader.run_due()).documents == 1


async def test_import_off_means_no_reading(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R3: nothing is read for a company whose Document Import is off."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"document_import": False})
    inbox.deliver(letter(1))
    assert (await reader.run_due()).mailboxes == 0
    assert len(inbox.left) == 1


async def test_several_linked_parties(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor
) -> None:
    """R39: issuer and recipient both linked: each gets the document."""
    with store.writing() as session:
        other = companies.add(
            session,
            actor,
            CompanyDraft(cnpj=ISSUER, nickname="Emitente", legal_name="E", document_import=True),
        )
        session.add(Mailbox(server_id=inbox.server_id, company_id=other.id, function="read"))
    inbox.deliver(letter(1))
    assert (await reader.run_due()).documents == 2
    with store.reading() as session:
        found = documents.rows(session, actor, documents.ids(session, actor))
        assert {view.company for view in found.values()} == {CNPJ, ISSUER}


async def test_foreign_document_is_held_and_linked_later(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor
) -> None:
    """R39, R41: of no linked company: quarantine; after linking, a retry imports it."""
    stranger = generator.cnpj(77)
    inbox.deliver(letter(1, recipient=stranger), letter(2))
    summary = await reader.run_due()
    assert (summary.documents, summary.quarantined) == (1, 1)
    assert inbox.held() == ["foreign_company"]
    assert inbox.left == []
    with store.writing() as session:
        other = companies.add(
            session,
            actor,
            CompanyDraft(cnpj=stranger, nickname="Nova", legal_name="N", document_import=True),
        )
        session.add(Mailbox(server_id=inbox.server_id, company_id=other.id, function="read"))
    with store.reading() as session:
        held = quarantine.ids(session, actor)[0]
        raw = quarantine.message(session, actor, held)
    extracted = (await reader._desk.extractor.extract_many([raw]))[0]
    with store.writing() as session:
        assert quarantine.retry(session, actor, held, extracted).documents == {other.id: 1}
    with store.reading() as session:
        assert len(quarantine.ids(session, actor)) == 0
    assert inbox.count() == 2


async def test_nothing_fiscal(reader: Reader, inbox: Inbox) -> None:
    """R38, R43: a message without documents is kept, has its receipt, and leaves the server."""
    inbox.deliver(generator.mail([], pdf_bytes=500))
    summary = await reader.run_due()
    assert (summary.messages, summary.documents, summary.quarantined) == (1, 0, 0)
    assert [row.state for row in inbox.receipts()] == [InboundState.NOTHING]
    assert inbox.left == []


async def test_same_document_twice(reader: Reader, inbox: Inbox) -> None:
    """R40, R43: the second receipt says duplicate; both messages are gone."""
    inbox.deliver(letter(1), letter(1, subject="Reenvio"))
    assert (await reader.run_due()).documents == 1
    outcomes = [row.found[0]["outcome"] for row in inbox.receipts()]
    assert outcomes == ["imported", "duplicate"]
    assert inbox.left == []


async def test_same_message_id_other_content(reader: Reader, inbox: Inbox) -> None:
    """R38: the same or an empty Message-ID with different content: both are kept."""
    inbox.deliver(
        letter(1, message_id="<a@b>"),
        letter(2, message_id="<a@b>"),
        letter(3, message_id=""),
        letter(4, message_id=""),
    )
    await reader.run_due()
    assert inbox.keys() == keys_of([1, 2, 3, 4])


async def test_never_deleted_is_not_fetched_again(reader: Reader, inbox: Inbox) -> None:
    """R38: policy "never": stays on the server and is read once."""
    inbox.set(delete_after="never")
    inbox.deliver(letter(1), letter(2))
    assert (await reader.run_due(mailbox_id=inbox.mailbox_id)).messages == 2
    assert (await reader.run_due(mailbox_id=inbox.mailbox_id)).messages == 0
    assert len(inbox.left) == 2


async def test_what_other_readers_share_is_not_deleted(
    reader: Reader, inbox: Inbox, store: Store
) -> None:
    """R38: Gmail's ``recent:`` shows everybody the same 30 days: imported, once, and left there."""
    told: list[str] = []
    async with Maildrop(letter(1), letter(2)) as server:
        server.on_command = told.append
        inbox.set(pop_port=server.port, username="recent:nfe@empresa.example")
        for _again in range(2):
            await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert (len(server.messages), server.retrieved) == (2, 2)
    assert "USER recent:nfe@empresa.example" in told
    assert inbox.keys() == keys_of([1, 2])


async def test_deleted_after_days(reader: Reader, inbox: Inbox) -> None:
    """R38: policy "N days": deleted once they have passed, without fetching again."""
    inbox.set(delete_after="3")
    inbox.deliver(letter(1))
    await reader.run_due()
    assert len(inbox.left) == 1
    later = now() + timedelta(days=3, minutes=1)
    set_source(lambda: later)
    try:
        assert (await reader.run_due()).messages == 0
    finally:
        set_source(None)
    assert inbox.left == []
    assert inbox.receipts()[0].deleted_at == later


async def test_read_while_the_clock_was_ahead(reader: Reader, inbox: Inbox) -> None:
    """R36: set right, it does not keep the mailbox waiting for the time that it had planned."""
    ahead = now() + timedelta(days=30)
    set_source(lambda: ahead)
    try:
        assert (await reader.run_due()).mailboxes == 1
    finally:
        set_source(None)
    inbox.deliver(letter(1))
    assert (await reader.run_due()).documents == 1
    inbox.deliver(letter(2))
    assert (await reader.run_due()).mailboxes == 0, "it is not due again"


async def test_more_than_one_session(
    reader: Reader, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: DELE takes effect at QUIT: a large mailbox is read in several sessions."""
    monkeypatch.setattr("services.reading.mailbox.SESSION_MESSAGES", 20)
    inbox.deliver(*(letter(n) for n in range(1, 46)))
    summary = await reader.run_due()
    assert (summary.messages, summary.documents) == (45, 45)
    assert inbox.left == []


async def test_a_slow_line_does_not_keep_deletions_waiting(
    reader: Reader, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: after a while the session is ended, which deletes, and another fetches the rest."""
    monkeypatch.setattr("services.reading.intake.ASKING_SECONDS", 0.0)
    inbox.deliver(*(letter(n) for n in range(1, 46)))
    left: list[int] = []

    async def logged_in(data: bytes) -> bool:
        if data.startswith(b"PASS "):
            left.append(len(inbox.left))
        return True

    async with Proxy(inbox.dovecot.port) as proxy:
        proxy.on_command = logged_in
        inbox.set(pop_port=proxy.port)
        summary = await reader.run_due()
    assert left == [45, 45 - WINDOW]
    assert (summary.messages, summary.documents) == (45, 45)
    assert inbox.left == []


async def test_two_readers_one_mailbox(readers: Readers, inbox: Inbox) -> None:
    """R36, R38: two readers at once: one session, the other skips."""
    inbox.deliver(*(letter(n) for n in range(1, 31)))
    first, second = readers(), readers()
    summaries = await asyncio.gather(first.run_due(), second.run_due())
    assert sorted(s.mailboxes for s in summaries) == [0, 1]
    assert inbox.keys() == keys_of(range(1, 31))


async def test_what_takes_long_to_be_taken_apart_is_kept_meanwhile(
    reader: Reader, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: a message that may be the reader's death is stored before it is imported."""
    go_on = asyncio.Event()

    async def long(desk: Desk, raws: Sequence[bytes]) -> list[Extracted | Problem]:
        await go_on.wait()
        return await open_all(desk, raws)

    monkeypatch.setattr("services.reading.intake.open_all", long)
    inbox.deliver(letter(1))
    reading = asyncio.create_task(reader.run_due())
    async with asyncio.timeout(20):
        while not inbox.receipts():
            assert not reading.done()
            await asyncio.sleep(0.01)
    assert [receipt.state for receipt in inbox.receipts()] == [InboundState.STORED]
    assert len(inbox.left) == 1
    go_on.set()
    assert (await reading).documents == 1
    assert inbox.left == []


async def test_wrong_password_is_noted(reader: Reader, inbox: Inbox, dovecot: Dovecot) -> None:
    """R48: a refused login becomes a health fact; nothing is lost."""
    inbox.deliver(letter(1))
    (dovecot.folder / "users" / inbox.user).write_text(f"{inbox.user}:outra\n")
    summary = await reader.run_due()
    assert summary.mailboxes == 0
    assert len(summary.failures) == 1
    with inbox.store.reading() as session:
        server = session.get_one(EmailServer, inbox.server_id)
        assert (server.health, server.pop_refusals) == (Health.FAILING, 1)
    assert len(inbox.left) == 1


async def test_an_unreachable_host_stops_nobody(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R36: one server that does not answer leaves the others unaffected."""
    register(store, actor, company, "127.0.0.1", free_port(), "morta")
    inbox.deliver(letter(1))
    summary = await reader.run_due()
    assert (summary.mailboxes, len(summary.failures)) == (1, 1)
    assert inbox.count() == 1


async def test_a_silent_host_keeps_nobody_from_a_connection(
    readers: Readers, inbox: Inbox, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R36: of a host's mailboxes some are read at once, and the others take no room meanwhile."""
    silent: list[asyncio.StreamWriter] = []
    slow = await asyncio.start_server(lambda _in, out: silent.append(out), "127.0.0.2", 0)
    port = slow.sockets[0].getsockname()[1]
    for number in range(6):
        register(store, actor, company, "127.0.0.2", port, f"muda{number}")
    inbox.deliver(letter(1))
    inbox.set(next_read_at=now() - timedelta(minutes=1))
    reader = readers(reading_connections=4)
    with store.reading() as session:
        assert due(session)[-1].server_id == inbox.server_id, "it is the last in turn"
    reading = asyncio.create_task(reader.run_due())
    async with asyncio.timeout(20):
        while inbox.count() == 0 or inbox.left:
            assert not reading.done()
            await asyncio.sleep(0.01)
    assert len(silent) == 2
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    slow.close()


@pytest.mark.parametrize(
    ("answers", "preset", "seconds"),
    [
        ({"CAPA": b"+OK\r\nUSER\r\nUIDL\r\nLOGIN-DELAY 900\r\n.\r\n"}, None, 900),
        ({"PASS": b"-ERR [LOGIN-DELAY] minimum time between mail checks\r\n"}, None, 300),
        ({}, "pop.gmail.com", 300),
        ({}, None, 60),
    ],
    ids=["announced", "refused", "known", "none"],
)
async def test_a_server_is_asked_no_oftener_than_it_wants(
    readers: Readers,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[str, bytes],
    preset: str | None,
    seconds: int,
) -> None:
    """R36, R48: LOGIN-DELAY, announced or in a refusal, and what is known of a provider count
    before a shorter interval; none of them is a refusal of the mailbox."""
    if preset is not None:
        monkeypatch.setattr(
            "services.reading.tick.preset_of_host", lambda _h: preset_of_host(preset)
        )
    nothing = {"STAT": b"+OK 0 0\r\n", "LIST": b"+OK\r\n.\r\n", "UIDL": b"+OK\r\n.\r\n"}
    async with listening(ScriptedPop3(**nothing, **answers)) as server:
        inbox.set(pop_port=server.port)
        began = now()
        await readers(reading_interval=60).run_due()
    with inbox.store.reading() as session:
        found = session.get_one(EmailServer, inbox.server_id)
        assert found.next_read_at is not None
        wait = (found.next_read_at - began).total_seconds()
        assert seconds <= wait < seconds + 30
        assert (found.active, found.pop_refusals) == (True, 0)
        assert found.health != Health.DOWN
