"""Claims on queued e-mails: who works on which, until when, under which fence number.

A claim lasts :data:`LEASE` seconds and is renewed while its holder lives. Each claim raises the
message's fence by one and opens the attempt of that number in the same transaction, before any
byte leaves; an outcome is accepted only while that very claim stands. What a killed process left
behind is taken back by whoever notices (:class:`Watch`, :mod:`services.outbox.taking_back`).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session

from services.clock import now
from services.registry import ways_out
from services.store import owner as owners
from services.store.mail import OutboxAttempt, OutboxMessage, OutboxState
from services.store.models import Company
from services.store.notices import Notification
from services.store.rows import insert_rows

LEASE = 45.0
RENEW_EVERY = 10.0
_WAITING = (OutboxState.QUEUED, OutboxState.DEFERRED)
# In these words SQLite finds its partial index.
_HELD = text("outbox_message.held")
_messages = cast(Table, OutboxMessage.__table__)
# A live holder renews within this time, so that its claim is seen to move whatever clocks say.
_SEEN_STILL = RENEW_EVERY + 2.0


@dataclass(frozen=True, slots=True)
class Dead:
    """A claim that nobody holds any more; ``gone``: its process is known to have ended here."""

    message_id: int
    fence: int
    until: datetime | None
    owner: str | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """``count`` e-mails that somebody has, and until when the last one is, unless that is renewed."""

    count: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """One e-mail claimed: the key under which its outcome will be accepted."""

    message_id: int
    fence: int
    company_id: int
    attempts: int


def claim(session: Session, owner: str, limit: int) -> list[Claim]:
    """Claim up to ``limit`` due e-mails for ``owner``, every company in turn.

    The oldest of a company go first; no company waits for another's backlog. Those whose every
    mailbox has reached a limit are left out until one is renewed (R34).
    """
    at = now()
    room = _room(session, at)
    claimed: list[Claim] = []
    for company_id, share in _shares(session, at, limit, room.of(None)):
        due = (
            select(OutboxMessage.id)
            .where(
                OutboxMessage.state.in_(_WAITING),
                OutboxMessage.next_attempt_at <= at,
                *room.of(company_id),
            )
            .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
            .limit(share)
            .with_for_update(skip_locked=True)
        )
        if company_id is not None:
            due = due.where(OutboxMessage.company_id == company_id)
        rows = session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(due.scalar_subquery()))
            .values(
                state=OutboxState.SENDING,
                fence=OutboxMessage.fence + 1,
                attempts=OutboxMessage.attempts + 1,
                lease_owner=owner,
                lease_until=at + timedelta(seconds=LEASE),
                held=False,
            )
            .returning(
                OutboxMessage.id,
                OutboxMessage.fence,
                OutboxMessage.company_id,
                OutboxMessage.attempts,
            ),
            execution_options={"synchronize_session": False},
        )
        claimed += [Claim(*row) for row in rows]
    if claimed:
        opened = [{"message_id": c.message_id, "fence": c.fence, "started_at": at} for c in claimed]
        insert_rows(session, OutboxAttempt, opened)
    return sorted(claimed, key=lambda c: c.message_id)


@dataclass(frozen=True, slots=True)
class _Room:
    """The ``full`` companies, whose every mailbox has reached a limit, and what leaves them out."""

    full: frozenset[int] = frozenset()
    all_others: tuple[ColumnElement[bool], ...] = ()

    def of(self, company_id: int | None) -> tuple[ColumnElement[bool], ...]:
        """The condition for e-mails of one company, or any: most need none."""
        return self.all_others if company_id is None or company_id in self.full else ()


def _room(session: Session, at: datetime) -> _Room:
    """Warnings about dead mailboxes are not left out: they may leave by the relay (R46)."""
    query = ways_out.at_their_limits(session, at)
    full = frozenset(session.scalars(query)) if query is not None else frozenset()
    if query is None or not full:
        return _Room()
    warnings = select(Notification.id).where(
        Notification.company_id.in_(query), Notification.type_key.in_(ways_out.WARNINGS)
    )
    return _Room(
        full,
        (OutboxMessage.company_id.not_in(query) | OutboxMessage.notification_id.in_(warnings),),
    )


def _shares(
    session: Session, at: datetime, limit: int, ready: Collection[ColumnElement[bool]]
) -> list[tuple[int | None, int]]:
    """How many of which company (None: of any) make up a fair batch."""
    due: dict[int, int] = {}
    for state in _WAITING:
        counts = session.execute(
            select(OutboxMessage.company_id, func.count())
            .where(OutboxMessage.state == state, OutboxMessage.next_attempt_at <= at, *ready)
            .group_by(OutboxMessage.company_id)
        )
        for company_id, count in counts:
            due[company_id] = due.get(company_id, 0) + count
    if not due:
        return []
    if len(due) == 1 or sum(due.values()) <= limit:
        return [(None, limit)]
    shares: list[tuple[int | None, int]] = []
    left = limit
    companies = sorted(due.items(), key=lambda item: item[1])[:limit]
    for done, (company_id, count) in enumerate(companies):
        share = min(count, max(1, left // (len(companies) - done)))
        shares.append((company_id, share))
        left -= share
    return shares


def renew(session: Session, owner: str) -> set[int]:
    """Keep the claims of ``owner`` for another :data:`LEASE` seconds; the e-mails still claimed."""
    result = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.state == OutboxState.SENDING, OutboxMessage.lease_owner == owner)
        .values(lease_until=now() + timedelta(seconds=LEASE))
        .returning(OutboxMessage.id),
        execution_options={"synchronize_session": False},
    )
    return set(result.scalars())


def standing_rows(*columns: str) -> Select[Any]:
    """These columns of those of the messages ``ids`` that ``owner`` holds; locked until the end.

    To be built once: building a statement costs more than running it.
    """
    return (
        select(*(_messages.c[name] for name in columns))
        .where(
            _messages.c.id.in_(bindparam("ids", expanding=True)),
            _messages.c.state == OutboxState.SENDING,
            _messages.c.lease_owner == bindparam("owner"),
        )
        .order_by(_messages.c.id)
        .with_for_update()
    )


_STANDING = standing_rows("id", "fence")


def standing(
    session: Session, claims: Collection[tuple[int, int]], owner: str
) -> set[tuple[int, int]]:
    """Those of ``claims`` (message, fence) that ``owner`` still holds; locked until the end."""
    rows = session.connection().execute(
        _STANDING, {"ids": [message_id for message_id, _fence in claims], "owner": owner}
    )
    return {(row.id, row.fence) for row in rows} & set(claims)


def release(session: Session, claims: Collection[tuple[int, int]], owner: str) -> None:
    """Hand back claims for which no byte has left: due at once, as if never claimed."""
    kept = standing(session, claims, owner)
    for message_id, _fence in kept:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id)
            .values(
                state=OutboxState.QUEUED,
                attempts=OutboxMessage.attempts - 1,
                lease_owner=None,
                lease_until=None,
            ),
            execution_options={"synchronize_session": False},
        )
    forget(session, kept)


def forget(session: Session, claims: Iterable[tuple[int, int]]) -> None:
    """Take the attempts of these claims (message, fence) from the record: nothing was attempted."""
    for message_id, fence in claims:
        session.execute(
            delete(OutboxAttempt).where(
                OutboxAttempt.message_id == message_id, OutboxAttempt.fence == fence
            ),
            execution_options={"synchronize_session": False},
        )


class Watch:
    """One observer of all claims, who tells the dead from the living.

    Taken back is a claim whose process is known to have ended on this host; one that has run out
    by the clock and was watched for 12 s without being renewed; and, should the clock have gone
    back, one that was not renewed for more than a whole lease. Time is watched by a clock that
    nobody can set, so that no jump of the day's time takes a claim from a living holder.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, datetime | None, float]] = {}
        self.suspects = 0

    def look(self, session: Session) -> list[Dead]:
        """The dead claims; ``suspects`` then counts those that ran out but are still watched."""
        at, ticks = now(), steady()
        rows = session.execute(
            select(
                OutboxMessage.id,
                OutboxMessage.fence,
                OutboxMessage.lease_until,
                OutboxMessage.lease_owner,
            ).where(OutboxMessage.state == OutboxState.SENDING)
        ).all()
        gone: dict[str | None, bool] = {}
        seen: dict[int, tuple[int, datetime | None, float]] = {}
        dead: list[Dead] = []
        self.suspects = 0
        for message_id, fence, until, owner in rows:
            last = self._seen.get(message_id)
            since = ticks if last is None or last[:2] != (fence, until) else last[2]
            seen[message_id] = (fence, until, since)
            if owner not in gone:
                gone[owner] = owner is None or owners.is_gone(owner)
            run_out = until is None or until <= at
            still = ticks - since
            if gone[owner] or (run_out and still >= _SEEN_STILL) or still >= LEASE + _SEEN_STILL:
                dead.append(Dead(message_id, fence, until, owner, gone[owner]))
            elif run_out:
                self.suspects += 1
        self._seen = seen
        return dead


def claimed(session: Session) -> Claimed | None:
    """What is being sent, or was when its sender was killed; None where nobody has a claim."""
    count, until = session.execute(
        select(func.count(), func.max(OutboxMessage.lease_until)).where(
            OutboxMessage.state == OutboxState.SENDING
        )
    ).one()
    return Claimed(count, until) if until is not None else None


def freed(session: Session) -> list[int]:
    """The companies with e-mails held for want of a way out that have one to use now (R9, R14).

    A warning about a dead mailbox may also leave by the partner's relay (R46).
    """
    at = now()
    held = select(OutboxMessage.company_id).where(_HELD)
    warned = held.join(Notification, Notification.id == OutboxMessage.notification_id).where(
        Notification.type_key.in_(ways_out.WARNINGS)
    )
    return list(
        session.scalars(
            select(Company.id).where(
                Company.id.in_(held.distinct().scalar_subquery()),
                ways_out.has_one(at)
                | (Company.id.in_(warned.scalar_subquery()) & ways_out.has_one(at, warning=True)),
            )
        )
    )


def let_go(session: Session, companies: Collection[int]) -> int:
    """Make due what those companies had held; how many."""
    result = session.execute(
        update(OutboxMessage)
        .where(
            _HELD,
            OutboxMessage.company_id.in_(companies),
            OutboxMessage.state == OutboxState.DEFERRED,
        )
        .values(next_attempt_at=now(), held=False)
        .returning(OutboxMessage.id),
        execution_options={"synchronize_session": False},
    )
    return len(result.all())


def claimants(session: Session) -> set[str]:
    """Everybody who holds claims."""
    owners_now = select(OutboxMessage.lease_owner).where(OutboxMessage.state == OutboxState.SENDING)
    return {name for name in session.scalars(owners_now.distinct()) if name is not None}


def is_due(session: Session) -> bool:
    """True when an e-mail waits for its attempt now, and a mailbox has room for it."""
    return session.scalar(_due_now(session, now(), OutboxMessage.id).limit(1)) is not None


def overdue(session: Session) -> timedelta:
    """For how long the e-mail that is due longest, with room for it, waits for anybody to claim it."""
    at = now()
    oldest = session.scalar(_due_now(session, at, func.min(OutboxMessage.next_attempt_at)))
    return at - oldest if oldest is not None else timedelta(0)


def _due_now(session: Session, at: datetime, what: Any) -> Select[Any]:
    return select(what).where(
        OutboxMessage.state.in_(_WAITING),
        OutboxMessage.next_attempt_at <= at,
        *_room(session, at).of(None),
    )


def steady() -> float:
    """Seconds of a clock that cannot be set and counts suspended time too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
