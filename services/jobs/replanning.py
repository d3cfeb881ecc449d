"""What was planned while the clock was far ahead: once it is set right, nothing waits for that time."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.clock import now
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import EmailServer

log = logging.getLogger(__name__)

# Nothing is put off, paused or full for longer than a day.
_FARTHEST = timedelta(days=2)
_WAITING = (OutboxState.QUEUED, OutboxState.DEFERRED)


def plan_anew(session: Session) -> int:
    """Make due what waits for a time days beyond any that is planned (R33, R34); how many e-mails
    and mailboxes.

    What is held waits for a mailbox and for no time. When mailboxes are read is seen to by
    reading itself, claims by leases.
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
    ):
        rows = session.execute(change, execution_options={"synchronize_session": False})
        changed += len(rows.all())
    if changed:
        log.warning("planned by a clock that was ahead, and due now: %d", changed)
    return changed
