"""What the queue keeps for how long: texts and attachments first, then the record (R33)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from services.store import ageing
from services.store.ageing import Look, Removed
from services.store.blobs import drop_unused
from services.store.mail import OutboxAttachment, OutboxContent, OutboxMessage, OutboxState

LONGER = 2
"""What failed is kept this many times as long: somebody may want to send it again."""
_DONE = (OutboxState.SENT, OutboxState.CANCELLED)


def look_at_contents(
    session: Session, before: datetime, failed_before: datetime, after: int
) -> Look:
    """E-mails whose text and attachments have been kept long enough.

    Never of one that waits, is held, is leaving or is uncertain.
    """
    of = OutboxMessage.id == OutboxContent.message_id
    return ageing.look(
        session,
        OutboxContent.message_id,
        OutboxMessage.created_at,
        before,
        after,
        _over(before, failed_before),
        of,
    )


def forget_contents(
    session: Session, before: datetime, failed_before: datetime, ids: Sequence[int]
) -> Removed:
    """Remove text and attachments of those of ``ids`` of which that is still true."""
    done = _locked(session, ids, _over(before, failed_before))
    mine = OutboxAttachment.message_id.in_(done)
    digests = set(session.scalars(select(OutboxAttachment.sha256).where(mine)))
    for each in (
        delete(OutboxAttachment).where(mine),
        delete(OutboxContent).where(OutboxContent.message_id.in_(done)),
    ):
        session.execute(each, execution_options={"synchronize_session": False})
    return Removed(len(done), drop_unused(session, digests).size)


def look_at_records(session: Session, before: datetime, after: int) -> Look:
    """E-mails that are final and have been on record long enough."""
    return ageing.look(
        session, OutboxMessage.id, OutboxMessage.created_at, before, after, _over(before, before)
    )


def forget_records(session: Session, before: datetime, ids: Sequence[int]) -> Removed:
    """Remove those of ``ids`` of which that is still true, with recipients, attempts and text."""
    done = _locked(session, ids, _over(before, before))
    attached = select(OutboxAttachment.sha256).where(OutboxAttachment.message_id.in_(done))
    digests = set(session.scalars(attached))
    session.execute(
        delete(OutboxMessage).where(OutboxMessage.id.in_(done)),
        execution_options={"synchronize_session": False},
    )
    return Removed(len(done), drop_unused(session, digests).size)


def _over(before: datetime, failed_before: datetime) -> ColumnElement[bool]:
    """Final since; of what is final ``next_attempt_at`` is when it became so."""
    return or_(
        and_(OutboxMessage.state.in_(_DONE), OutboxMessage.next_attempt_at < before),
        and_(
            OutboxMessage.state == OutboxState.FAILED, OutboxMessage.next_attempt_at < failed_before
        ),
    )


def _locked(session: Session, ids: Sequence[int], over: ColumnElement[bool]) -> Sequence[int]:
    """Whoever sends again one of ``ids`` right now keeps it."""
    rows = (
        select(OutboxMessage.id).where(OutboxMessage.id.in_(ids), over).order_by(OutboxMessage.id)
    )
    return session.scalars(rows.with_for_update(skip_locked=True)).all()
