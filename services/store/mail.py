"""The tables of what is sent, read and imported."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.clock import now
from services.store.models import Base
from services.store.notices import Notification
from services.store.types import Id, Money


class OutboxState(StrEnum):
    """State of an e-mail and of each of its recipients in the outbox.

    ``queued`` waits for its first attempt; ``sending`` is claimed by a process; ``deferred`` waits
    for another attempt; ``sent``, ``failed`` and ``cancelled`` are final; ``uncertain`` means that
    the server may have taken it: the reply to the last byte never came.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class InboundState(StrEnum):
    """State of a message that was read: the receipt's (R43)."""

    STORED = "stored"
    IMPORTED = "imported"
    NOTHING = "nothing"
    QUARANTINED = "quarantined"


class QuarantineState(StrEnum):
    """What became of something that could not be imported (R39, R41)."""

    OPEN = "open"
    RESOLVED = "resolved"
    REJECTED = "rejected"


class Blob(Base):
    """Bytes stored once by their SHA-256: attachments, raw messages, documents.

    Those of a raw message may be in a file beside the database instead (``segment``, and the
    ``position`` in it): then ``data`` is empty. ``size`` is theirs in either case.
    """

    __tablename__ = "blob"
    __table_args__ = (
        Index(
            "ix_blob_segment",
            "segment",
            "size",
            sqlite_where=text("segment IS NOT NULL"),
            postgresql_where=text("segment IS NOT NULL"),
        ),
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    segment: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int | None] = mapped_column(BigInteger)


class OutboxMessage(Base):
    """One e-mail on its way out: only what changes or is needed to find it; the rest beside it.

    ``held`` waits for a mailbox that may be used rather than for a time; after ``give_up_at`` what
    is still deferred becomes final. Of one that is sent ``next_attempt_at`` is when it was.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("company_id", "idempotency_key"),
        Index("ix_outbox_due", "state", "company_id", "next_attempt_at"),
        Index(
            "ix_outbox_held",
            "company_id",
            sqlite_where=text("held"),
            postgresql_where=text("held"),
        ),
        Index("ix_outbox_company", "company_id", "id"),
        Index(
            "ix_outbox_notification",
            "notification_id",
            sqlite_where=text("notification_id IS NOT NULL"),
            postgresql_where=text("notification_id IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    notification_id: Mapped[int | None] = mapped_column(
        ForeignKey(Notification.id, ondelete="SET NULL")
    )
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    subject: Mapped[str] = mapped_column(String(998))
    state: Mapped[str] = mapped_column(String(9), default=OutboxState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    held: Mapped[bool] = mapped_column(default=False)
    give_up_at: Mapped[datetime]
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id", ondelete="SET NULL"))
    error: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


class OutboxContent(Base):
    """The words of an e-mail: written once, read when it leaves.

    ``note`` is for its record only, as that a document went without its DANFE.
    """

    __tablename__ = "outbox_content"
    message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="CASCADE"), primary_key=True
    )
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(String(500))


class OutboxAttachment(Base):
    """An attachment of an e-mail; its bytes are a :class:`Blob`."""

    __tablename__ = "outbox_attachment"
    message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(127))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)


class OutboxRecipient(Base):
    """One recipient with its own outcome (R32, R33)."""

    __tablename__ = "outbox_recipient"
    message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(9), default=OutboxState.QUEUED)
    reply: Mapped[str | None] = mapped_column(String(2000))
    why: Mapped[str | None] = mapped_column(String(500))
    done_at: Mapped[datetime | None]


class OutboxAttempt(Base):
    """One attempt, opened before the first byte leaves so that a killed process leaves its trace."""

    __tablename__ = "outbox_attempt"
    message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="CASCADE"), primary_key=True
    )
    fence: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(9), default=OutboxState.SENDING)
    detail: Mapped[str | None] = mapped_column(Text)


class InboundMessage(Base):
    """A message that was read, and its receipt (R38, R43).

    The raw message is a :class:`Blob` until ``raw_removed_at``.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (
        Index("ix_inbound_uidl", "uidl", "server_id"),
        Index("ix_inbound_content", "server_id", "sha256"),
        Index(
            "ix_inbound_stored",
            "id",
            sqlite_where=text("state = 'stored'"),
            postgresql_where=text("state = 'stored'"),
        ),
        Index(
            "ix_inbound_raw",
            "id",
            sqlite_where=text("raw_removed_at IS NULL AND sha256 <> ''"),
            postgresql_where=text("raw_removed_at IS NULL AND sha256 <> ''"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    server_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_server.id", ondelete="SET NULL")
    )
    uidl: Mapped[str] = mapped_column(String(400), default="")
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(11), default=InboundState.STORED)
    subject: Mapped[str] = mapped_column(String(998), default="")
    sender: Mapped[str] = mapped_column(String(998), default="")
    reason: Mapped[str | None] = mapped_column(String(500))
    found: Mapped[list[Any]] = mapped_column(default=list)
    fetched_at: Mapped[datetime] = mapped_column(default=now)
    committed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    raw_removed_at: Mapped[datetime | None]


class Uidl(Base):
    """UIDL memory: what of a mailbox has been stored already (RFC 1939 section 7; R38).

    ``size`` is what the server listed, so that a UIDL given to another message is noticed.
    """

    __tablename__ = "uidl"
    server_id: Mapped[int] = mapped_column(
        ForeignKey("email_server.id", ondelete="CASCADE"), primary_key=True
    )
    uidl: Mapped[str] = mapped_column(String(400), primary_key=True)
    inbound_id: Mapped[int] = mapped_column(
        ForeignKey("inbound_message.id", ondelete="CASCADE"), index=True
    )
    size: Mapped[int]
    first_seen_at: Mapped[datetime] = mapped_column(default=now)


class Document(Base):
    """A fiscal document of a company (R37, R39, R40). The XML is a :class:`Blob`."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("company_id", "kind", "access_key", "event_id"),
        Index("ix_document_key", "access_key"),
        Index("ix_document_kind", "kind"),
        Index("ix_document_number", "number"),
        Index("ix_document_issuer", "issuer_cnpj"),
        Index("ix_document_recipient", "recipient_cnpj"),
        # Has all that filtering and adding up need, so that neither reads the rows. The partner
        # comes last: led by it, SQLite would take it for what narrows every search.
        Index("ix_document_issued", "issued_at", "id", "company_id", "kind", "total", "partner_id"),
        Index("ix_document_arrival", "company_id", "imported_at"),
        Index(
            "ix_document_event",
            "kind",
            "event_id",
            sqlite_where=text("event_id <> ''"),
            postgresql_where=text("event_id <> ''"),
        ),
        Index(
            "ix_document_unchecked",
            "id",
            sqlite_where=text("checked_at IS NULL"),
            postgresql_where=text("checked_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    access_key: Mapped[str] = mapped_column(String(60))
    event_id: Mapped[str] = mapped_column(String(60), default="")
    number: Mapped[int | None]
    series: Mapped[int | None]
    issuer_cnpj: Mapped[str | None] = mapped_column(String(14))
    issuer_name: Mapped[str] = mapped_column(String(200), default="")
    recipient_cnpj: Mapped[str | None] = mapped_column(String(14))
    recipient_name: Mapped[str] = mapped_column(String(200), default="")
    issued_at: Mapped[datetime | None]
    total: Mapped[Decimal | None] = mapped_column(Money)
    authorised: Mapped[bool] = mapped_column(default=False)
    check_access_key: Mapped[str] = mapped_column(String(12), default="")
    check_schema: Mapped[str] = mapped_column(String(12), default="")
    check_signature: Mapped[str] = mapped_column(String(12), default="")
    check_certificate: Mapped[str] = mapped_column(String(12), default="")
    check_chain: Mapped[str] = mapped_column(String(12), default="")
    check_protocol: Mapped[str] = mapped_column(String(12), default="")
    check_reasons: Mapped[str] = mapped_column(Text, default="")
    checked_at: Mapped[datetime | None]
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)
    inbound_id: Mapped[int | None] = mapped_column(
        ForeignKey("inbound_message.id", ondelete="SET NULL"), index=True
    )
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id", ondelete="SET NULL"))
    imported_at: Mapped[datetime] = mapped_column(default=now)


class PartyName(Base):
    """A name that somebody of that CNPJ had in a document, folded: finding documents by words."""

    __tablename__ = "party_name"
    cnpj: Mapped[str] = mapped_column(String(14), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(200), primary_key=True)


class Quarantine(Base):
    """Something of a message that could not be imported, with its reason (R39, R41).

    Of a document of no linked company ``detail`` is the access key and ``parties`` the CNPJs in
    it, in the order in which a company is looked for.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        Index(
            "ix_quarantine_foreign",
            "detail",
            sqlite_where=text("reason = 'foreign_company'"),
            postgresql_where=text("reason = 'foreign_company'"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    server_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_server.id", ondelete="SET NULL")
    )
    inbound_id: Mapped[int] = mapped_column(
        ForeignKey("inbound_message.id", ondelete="CASCADE"), index=True
    )
    part: Mapped[str] = mapped_column(String(255), default="")
    reason: Mapped[str] = mapped_column(String(30))
    detail: Mapped[str] = mapped_column(String(1000), default="")
    parties: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(8), default=QuarantineState.OPEN, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ServerHour(Base):
    """What went through a mailbox in an hour since 1970; no foreign key, for a mailbox may be gone."""

    __tablename__ = "server_hour"
    server_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(primary_key=True, index=True)
    sent: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[int] = mapped_column(default=0)


class CompanyDay(Base):
    """How many documents came for a company on a day since 1970 (UTC)."""

    __tablename__ = "company_day"
    company_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, index=True)
    documents: Mapped[int] = mapped_column(default=0)
