"""The tables of the registry; mail and notifications have modules of their own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from services.clock import now
from services.store.types import Id, Instant


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Role(StrEnum):
    """What a user is (R53)."""

    PARTNER = "partner"
    COMPANY = "company"


class Kind(StrEnum):
    """What an e-mail server serves (R17); the partner's own relay is one too (R14)."""

    SEND = "send"
    READ = "read"
    BOTH = "both"
    RELAY = "relay"


class Mechanism(StrEnum):
    """How an e-mail server is logged in to: by a password, or by a Microsoft sign-in (R44)."""

    PASSWORD = "password"  # noqa: S105
    XOAUTH2 = "xoauth2"


class Function(StrEnum):
    """What a company uses a mailbox for."""

    SEND = "send"
    READ = "read"


class Health(StrEnum):
    """What the jobs last learned of an e-mail server."""

    UNKNOWN = "unknown"
    OK = "ok"
    FAILING = "failing"
    DOWN = "down"


class Partner(Base):
    """The reseller that administers many companies."""

    __tablename__ = "partner"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    partner_key: Mapped[str] = mapped_column(String(100), unique=True)
    auto_invoicy_mail: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class User(Base):
    """A person: of the partner, or of some of its companies."""

    __tablename__ = "app_user"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    nickname: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(10))
    os_account: Mapped[str | None] = mapped_column(String(64), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    bell_read_up_to: Mapped[int] = mapped_column(Id, default=0)
    nickname_key: Mapped[str] = mapped_column(String(120), default="")
    search_key: Mapped[str] = mapped_column(String(700), default="")
    language: Mapped[str | None] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class UserCompany(Base):
    """Which companies a company user may see (R53)."""

    __tablename__ = "user_company"
    user_id: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True
    )
    company_id: Mapped[int] = mapped_column(
        ForeignKey("company.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Company(Base):
    """An issuer of fiscal documents."""

    __tablename__ = "company"
    __table_args__ = (UniqueConstraint("partner_id", "cnpj"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    cnpj: Mapped[str] = mapped_column(String(14), index=True)
    nickname: Mapped[str] = mapped_column(String(60))
    legal_name: Mapped[str] = mapped_column(String(200))
    headquarters_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    notification_email: Mapped[str | None] = mapped_column(String(2000))
    document_import: Mapped[bool] = mapped_column(default=False)
    invoicy_mail: Mapped[bool] = mapped_column(default=False)
    may_register: Mapped[bool] = mapped_column(default=True)
    silence_notice: Mapped[bool] = mapped_column(default=True)
    sender_name: Mapped[str] = mapped_column(String(200), default="")
    nickname_key: Mapped[str] = mapped_column(String(120), default="")
    search_key: Mapped[str] = mapped_column(String(400), default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class EmailServer(Base):
    """A registered mail account with its settings, owned by the partner; its password is in the vault.

    ``password_version`` counts the passwords that it has had. A copy (R6) remembers its origin,
    what that was called, and the origin's password version at the time of the copy.
    ``refusals`` are definite refusals in a row by the sending server, ``pop_refusals`` by the
    reading one. With the mechanism "xoauth2" the vault keeps a sign-in instead of a password:
    ``tenant`` says through which authority ("consumers", "organizations" or a directory),
    ``account`` and ``account_id`` (its object and tenant) who signed in. ``pop_username`` is the
    login name for reading where it is another than for sending (R44).

    ``most_connections``, ``most_per_minute`` and ``most_per_day`` take the place of the provider's
    limits where they are set, 0 for none (R34); until ``full_until`` the one of ``full_per``
    ("minute" or "day") is reached. ``paused_until`` ends by itself; ``paused_by`` is who paused
    sending by hand, at ``paused_at``, until somebody resumes it.
    """

    __tablename__ = "email_server"
    __table_args__ = (
        Index(
            "ux_email_server_relay",
            "partner_id",
            unique=True,
            sqlite_where=text("kind = 'relay'"),
            postgresql_where=text("kind = 'relay'"),
        ),
        Index(
            "ix_email_server_full",
            "full_until",
            sqlite_where=text("full_until IS NOT NULL"),
            postgresql_where=text("full_until IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    kind: Mapped[str] = mapped_column(String(5))
    nickname: Mapped[str] = mapped_column(String(60))
    sender_name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), index=True)
    username: Mapped[str] = mapped_column(String(254))
    pop_username: Mapped[str | None] = mapped_column(String(254))
    mechanism: Mapped[str] = mapped_column(String(8), default=Mechanism.PASSWORD)
    tenant: Mapped[str | None] = mapped_column(String(64))
    account: Mapped[str | None] = mapped_column(String(254))
    account_id: Mapped[str | None] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(default=True)
    smtp_host: Mapped[str | None] = mapped_column(String(253))
    smtp_port: Mapped[int | None]
    smtp_security: Mapped[str | None] = mapped_column(String(8))
    pop_host: Mapped[str | None] = mapped_column(String(253))
    pop_port: Mapped[int | None]
    pop_security: Mapped[str | None] = mapped_column(String(8))
    authenticate: Mapped[bool] = mapped_column(default=True)
    verify_certificate: Mapped[bool] = mapped_column(default=True)
    timeout: Mapped[int] = mapped_column(default=30)
    delete_after: Mapped[str] = mapped_column(String(8), default="import")
    health: Mapped[str] = mapped_column(String(10), default=Health.UNKNOWN)
    health_reason: Mapped[str | None] = mapped_column(String(1000))
    health_since: Mapped[datetime | None]
    refusals: Mapped[int] = mapped_column(default=0)
    pop_refusals: Mapped[int] = mapped_column(default=0)
    inactive_code: Mapped[int | None]
    inactive_reason: Mapped[str | None] = mapped_column(String(1000))
    inactive_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    paused_by: Mapped[str | None] = mapped_column(String(60))
    paused_at: Mapped[datetime | None]
    most_connections: Mapped[int | None]
    most_per_minute: Mapped[int | None]
    most_per_day: Mapped[int | None]
    full_until: Mapped[datetime | None]
    full_per: Mapped[str | None] = mapped_column(String(6))
    next_read_at: Mapped[datetime | None] = mapped_column(index=True)
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("app_user.id", ondelete="SET NULL")
    )
    origin_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_server.id", ondelete="SET NULL"), index=True
    )
    origin_kind: Mapped[str | None] = mapped_column(String(12))
    origin_label: Mapped[str | None] = mapped_column(String(320))
    origin_password_version: Mapped[int | None]
    password_version: Mapped[int] = mapped_column(default=1)
    email_key: Mapped[str] = mapped_column(String(400), default="")
    search_key: Mapped[str] = mapped_column(String(700), default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    mailboxes: Mapped[list[Mailbox]] = relationship(
        back_populates="server", cascade="all, delete-orphan"
    )


class SendingCount(Base):
    """How much left by an e-mail server in a short while of the last minute, or hour of the last day.

    Kept only where a limit is to be respected (R34); ``per`` is "minute" or "day".
    """

    __tablename__ = "sending_count"
    server_id: Mapped[int] = mapped_column(
        ForeignKey("email_server.id", ondelete="CASCADE"), primary_key=True
    )
    per: Mapped[str] = mapped_column(String(6), primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    n: Mapped[int]


class SignIn(Base):
    """How the Microsoft sign-in of an e-mail server does; made anew where it is missing.

    ``renewed_at`` is when the identity provider last answered with a token, which keeps it for
    another 90 days; ``expires_at`` when the access token in the vault ends; ``check_at`` when the
    periodic check is to prove it next (R45). ``trouble`` is the code that stands between it and
    mail without having inactivated it, and ``failures`` counts how often it was met since.
    """

    __tablename__ = "sign_in"
    server_id: Mapped[int] = mapped_column(
        ForeignKey("email_server.id", ondelete="CASCADE"), primary_key=True
    )
    renewed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    check_at: Mapped[datetime | None] = mapped_column(index=True)
    trouble: Mapped[str | None] = mapped_column(String(40))
    failures: Mapped[int] = mapped_column(default=0)


class Mailbox(Base):
    """An e-mail server as one company sees it, for one function: the link (R10, R20)."""

    __tablename__ = "mailbox"
    __table_args__ = (
        UniqueConstraint("server_id", "company_id", "function"),
        Index("ix_mailbox_company", "company_id", "function", "position"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("email_server.id", ondelete="CASCADE"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    function: Mapped[str] = mapped_column(String(4))
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    server: Mapped[EmailServer] = relationship(back_populates="mailboxes")
    company: Mapped[Company] = relationship()


class MailboxImport(Base):
    """One *Importar da Matriz* or *do Parceiro*: which copy came, and what went for it (R6)."""

    __tablename__ = "mailbox_import"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    company_id: Mapped[int] = mapped_column(
        ForeignKey("company.id", ondelete="CASCADE"), index=True
    )
    server_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_server.id", ondelete="SET NULL")
    )
    user_nickname: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    undone_at: Mapped[datetime | None]


class RemovedMailbox(Base):
    """A sending mailbox that an import removed, kept to be brought back (R6).

    ``server_id`` is set while its server lives on with other companies. ``settings`` has the
    server's values as they were, and the vault its password under this row, for when it does not.
    """

    __tablename__ = "removed_mailbox"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    import_id: Mapped[int] = mapped_column(
        ForeignKey("mailbox_import.id", ondelete="CASCADE"), index=True
    )
    server_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_server.id", ondelete="SET NULL")
    )
    position: Mapped[int] = mapped_column(default=0)
    settings: Mapped[dict[str, Any]]


class AuditEntry(Base):
    """Who changed what, when, from what to what; never a secret (R55)."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    partner_id: Mapped[int | None] = mapped_column(index=True)
    company_id: Mapped[int | None] = mapped_column(index=True)
    user_id: Mapped[int | None]
    user_nickname: Mapped[str] = mapped_column(String(60))
    os_account: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


class DataKey(Base):
    """A data key wrapped by the master key, and the canary that proves which master key it was."""

    __tablename__ = "data_key"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wrapped: Mapped[bytes]
    canary: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Secret(Base):
    """One sealed secret: version, key, nonce and ciphertext; bound to its place by associated data."""

    __tablename__ = "secret"
    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[int] = mapped_column(Id, primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    key_id: Mapped[int] = mapped_column(ForeignKey("data_key.id"))
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]


class Lease(Base):
    """A singleton's claim: who holds ``name``, until when, under which fence number.

    ``uptime`` is the same ``until`` by the uptime of the machine of ``owner``; an older version
    leaves it out. ``done`` of ``total`` is how far its work is, where that is told. ``since`` is
    when the work began that is under way, whoever began it: it outlives a holder that was killed.
    """

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner: Mapped[str] = mapped_column(String(120))
    fence: Mapped[int] = mapped_column(default=1)
    until: Mapped[datetime] = mapped_column(index=True)
    uptime: Mapped[float | None]
    done: Mapped[int | None]
    total: Mapped[int | None]
    since: Mapped[datetime | None]
