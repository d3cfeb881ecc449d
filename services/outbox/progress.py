"""How the queue moves: what waits, how fast it leaves, how long that will take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.clock import now
from services.outbox.waiting import STATES
from services.registry import access, ways_out
from services.registry.access import Actor
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import Company

_MINUTE = timedelta(minutes=1)
_LEAST = 5.0
"""Seconds over which a rate is told at least: of one e-mail there is none."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The queue of what a person sees.

    ``due`` may leave now, ``sending`` is leaving; ``later`` waits for its next attempt and
    ``held`` for a mailbox, a pause or a limit; ``failed`` waits for a person. ``last_minute`` were
    sent, ``per_minute`` is how fast that went while it lasted. ``seconds_left`` until all that may
    leave has left; None while nothing leaves.
    """

    due: int
    sending: int
    later: int
    held: int
    failed: int
    last_minute: int
    per_minute: int
    seconds_left: float | None

    @property
    def leaving(self) -> int:
        """How many are on their way out."""
        return self.due + self.sending


def progress(session: Session, actor: Actor, *, company_id: int | None = None) -> Progress:
    """How the queue moves for the companies that ``actor`` sees, or one of them (R53)."""
    at = now()
    companies = select(Company.id).where(
        access.visible(actor, Company.partner_id, Company.id),
    )
    if company_id is not None:
        companies = companies.where(Company.id == company_id)
    mine = OutboxMessage.company_id.in_(companies)
    open_ways = OutboxMessage.company_id.in_(companies.where(ways_out.has_one(at)))

    def count(*conditions: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).where(*conditions)) or 0

    waits = OutboxMessage.state.in_(STATES)
    ready = OutboxMessage.next_attempt_at <= at
    due = count(waits, ready, open_ways)
    all_waiting = count(waits, mine)
    later = count(waits, OutboxMessage.next_attempt_at > at, OutboxMessage.held.is_(False), mine)
    sending = count(OutboxMessage.state == OutboxState.SENDING, mine)
    failed = count(OutboxMessage.state == OutboxState.FAILED, mine)
    sent, first = session.execute(
        select(func.count(), func.min(OutboxMessage.next_attempt_at)).where(
            OutboxMessage.state == OutboxState.SENT,
            OutboxMessage.next_attempt_at > at - _MINUTE,
            mine,
        )
    ).one()
    seconds = max((at - first).total_seconds(), _LEAST) if first is not None else 60.0
    rate = sent / seconds
    leaving = due + sending
    left = 0.0 if not leaving else leaving / rate if rate else None
    return Progress(
        due,
        sending,
        later,
        all_waiting - due - later,
        failed,
        sent,
        round(rate * 60),
        left,
    )
