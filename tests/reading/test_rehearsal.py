"""Dry run over a real Dovecot: it tells all and changes nothing (R42)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from services.errors import CarteiroError, Conflict, Refused
from services.failure import WireError
from services.health.tokens import SignIns
from services.reading import due
from services.reading.foresight import Foreseen
from services.reading.rehearsal import Rehearsal
from services.reading.tick import Reader
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from services.store.models import Base
from tests.documents import generator
from tests.reading.conftest import Inbox, keys_of, letter, register
from tests.reading.maildrop import Maildrop
from tests.store_fixtures import CNPJ

Rehearse = Callable[[int], AsyncIterator[Foreseen]]


@pytest.fixture
def rehearse(store: Store, settings: Settings, actor: Actor) -> Rehearse:
    """A dry run of a mailbox."""
    sign_ins = SignIns(store, settings)

    def run(mailbox_id: int) -> AsyncIterator[Foreseen]:
        return Rehearsal(store, settings, sign_ins, actor, mailbox_id).run()

    return run


def rows(store: Store) -> dict[str, str]:
    """Every row of the database; who held which lease, which every reading leaves, aside."""
    with store.reading() as session:
        return {
            table.name: repr(session.execute(select(table).order_by(*table.primary_key)).all())
            for table in Base.metadata.sorted_tables
            if table.name != "lease"
        }


def contents(files: list[Path]) -> list[str]:
    """What each message on the server holds."""
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


async def test_message_by_message_and_nothing_changes(
    rehearse: Rehearse, reader: Reader, inbox: Inbox, store: Store
) -> None:
    """R42: new, read before, imported by another message, somebody else's, broken, not fiscal."""
    inbox.set(delete_after="never")
    inbox.deliver(letter(1))
    await reader.run_due()
    other = generator.cnpj(7)
    inbox.deliver(
        letter(1, subject="De novo"),
        letter(2),
        letter(3, recipient=other),
        generator.mail([b'<nfe xmlns="http://www.portalfiscal.inf.br/nfe"><'], pdf_bytes=0),
        generator.mail([], pdf_bytes=200, subject="Promoção"),
    )
    inbox.set(delete_after="import")
    before, there = rows(store), contents(inbox.left)
    told = [item async for item in rehearse(inbox.mailbox_id)]
    assert rows(store) == before
    assert contents(inbox.left) == there
    assert [(item.outcome, item.deleted) for item in told] == [
        ("known", True),
        ("duplicate", True),
        ("import", True),
        ("quarantine", True),
        ("quarantine", True),
        ("nothing", True),
    ]
    assert [(f.kind, f.access_key, f.company) for f in told[2].found] == [
        ("NFe", keys_of([2])[0], CNPJ)
    ]
    assert [held.reason for held in told[3].held] == ["foreign_company"]
    assert [held.reason for held in told[4].held] == ["malformed"]
    assert told[5].subject == "Promoção"
    summary = await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert (summary.documents, summary.quarantined) == (1, 2)


async def test_a_server_that_deletes_what_was_fetched_deletes_nothing(
    rehearse: Rehearse, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R42: the session ends without QUIT, for servers that delete or hide at QUIT what was fetched."""
    async with Maildrop(letter(1), letter(2), consumes=True) as drop:
        _server, mailbox = register(store, actor, company, "127.0.0.1", drop.port, "some")
        told = [item async for item in rehearse(mailbox)]
        assert [item.outcome for item in told] == ["import", "import"]
        assert (drop.quits, drop.retrieved, len(drop.messages)) == (0, 2, 2)


async def test_left_in_the_middle(rehearse: Rehearse, inbox: Inbox, store: Store) -> None:
    """R42: cancelled after the first message; the next reading may begin at once."""
    inbox.deliver(*(letter(n) for n in range(1, 40)))
    before = rows(store)
    run = rehearse(inbox.mailbox_id)
    async for item in run:
        assert item.outcome == "import"
        break
    await run.aclose()  # type: ignore[attr-defined]
    assert rows(store) == before
    assert len(inbox.left) == 39
    assert len([item async for item in rehearse(inbox.mailbox_id)]) == 39


async def test_a_slow_line_takes_more_sessions(
    rehearse: Rehearse, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R42: as when it is read: none is so long that its end comes before that of the mailbox."""
    monkeypatch.setattr("services.reading.rehearsal.ASKING_SECONDS", 0.0)
    logins = 0

    def count(command: str) -> None:
        nonlocal logins
        logins += command.startswith("PASS ")

    async with Maildrop(*(letter(n) for n in range(1, 46))) as drop:
        drop.on_command = count
        inbox.set(pop_port=drop.port)
        told = [item async for item in rehearse(inbox.mailbox_id)]
    assert [item.number for item in told] == list(range(1, 46))
    assert logins == 3, "two that fetch, and one that finds nothing more"


async def test_what_cannot_be_rehearsed_says_why(
    rehearse: Rehearse, inbox: Inbox, store: Store, actor: Actor
) -> None:
    """R42: while it is read, while it is inactive, and while the server is not there."""

    async def refused() -> CarteiroError:
        with pytest.raises(CarteiroError) as told:
            assert [item async for item in rehearse(inbox.mailbox_id)]
        return told.value

    with store.writing() as session:
        (target,) = due.due(session, mailbox_id=inbox.mailbox_id)
        claim = due.claim(session, target, 60)
    assert isinstance(await refused(), Conflict)
    assert claim is not None
    with store.writing() as session:
        due.give_back(session, claim)
        mailboxes.edit(session, actor, inbox.mailbox_id, {"active": False})
    assert isinstance(await refused(), Refused)
    inbox.set(active=True, pop_port=9)
    before = rows(store)
    with pytest.raises(WireError):
        assert [item async for item in rehearse(inbox.mailbox_id)]
    assert rows(store) == before
