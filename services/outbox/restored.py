"""What was on its way when a backup was made: it may have left since, nobody knows."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.language import _
from services.store.mail import OutboxAttempt, OutboxMessage, OutboxRecipient, OutboxState

_UNDER_WAY = (OutboxState.QUEUED, OutboxState.DEFERRED, OutboxState.SENDING)


def leave_to_a_person(session: Session) -> int:
    """Make every e-mail that waited uncertain instead of sending it a second time; how many (R33)."""
    why = _("Veio de um backup: pode ter saído depois dele. Confira e, se não chegou, reenvie.")
    at = now()
    waiting = select(OutboxMessage.id).where(OutboxMessage.state.in_(_UNDER_WAY))
    session.execute(
        update(OutboxRecipient)
        .where(
            OutboxRecipient.message_id.in_(waiting.scalar_subquery()),
            OutboxRecipient.state.in_(_UNDER_WAY),
        )
        .values(state=OutboxState.UNCERTAIN, why=why, done_at=at),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(OutboxAttempt)
        .where(OutboxAttempt.outcome == OutboxState.SENDING)
        .values(outcome=OutboxState.UNCERTAIN, ended_at=at),
        execution_options={"synchronize_session": False},
    )
    left = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.state.in_(_UNDER_WAY))
        .values(
            state=OutboxState.UNCERTAIN,
            error=why,
            held=False,
            lease_owner=None,
            lease_until=None,
        )
        .returning(OutboxMessage.id),
        execution_options={"synchronize_session": False},
    )
    return len(left.all())
