"""Messages that are put into files beside SQLite's before they are kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from services.errors import Unavailable
from services.reading import quarantine, writer
from services.reading.recovery import raw_messages
from services.registry.access import Actor
from services.store.engine import Store
from services.store.mail import Blob, Quarantine
from tests.documents import generator
from tests.reading.conftest import ISSUER, Inbox, Readers, keys_of
from tests.servers.disks import enlarge, small_disk
from tests.store_fixtures import CNPJ

# With PostgreSQL they are in the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def large(number: int) -> bytes:
    """About 80 KB with one NF-e of that number."""
    return generator.mail([generator.nfe(ISSUER, CNPJ, number, signed="cached")], seed=number)


@pytest.fixture
def folder(store: Store) -> Path:
    """Where they go."""
    assert store.segments is not None
    return store.segments.folder


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _bare(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


async def test_a_batch_is_put_by_and_imported(
    readers: Readers, inbox: Inbox, store: Store, folder: Path
) -> None:
    """R38: byte for byte as the server gave them, little of it in the database."""
    raws = [large(n) for n in range(1, 21)]
    inbox.deliver(*raws)
    assert (await readers().run_due()).documents == 20
    assert inbox.left == []
    ids = [each.id for each in inbox.receipts()]
    with store.reading() as session:
        kept = raw_messages(session, ids)
        inside = session.scalars(select(Blob.data).where(Blob.segment.is_not(None))).all()
    assert sorted(map(_bare, kept.values())) == sorted(map(_bare, raws))
    assert inside == [b""] * 20
    assert sum(each.stat().st_size for each in _files(folder)) >= sum(map(len, kept.values()))


async def test_a_person_sees_what_is_held(
    readers: Readers, inbox: Inbox, store: Store, actor: Actor, folder: Path
) -> None:
    """R41: the message is read where it was put; where it is gone, that is said and not another thing."""
    raw = generator.mail([generator.nfe(ISSUER, generator.cnpj(9), 1)], pdf_bytes=400_000)
    inbox.deliver(raw)
    await readers().run_due()
    assert inbox.held() == ["foreign_company"]
    with store.reading() as session:
        (held,) = session.scalars(select(Quarantine.id))
        assert _bare(quarantine.message(session, actor, held)) == _bare(raw)
        for each in _files(folder):
            each.unlink()
        with pytest.raises(Unavailable, match="carteiro doctor"):
            quarantine.message(session, actor, held)


async def test_no_room_for_it(readers: Readers, inbox: Inbox, store: Store, folder: Path) -> None:
    """R38: a disk that is full deletes nothing on the server; with room everything arrives once."""
    inbox.deliver(*(large(n) for n in range(1, 41)))
    with small_disk(folder, "1m"):
        summary = await readers().run_due()
        ((_email, why),) = summary.failures
        assert "o disco está cheio" in why
        assert len(inbox.left) == 40
        enlarge(folder, "40m")
        assert (await readers().run_due(mailbox_id=inbox.mailbox_id)).failures == []
        assert inbox.left == []
        assert inbox.keys() == keys_of(range(1, 41))
        store.close()


async def test_the_log_is_carried_over_for_what_goes_with_them(
    readers: Readers, inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: rows and documents fill SQLite's log too, though the messages are elsewhere."""
    carried = threading.Event()
    monkeypatch.setattr(writer, "_CARRY_OVER", 2**20)
    monkeypatch.setattr(store, "checkpoint", carried.set)
    inbox.deliver(*(large(n) for n in range(1, 61)))
    assert (await readers().run_due()).documents == 60
    assert carried.wait(10)
