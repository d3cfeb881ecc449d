"""How much of everything there is: what a monitoring system draws and raises alarms on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.clock import now
from services.outbox import claims
from services.settings import Settings
from services.store.mail import (
    Document,
    InboundMessage,
    OutboxMessage,
    OutboxState,
    Quarantine,
    QuarantineState,
)
from services.store.models import Company, EmailServer, Kind
from services.store.room import rooms
from services.store.schema import HEAD


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name and labels, in the units of the name (``_seconds``, ``_bytes``)."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def figures(session: Session, settings: Settings) -> Iterator[Figure]:
    """Every figure of the installation, over all partners; no name and no address is in them."""
    at = now()
    yield Figure(
        "carteiro_info",
        "The schema and the kind of database.",
        1,
        {"schema": HEAD, "database": "sqlite" if settings.is_sqlite else "postgresql"},
    )
    yield Figure("carteiro_companies", "Companies.", _count(session, Company.id))
    yield from _sending(session)
    yield from _reading(session, at)
    yield from _servers(session, at)
    yield Figure("carteiro_database_bytes", "Size of the database.", _size(session, settings))
    yield Figure(
        "carteiro_disk_free_bytes",
        "Room left where the state folder, SQLite's file and documents to be sent are: the least.",
        min(room.free for room in rooms(settings)),
    )


def one(session: Session, settings: Settings, name: str) -> float:
    """The figure of that name, which has no labels."""
    return next(f.value for f in figures(session, settings) if f.name == name)


def _sending(session: Session) -> Iterator[Figure]:
    words = "E-mails of the queue, by state."
    counts = _by(session, OutboxMessage.state)
    for state in OutboxState:
        yield Figure("carteiro_outbox_messages", words, counts.get(state, 0), {"state": state})
    yield Figure(
        "carteiro_outbox_overdue_seconds",
        "How long the e-mail that is due longest waits for its attempt.",
        claims.overdue(session).total_seconds(),
    )
    yield _last(session, OutboxMessage.sent_at, "carteiro_last_sent", "an e-mail was sent")


def _reading(session: Session, at: datetime) -> Iterator[Figure]:
    words = "Messages that were read, by state."
    for state, count in sorted(_by(session, InboundMessage.state).items()):
        yield Figure("carteiro_inbound_messages", words, count, {"state": state})
    yield Figure("carteiro_documents", "Documents imported.", _count(session, Document.id))
    yield Figure(
        "carteiro_documents_unchecked",
        "Documents whose checks are still to be made.",
        _count(session, Document.id, Document.checked_at.is_(None)),
    )
    yield Figure(
        "carteiro_quarantine_open",
        "Things in quarantine that wait for a person.",
        _count(session, Quarantine.id, Quarantine.state == QuarantineState.OPEN),
    )
    late = session.scalar(
        select(func.min(EmailServer.next_read_at)).where(
            EmailServer.active, EmailServer.inactive_code.is_(None), EmailServer.next_read_at <= at
        )
    )
    yield Figure(
        "carteiro_reading_overdue_seconds",
        "How long the mailbox that is due longest waits to be read.",
        (at - late).total_seconds() if late is not None else 0,
    )
    yield _last(session, InboundMessage.fetched_at, "carteiro_last_fetched", "a message was read")


def _servers(session: Session, at: datetime) -> Iterator[Figure]:
    own = EmailServer.kind != Kind.RELAY
    words = "E-mail servers in use, by health."
    rows = session.execute(
        select(EmailServer.health, func.count())
        .where(own, EmailServer.active, EmailServer.inactive_code.is_(None))
        .group_by(EmailServer.health)
        .order_by(EmailServer.health)
    )
    for health, count in rows:
        yield Figure("carteiro_servers", words, count, {"health": health})
    yield Figure(
        "carteiro_servers_inactivated",
        "E-mail servers out of use by a Microsoft code.",
        _count(session, EmailServer.id, EmailServer.inactive_code.is_not(None)),
    )
    yield Figure(
        "carteiro_servers_paused",
        "E-mail servers that wait for their provider's limit.",
        _count(session, EmailServer.id, EmailServer.paused_until > at),
    )


def _count(
    session: Session,
    column: InstrumentedAttribute[int],
    condition: ColumnElement[bool] | None = None,
) -> int:
    query = select(func.count(column))
    return session.scalar(query if condition is None else query.where(condition)) or 0


def _by(session: Session, column: InstrumentedAttribute[str]) -> dict[str, int]:
    return {
        row[0]: row[1] for row in session.execute(select(column, func.count()).group_by(column))
    }


def _last(
    session: Session,
    column: InstrumentedAttribute[datetime | None] | InstrumentedAttribute[datetime],
    name: str,
    what: str,
) -> Figure:
    last = session.scalar(select(func.max(column)))
    return Figure(
        f"{name}_timestamp_seconds",
        f"When {what} last; 0 for never.",
        last.timestamp() if last is not None else 0,
    )


def _size(session: Session, settings: Settings) -> int:
    if not settings.is_sqlite:
        return session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    pages, size = (
        session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size")
    )
    return pages * size
