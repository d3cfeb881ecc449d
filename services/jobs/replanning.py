"""What was planned while the clock was far ahead: once it is set right, nothing waits for that time."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from services.clock import now
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import EmailServer, SendingCount, SignIn

log = logging.getLogger(__name__)

# Nothing is put off, paused or full for longer than a day; sign-ins are proven by an interval of
# the settings.
_FARTHEST = timedelta(days=2)
_WAITING = (OutboxState.QUEUED, OutboxState.DEFERRED)


def plan_anew(session: Session, between_proofs: float) -> int:
    """Make due what waits for a time days beyond any that is planned (R33, R34, R45); how many
    e-mails, mailboxes, sign-ins and counts of what left.

    ``between_proofs`` is how many seconds a sign-in may go unproven. What is held waits for a
    mailbox and for no time. When mailboxes are read is seen to by reading itself, claims by leases.
    """
    at = now()
    farthest = at + _FARTHEST
    changed = 0
    for change in (
        update(OutboxMessage)
        .where(
            OutboxMessage.state.in_(_WAITING),
            OutboxMessage.held.is_(False),
            OutboxMessage.next_attempt_at > farthest,
        )
        .values(next_attempt_at=at)
        .returning(OutboxMessage.id),
        update(EmailServer)
        .where(EmailServer.paused_until > farthest)
        .values(paused_until=None)
        .returning(EmailServer.id),
        update(EmailServer)
        .where(EmailServer.full_until > farthest)
        .values(full_until=None, full_per=None)
        .returning(EmailServer.id),
        # Counted then, it would fill the mailbox anew.
        delete(SendingCount)
        .where(SendingCount.begins_at > farthest)
        .returning(SendingCount.server_id),
        update(SignIn)
        .where(SignIn.check_at > farthest + timedelta(seconds=between_proofs))
        .values(check_at=at)
        .returning(SignIn.server_id),
    ):
        rows = session.execute(change, execution_options={"synchronize_session": False})
        changed += len(rows.all())
    if changed:
        log.warning("planned by a clock that was ahead, and due now: %d", changed)
    return changed
