"""What is kept for a time goes, what waits or is still needed stays; bytes go with the last reference."""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from services import clock
from services.errors import Invalid, NotFound, Refused
from services.jobs.retention import forget_hourly, forget_old
from services.outbox import queue
from services.reading import arrivals, quarantine
from services.reading.arrivals import Arrival
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.extract import Extracted
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.sending.tick import Sender
from services.settings import Settings, load
from services.store import backup, space
from services.store.blobs import drop_unused, fetch_blobs, keep_blobs
from services.store.engine import Store, open_store, sqlite_path
from services.store.mail import (
    Blob,
    Document,
    InboundMessage,
    InboundState,
    OutboxAttachment,
    OutboxContent,
    OutboxMessage,
    OutboxState,
    Quarantine,
    Uidl,
)
from services.store.models import AuditEntry
from tests.sending.conftest import AddMailbox, Queue, Show, enqueue, mailbox, sender, show
from tests.servers.sink import Sink

__all__ = ["enqueue", "mailbox", "sender", "show"]

Day = Callable[[float], None]
S = OutboxState


@pytest.fixture
def day() -> Iterator[Day]:
    """``day(n)``: it is n days later than at the start."""
    at = clock.now()
    yield lambda n: clock.set_source(lambda: at + timedelta(days=n))
    clock.set_source(None)


def _forget(store: Store) -> dict[str, int]:
    return forget_old(store, threading.Event())


def _count(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _now_in(store: Store, message_id: int, state: OutboxState) -> None:
    with store.writing() as session:
        session.execute(
            update(OutboxMessage).where(OutboxMessage.id == message_id).values(state=state)
        )


def test_the_file_and_the_environment_say_how_long(tmp_path: Path) -> None:
    """R33, R43: days, or never; nonsense is named."""
    file = tmp_path / "carteiro.toml"
    file.write_text('sent_retention_days = 30\nraw_retention_days = "never"\n', "utf-8")
    told = load(file, {"CARTEIRO_AUDIT_RETENTION_DAYS": "90", "CARTEIRO_HOME": str(tmp_path)})
    assert (told.sent_retention_days, told.raw_retention_days) == (30, math.inf)
    assert (told.audit_retention_days, told.receipt_retention_days) == (90, 2_192)
    for nonsense in ("0", "-1", "nan", "always"):
        with pytest.raises(Invalid, match="receipt_retention_days"):
            load(file, {"CARTEIRO_RECEIPT_RETENTION_DAYS": nonsense})


def test_texts_of_what_has_left_go_and_bytes_with_the_last_of_them(
    store: Store, actor: Actor, enqueue: Queue, show: Show, day: Day
) -> None:
    """R33: what waits, is held or uncertain stays whole; the record of the rest stays."""
    note = [("nota.pdf", "application/pdf", b"%PDF" * 5_000)]
    states = (S.SENT, S.CANCELLED, S.FAILED, S.QUEUED, S.DEFERRED, S.UNCERTAIN, S.SENDING)
    ids = {state: enqueue(attachments=note) for state in states}
    for state, message_id in ids.items():
        _now_in(store, message_id, state)
    day(364)
    assert _forget(store) == {}
    day(366)
    assert _forget(store) == {"texts with attachments": 2}
    assert _forget(store) == {}
    assert show(ids[S.SENT]).body == ""
    assert "sent_retention_days" in (show(ids[S.SENT]).note or "")
    assert show(ids[S.SENT]).view.recipients[0].address == "cliente@loja.example"
    with store.writing() as session, pytest.raises(Refused, match="removido"):
        queue.retry(session, actor, [ids[S.CANCELLED]])
    day(731)
    assert _forget(store) == {"texts with attachments": 1}
    for state in (S.QUEUED, S.DEFERRED, S.UNCERTAIN, S.SENDING):
        assert show(ids[state]).attachments[0].size == 20_000
        _now_in(store, ids[state], S.SENT)
    assert _forget(store) == {"texts with attachments": 4, "bytes": 20_000}
    assert _count(store, Blob) == 0
    assert _count(store, OutboxMessage) == 7
    day(2_193)
    assert _forget(store)["records of e-mails"] == 7


def _arrived(store: Store, actor: Actor, server_id: int, *given: tuple[str, bytes]) -> list[int]:
    """Messages (UIDL, content) as reading keeps and imports them."""
    items = [Arrival(n, uidl, len(raw), raw) for n, (uidl, raw) in enumerate(given, 1)]
    with store.writing() as session:
        digests = arrivals.digests_of([each.raw for each in items])
        kept = arrivals.keep(session, actor.partner_id, server_id, items, digests)
        ids = [each.inbound_id for each in kept]
        import_messages(
            session, Source(actor.partner_id, server_id), [(n, Extracted()) for n in ids]
        )
    return ids


def test_what_was_read_goes_but_for_what_is_needed(
    store: Store, actor: Actor, company: CompanyView, mailbox: AddMailbox, day: Day
) -> None:
    """R38, R41, R43: not what is undecided, not imported, or still listed on its server."""
    server = mailbox(2525).server_id
    gone, listed, bare, held, stored = _arrived(
        store,
        actor,
        server,
        *(("u1", b"um" * 9), ("u2", b"dois"), ("", b"tres"), ("u4", b"quatro"), ("u5", b"cinco")),
    )
    with store.writing() as session:
        session.add(
            Quarantine(
                partner_id=actor.partner_id, server_id=server, inbound_id=held, reason="broken_xml"
            )
        )
        session.get_one(InboundMessage, stored).state = InboundState.STORED
        arrivals.note_deleted(session, server, [("u1", gone), ("u4", held), ("u5", stored)], [])
        # The raw message of one is a document of its own as well.
        digest = hashlib.sha256(b"dois").hexdigest()
        session.add(
            Document(
                partner_id=actor.partner_id,
                company_id=company.id,
                kind="NFe",
                access_key="3" * 44,
                sha256=digest,
                inbound_id=gone,
            )
        )
    day(366)
    assert _forget(store) == {"raw messages": 3, "bytes": 18 + 4}
    with store.reading() as session:
        assert fetch_blobs(session, [digest]) == {digest: b"dois"}
        item = session.scalars(select(Quarantine.id)).one()
        assert quarantine.message(session, actor, item) == b"quatro"
    day(2_193)
    assert _forget(store)["receipts"] == 1
    with store.writing() as session:
        assert set(session.scalars(select(InboundMessage.id))) == {listed, bare, held, stored}
        assert set(session.scalars(select(Uidl.uidl))) == {"u2"}
        assert session.scalars(select(Document.inbound_id)).one() is None
        quarantine.reject(session, actor, item)
    assert _forget(store)["decided of quarantine"] == 1
    assert _count(store, InboundMessage) == 3
    assert _count(store, Document) == 1


def test_a_removed_message_says_so(
    store: Store, actor: Actor, mailbox: AddMailbox, day: Day
) -> None:
    """R41: whoever wants to look into it is told why it is not there."""
    server = mailbox(2525).server_id
    (inbound,) = _arrived(store, actor, server, ("u1", b"um"))
    with store.writing() as session:
        item = Quarantine(
            partner_id=actor.partner_id,
            inbound_id=inbound,
            reason="broken_xml",
            state="rejected",
            created_at=clock.now() + timedelta(days=300),
        )
        session.add(item)
        session.flush()
        item_id = item.id
    day(366)
    _forget(store)
    with store.reading() as session, pytest.raises(NotFound, match="raw_retention_days"):
        quarantine.message(session, actor, item_id)


def test_the_trail_is_kept_for_six_years_or_for_ever(
    store: Store, actor: Actor, settings: Settings, day: Day
) -> None:
    """R55."""
    day(10_000)
    store.settings = Settings(settings.home, settings.database_url, audit_retention_days=math.inf)
    assert _forget(store) == {}
    store.settings = settings
    before = _count(store, AuditEntry)
    assert _forget(store) == {"audit entries": before}


def test_bytes_that_somebody_is_about_to_refer_to_stay(store: Store, enqueue: Queue) -> None:
    """Bytes are there for whoever kept them, whichever of two units of work ends first."""
    digest = hashlib.sha256(b"x").hexdigest()

    def refer(session: object) -> None:
        message_id = session.scalar(select(OutboxMessage.id))  # type: ignore[attr-defined]
        session.add(  # type: ignore[attr-defined]
            OutboxAttachment(
                message_id=message_id,
                position=0,
                filename="x",
                sha256=digest,
                content_type="text/plain",
            )
        )

    def drop() -> int:
        with store.writing() as other:
            return drop_unused(other, [digest]).count

    enqueue()
    with store.writing() as session:
        keep_blobs(session, {digest: b"x"})
    with ThreadPoolExecutor(2) as threads:
        with store.writing() as session:
            keep_blobs(session, {digest: b"x"})
            dropping = threads.submit(drop)
            if not store.is_sqlite:
                # Passed over at once; SQLite has one writer, who waits for the other to end.
                assert dropping.result() == 0
            refer(session)
        assert dropping.result() == 0
        with store.writing() as session:
            session.query(OutboxAttachment).delete()
        with store.writing() as session:
            assert drop_unused(session, [digest]).count == 1

            def keep() -> None:
                with store.writing() as other:
                    keep_blobs(other, {digest: b"x"})
                    refer(other)

            keeping = threads.submit(keep)
            # It waits for this unit of work: an open session in a loop would see no end of it.
        keeping.result()
    with store.reading() as session:
        assert fetch_blobs(session, [digest]) == {digest: b"x"}


def _attached(raw: bytes) -> bytes:
    (part,) = email.message_from_bytes(raw, policy=email.policy.default).iter_attachments()  # type: ignore[attr-defined]
    return part.get_content()  # type: ignore[no-any-return]


async def test_what_leaves_meanwhile_leaves_whole(
    store: Store,
    enqueue: Queue,
    mailbox: AddMailbox,
    sender: Sender,
    sink: Sink,
    day: Day,
) -> None:
    """R33: the same attachment in old e-mails and new, sent while the old ones go."""
    mailbox(sink.port)
    data = b"%PDF" + b"0123456789" * 3_000
    note = [("nota.pdf", "application/pdf", data)]
    for _n in range(120):
        _now_in(store, enqueue(attachments=note), S.SENT)
    day(400)
    stop = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        forgetting = threads.submit(forget_old, store, stop)
        sent = 0
        for _round in range(5):
            for _n in range(6):
                enqueue(attachments=note)
            sent += await sender.run_due()
        assert forgetting.result()["texts with attachments"] == 120
    assert sent == 30
    whole = [m for m in sink.messages() if _attached(m.raw) == data]
    assert len(whole) == 30
    assert _count(store, OutboxContent) == 30
    assert _count(store, Blob) == 1


def test_one_process_an_hour_and_what_went_is_in_the_log(
    store: Store, enqueue: Queue, day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    """The log counts what went; a stop ends it between two units of work."""
    _now_in(store, enqueue(), S.SENT)
    day(400)
    caplog.set_level("INFO")
    stopped = threading.Event()
    stopped.set()
    forget_hourly(store, stopped)
    assert _count(store, OutboxContent) == 1
    forget_hourly(store, threading.Event())
    assert _count(store, OutboxContent) == 1
    day(401)
    forget_hourly(store, threading.Event())
    assert _count(store, OutboxContent) == 0
    assert "removed: 1 texts with attachments" in caplog.text


def test_a_clock_that_is_far_ahead_removes_nothing_at_once(
    store: Store, enqueue: Queue, day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    """R33: there is an hour in which it may be set right."""
    _now_in(store, enqueue(), S.SENT)
    forget_hourly(store, threading.Event())
    day(4_000)
    forget_hourly(store, threading.Event())
    assert _count(store, OutboxContent) == 1
    assert "the clock is wrong" in caplog.text
    day(0.1)
    forget_hourly(store, threading.Event())
    assert _count(store, OutboxContent) == 1
    day(4_000)
    forget_hourly(store, threading.Event())
    day(4_000.1)
    forget_hourly(store, threading.Event())
    assert _count(store, OutboxMessage) == 0


def test_room_goes_back_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file shrinks when much of it is free, and so does a copy of one that could not."""
    monkeypatch.setattr(space, "_LEAST_PAGES", 50)
    store = open_store(Settings(tmp_path, f"sqlite:///{tmp_path / 'a.db'}"))
    with store.writing() as session:
        keep_blobs(session, {f"{n:064}": bytes(100_000) for n in range(100)})
    with store.writing() as session:
        drop_unused(session, [f"{n:064}" for n in range(100)])
        free = space.free_pages(session)
    assert free > 500
    _forget(store)
    with store.reading() as session:
        assert space.free_pages(session) <= 50
    store.close()
    assert (tmp_path / "a.db").stat().st_size < free * 16_384 / 3


def test_a_backup_may_shrink_once_it_is_restored(store: Store, tmp_path: Path) -> None:
    path = sqlite_path(store.settings.database_url) if store.is_sqlite else None
    if path is not None:
        store.close()
        with contextlib.closing(sqlite3.connect(path)) as older:
            for pragma in ("journal_mode=DELETE", "auto_vacuum=NONE"):
                older.execute(f"PRAGMA {pragma}")
            older.execute("VACUUM")
            older.execute("PRAGMA journal_mode=WAL")
            assert older.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    backup.write(store, tmp_path / "b.db", lambda _n, _all: None, threading.Event())
    copy = Store(Settings(tmp_path, f"sqlite:///{tmp_path / 'b.db'}"))
    with copy.reading() as session:
        assert session.scalar(text("PRAGMA auto_vacuum")) == 2
    copy.close()
