"""Each setting of retention removes its own kind, when its time is over, and nothing else."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services import clock
from services.jobs.retention import forget_old
from services.notifications import bell
from services.reading import arrivals
from services.reading.arrivals import Arrival
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.extract import Extracted
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import RETENTION, Settings
from services.store.blobs import keep_blobs
from services.store.engine import Store
from services.store.mail import (
    Blob,
    Document,
    InboundMessage,
    OutboxContent,
    OutboxMessage,
    OutboxState,
    Quarantine,
)
from services.store.models import AuditEntry
from services.store.notices import BellEntry, Notification
from tests.sending.conftest import AddMailbox, Queue, enqueue, mailbox

__all__ = ["enqueue", "mailbox"]

# What goes of what is told below, and what the log says of it, when one setting is over.
GOES: dict[str, tuple[dict[str, int], set[str]]] = {
    "bell_retention_days": ({"bell": 1}, {"bell entries and notifications"}),
    "sent_retention_days": ({"texts": 1, "blobs": 1}, {"texts with attachments", "bytes"}),
    "raw_retention_days": ({"raw": 1, "blobs": 1}, {"raw messages", "bytes"}),
    "quarantine_retention_days": ({"quarantine": 1}, {"decided of quarantine"}),
    "receipt_retention_days": (
        {"receipts": 1, "records": 2, "texts": 1, "blobs": 1},
        {"receipts", "records of e-mails", "bytes"},
    ),
    "audit_retention_days": ({"audit": 1}, {"audit entries"}),
}


@pytest.fixture
def old(
    store: Store,
    actor: Actor,
    company: CompanyView,
    mailbox: AddMailbox,
    enqueue: Queue,
) -> Iterator[None]:
    """Some of everything that goes by itself, and of what does not, 100 days ago."""
    server = mailbox(2525).server_id
    of = {"partner_id": actor.partner_id, "company_id": company.id}
    for state in (OutboxState.SENT, OutboxState.FAILED, OutboxState.QUEUED):
        told = Notification(**of, type_key="general", severity="info", subject="x", body="y")
        with store.writing() as session:
            session.add(told)
        letter = enqueue(
            attachments=[("nota.pdf", "application/pdf", f"%PDF {state}".encode())],
            notification_id=told.id,
        )
        with store.writing() as session:
            session.get_one(OutboxMessage, letter).state = state
    items = [Arrival(n, f"u{n}", 3, f"m {n}".encode()) for n in (1, 2)]
    with store.writing() as session:
        digests = arrivals.digests_of([each.raw for each in items])
        kept = arrivals.keep(session, actor.partner_id, server, items, digests)
        gone, listed = [each.inbound_id for each in kept]
        import_messages(session, Source(actor.partner_id, server), [(gone, Extracted())])
        arrivals.note_deleted(session, server, [("u1", gone)], [])
        keep_blobs(session, {"d" * 64: b"<NFe/>"})
        session.add(Document(**of, kind="NFe", access_key="3" * 44, sha256="d" * 64))
        for state in ("open", "rejected"):
            session.add(
                Quarantine(
                    partner_id=actor.partner_id, inbound_id=listed, reason="malformed", state=state
                )
            )
        for severity in ("info", "error"):
            bell.add(session, **of, type_key="general", severity=severity, title="x")
    at = clock.now()
    clock.set_source(lambda: at + timedelta(days=100))
    yield
    clock.set_source(None)


def _there(session: Session) -> dict[str, int]:
    """How much there is of what."""
    raw = InboundMessage.raw_removed_at.is_(None)
    wanted: dict[str, Any] = {
        "bell": select(BellEntry.id),
        "notifications": select(Notification.id),
        "texts": select(OutboxContent.message_id),
        "records": select(OutboxMessage.id),
        "raw": select(InboundMessage.id).where(raw),
        "receipts": select(InboundMessage.id),
        "quarantine": select(Quarantine.id),
        "documents": select(Document.id),
        "audit": select(AuditEntry.id),
        "blobs": select(Blob.sha256),
    }
    return {
        name: session.scalar(select(func.count()).select_from(query.subquery())) or 0
        for name, query in wanted.items()
    }


@pytest.mark.usefixtures("old")
def test_each_setting_removes_its_own(store: Store, settings: Settings) -> None:
    """R33, R43, R52, R55: nothing a day before; errors and what failed are kept twice as long;
    documents, what waits, and what is undecided or still on its server stay."""
    assert set(GOES) == set(RETENTION)
    never = dict.fromkeys(RETENTION, math.inf)
    with store.reading() as session:
        before = _there(session)
    entries = before["audit"]
    for name, (goes, told) in GOES.items():
        store.settings = replace(settings, **never | {name: 101.0})
        assert forget_old(store, threading.Event()) == {}
        store.settings = replace(settings, **never | {name: 60.0})
        done = forget_old(store, threading.Event())
        with store.reading() as session:
            after = _there(session)
        gone = {what: n - after[what] for what, n in before.items() if n != after[what]}
        expected = goes if "audit" not in goes else {"audit": entries}
        assert (name, gone, set(done)) == (name, expected, told)
        before = after
    left = {"notifications": 3, "audit": 0, "blobs": 3}
    assert before == dict.fromkeys(before, 1) | left
    store.settings = replace(settings, **never | {"bell_retention_days": 49.0})
    assert forget_old(store, threading.Event()) == {"bell entries and notifications": 3}
    with store.reading() as session:
        # The one whose e-mail has yet to leave stays.
        assert _there(session) == before | {"bell": 0, "notifications": 1}
