"""Counting what leaves by a mailbox, for all processes at once, so that its limits hold (R34).

The counts are rows of the database, one for a few seconds of the last minute and one for each
hour of the last day: what is counted is at most that much too old, never too young.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.language import _
from services.registry.limits import DAY, MINUTE, Limits, limits_of
from services.store.insertion import insert
from services.store.models import EmailServer, SendingCount

_SPANS = {
    MINUTE: (timedelta(minutes=1), timedelta(seconds=5)),
    DAY: (timedelta(days=1), timedelta(hours=1)),
}
"""How far back each limit looks, and how finely."""


_PATIENCE = timedelta(days=1)
"""After that no smaller letter passes one that waits for much room."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Room that was taken for one letter, to be given back when nothing of it leaves."""

    server_id: int
    places: tuple[tuple[str, datetime, int], ...]


@dataclass(frozen=True, slots=True)
class NoRoom:
    """A limit is reached. ``why``: for this letter alone, because it goes to so many; ``ever``
    is False when it goes to more than the limit is."""

    why: str | None = None
    ever: bool = True


def take(
    session: Session, server_id: int, recipients: int, since: datetime | None = None
) -> Taken | NoRoom:
    """Take room for one letter to so many recipients, written at ``since``.

    Where there is none for the smallest either, the mailbox says until when, and no claim is made
    meanwhile for companies that have no other. A letter that is too large for what is left lets
    smaller ones pass for a day; then they wait until it has left.
    """
    server = session.scalar(
        select(EmailServer).where(EmailServer.id == server_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if server is None:
        return Taken(server_id, ())
    at = now()
    limits = limits_of(server)
    counts = _counts(session, server_id, at)
    places: list[tuple[str, datetime, int]] = []
    for per, most, n in _wanted(limits, recipients):
        if n > most:
            return NoRoom(_too_many(n, most), ever=False)
        goes_on = _full_until(counts[per], per, most, n)
        if goes_on is not None:
            patient = since is not None and at - since < _PATIENCE
            if patient and _full_until(counts[per], per, most, 1) is None:
                left = most - sum(count for _begins_at, count in counts[per])
                return NoRoom(_too_many_now(n, most, left))
            server.full_until, server.full_per = goes_on, per
            session.flush()
            return NoRoom()
        places.append((per, _begin(at, per), n))
    for per, begins_at, n in places:
        _add(session, server_id, per, begins_at, n)
    return Taken(server_id, tuple(places))


def fits(limits: Limits, recipients: int) -> bool:
    """Can a letter to so many ever leave within ``limits``?"""
    return all(n <= most for _per, most, n in _wanted(limits, recipients))


def _too_many(n: int, most: int) -> str:
    return _(
        "O e-mail vai a {n} destinatários e o limite é de {most} por dia: nunca caberá. Divida os"
        " destinatários em vários e-mails ou aumente o limite da caixa"
    ).format(n=n, most=most)


def _too_many_now(n: int, most: int, left: int) -> str:
    return _(
        "limite do provedor: {most} destinatários por dia; restam {left} e o e-mail vai a {n}"
    ).format(most=most, left=left, n=n)


def give_back(session: Session, taken: Taken) -> None:
    """Nothing left after all."""
    # As for taking: two that change several counts of a mailbox do so one after the other.
    session.execute(
        select(EmailServer.id).where(EmailServer.id == taken.server_id).with_for_update()
    )
    for per, begins_at, n in taken.places:
        session.execute(
            update(SendingCount)
            .where(
                SendingCount.server_id == taken.server_id,
                SendingCount.per == per,
                SendingCount.begins_at == begins_at,
                SendingCount.n >= n,
            )
            .values(n=SendingCount.n - n),
            execution_options={"synchronize_session": False},
        )


def _wanted(limits: Limits, recipients: int) -> Iterable[tuple[str, int, int]]:
    if limits.per_day is not None:
        yield DAY, limits.per_day, recipients if limits.by_recipient else 1
    if limits.per_minute is not None:
        yield MINUTE, limits.per_minute, 1


def _counts(
    session: Session, server_id: int, at: datetime
) -> dict[str, list[tuple[datetime, int]]]:
    """What counts still, oldest first; what does not any more is removed."""
    counts: dict[str, list[tuple[datetime, int]]] = {per: [] for per in _SPANS}
    over = False
    for row in session.execute(
        select(SendingCount.per, SendingCount.begins_at, SendingCount.n)
        .where(SendingCount.server_id == server_id)
        .order_by(SendingCount.begins_at)
    ):
        if _ends_to_count(row.per, row.begins_at) > at:
            counts[row.per].append((row.begins_at, row.n))
        else:
            over = True
    if over:
        for per, (span, grain) in _SPANS.items():
            session.execute(
                delete(SendingCount).where(
                    SendingCount.server_id == server_id,
                    SendingCount.per == per,
                    SendingCount.begins_at <= at - span - grain,
                ),
                execution_options={"synchronize_session": False},
            )
    return counts


def _full_until(
    counts: list[tuple[datetime, int]], per: str, most: int, wanted: int
) -> datetime | None:
    """When ``wanted`` more will be within ``most``; None when they are now."""
    total = sum(n for _begins_at, n in counts)
    goes_on = None
    for begins_at, n in counts:
        if total + wanted <= most or not total:
            break
        total -= n
        if n:
            goes_on = _ends_to_count(per, begins_at)
    return goes_on


def _ends_to_count(per: str, begins_at: datetime) -> datetime:
    span, grain = _SPANS[per]
    return begins_at + grain + span


def _begin(at: datetime, per: str) -> datetime:
    grain = _SPANS[per][1].total_seconds()
    return datetime.fromtimestamp(at.timestamp() // grain * grain, UTC)


def _add(session: Session, server_id: int, per: str, begins_at: datetime, n: int) -> None:
    statement = insert(session, SendingCount).values(
        server_id=server_id, per=per, begins_at=begins_at, n=n
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["server_id", "per", "begins_at"], set_={"n": SendingCount.n + n}
        )
    )
