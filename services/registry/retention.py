"""How long the audit trail is kept (R55)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, true
from sqlalchemy.orm import Session

from services.store import ageing
from services.store.ageing import Look, Removed
from services.store.models import AuditEntry


def look_at_audit(session: Session, before: datetime, after: int) -> Look:
    """Entries from before that."""
    return ageing.look(session, AuditEntry.id, AuditEntry.at, before, after, true())


def forget_audit(session: Session, ids: Sequence[int]) -> Removed:
    """Remove them."""
    gone = session.execute(
        delete(AuditEntry).where(AuditEntry.id.in_(ids)).returning(AuditEntry.id),
        execution_options={"synchronize_session": False},
    )
    return Removed(len(gone.all()))
