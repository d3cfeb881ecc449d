"""The tables of notifications: who is told of what, what happened, and the bell."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clock import now
from services.store.models import Base
from services.store.types import Id


class NotificationEmail(Base):
    """An address that is told of several companies (R23, R24); ``user_id`` whose it is, if known.

    The address of an existing user follows the user's.
    """

    __tablename__ = "notification_email"
    __table_args__ = (UniqueConstraint("partner_id", "email_key"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(400))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class NotificationEmailCompany(Base):
    """A company that is linked to an address for notifications (R25)."""

    __tablename__ = "notification_email_company"
    email_id: Mapped[int] = mapped_column(
        ForeignKey("notification_email.id", ondelete="CASCADE"), primary_key=True
    )
    company_id: Mapped[int] = mapped_column(
        ForeignKey("company.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Subscription(Base):
    """A type of notification that an address receives of a company (R25)."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_company", "company_id", "type_key"),)
    email_id: Mapped[int] = mapped_column(
        ForeignKey("notification_email.id", ondelete="CASCADE"), primary_key=True
    )
    company_id: Mapped[int] = mapped_column(
        ForeignKey("company.id", ondelete="CASCADE"), primary_key=True
    )
    type_key: Mapped[str] = mapped_column(String(40), primary_key=True)


class OwnType(Base):
    """A type of notification that a partner has added to those of the program (R29).

    ``text`` is its template; ``title_en`` and ``text_en`` are for who reads English, "" where
    there is none of its own.
    """

    __tablename__ = "notification_type"
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    severity: Mapped[str] = mapped_column(String(8))
    by_email: Mapped[bool] = mapped_column(default=True)
    by_bell: Mapped[bool] = mapped_column(default=True)
    title_en: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(String(4000), default="")
    text_en: Mapped[str] = mapped_column(String(4000), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Notification(Base):
    """One occurrence to tell about (R26, R27)."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("company_id", "idempotency_key"),
        Index("ix_notification_created_at", "created_at"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    type_key: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(998))
    body: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class BellEntry(Base):
    """One line of the feed (R52); ``cause_kind`` and ``cause_id`` lead to what it speaks of.

    ``turn`` is its place: it grows with every entry and every repetition, and is never given
    twice. ``fold_key`` names what would be the same thing while that keeps happening: ``count``
    times from ``first_at`` to ``at``; ``mailed_at`` is when an e-mail last told of it.
    ``title_en`` and ``text_en`` are for who reads English; None where the words are the same for
    all.
    """

    __tablename__ = "bell_entry"
    __table_args__ = (
        Index("ix_bell_turn", "turn"),
        Index("ix_bell_partner", "partner_id", "turn"),
        Index("ix_bell_company", "company_id", "turn"),
        Index("ix_bell_type", "partner_id", "type_key", "turn"),
        Index("ix_bell_severity", "partner_id", "severity", "turn"),
        Index("ix_bell_both", "partner_id", "type_key", "severity", "turn"),
        Index("ix_bell_age", "severity", "at"),
        Index("ux_bell_fold", "fold_key", unique=True),
        Index(
            "ix_bell_notification",
            "notification_id",
            sqlite_where=text("notification_id IS NOT NULL"),
            postgresql_where=text("notification_id IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    turn: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(default=now)
    first_at: Mapped[datetime] = mapped_column(default=now)
    count: Mapped[int] = mapped_column(default=1)
    fold_key: Mapped[str | None] = mapped_column(String(200))
    mailed_at: Mapped[datetime | None]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    notification_id: Mapped[int | None] = mapped_column(
        ForeignKey("notification.id", ondelete="SET NULL")
    )
    type_key: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(998))
    text: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str | None] = mapped_column(String(998))
    text_en: Mapped[str | None] = mapped_column(Text)
    cause_kind: Mapped[str | None] = mapped_column(String(20))
    cause_id: Mapped[int | None]


class BellRead(Base):
    """That one user has read one entry as it was at ``turn`` (R52)."""

    __tablename__ = "bell_read"
    user_id: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("bell_entry.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    turn: Mapped[int] = mapped_column(Id)
