"""What the bell keeps for how long: old entries and notifications go, a few at a time (R52)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from services.clock import days_ago
from services.notifications.types import Severity
from services.store.mail import OutboxMessage, OutboxState
from services.store.notices import BellEntry, Notification

AT_ONCE = 1_000
LONGER = 2
"""Errors are kept this many times as long: nobody may have been there to see them."""
_PENDING = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DEFERRED)


def purge(session: Session, days: float) -> int:
    """Drop up to :data:`AT_ONCE` entries last heard of ``days`` ago, errors after twice as long.

    Their read marks go with them, and as many notifications of that age whose e-mails are done
    with. How many went; 0 when nothing is left to drop.
    """
    usual, errors = days_ago(days), days_ago(LONGER * days)
    gone = 0
    for severity, before in (
        (Severity.INFO, usual),
        (Severity.WARNING, usual),
        (Severity.ERROR, errors),
    ):
        if gone < AT_ONCE:
            gone += _entries(session, severity, before, AT_ONCE - gone)
    return gone + _notifications(session, errors)


def _entries(session: Session, severity: Severity, before: datetime, most: int) -> int:
    old = (
        select(BellEntry.id)
        .where(BellEntry.severity == severity, BellEntry.at < before)
        .order_by(BellEntry.at)
        .limit(most)
    )
    ids = session.scalars(old).all()
    # One that comes again meanwhile stays.
    session.execute(
        delete(BellEntry).where(BellEntry.id.in_(ids), BellEntry.at < before),
        execution_options={"synchronize_session": False},
    )
    return len(ids)


def _notifications(session: Session, before: datetime) -> int:
    pending = exists().where(
        OutboxMessage.notification_id == Notification.id, OutboxMessage.state.in_(_PENDING)
    )
    old = (
        select(Notification.id)
        .where(Notification.created_at < before, ~pending)
        .order_by(Notification.created_at)
        .limit(AT_ONCE)
    )
    ids = session.scalars(old).all()
    session.execute(
        delete(Notification).where(Notification.id.in_(ids)),
        execution_options={"synchronize_session": False},
    )
    return len(ids)
