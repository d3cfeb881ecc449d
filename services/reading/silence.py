"""Companies whose reading mailboxes bring nothing: for longer than is their custom, or for 30 days (R29)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from services.clock import now
from services.language import both, ngettext
from services.notifications.announce import announce
from services.notifications.templates import words
from services.store.engine import Store
from services.store.mail import Document
from services.store.models import Company, EmailServer, Function, Mailbox

LONG = "no_documents_30_days"
UNUSUAL = "unusual_silence"
SILENCE = timedelta(days=30)
LEAST = timedelta(days=3)
"""No shorter pause is ever out of the ordinary: a long weekend is none."""
HISTORY = timedelta(days=90)
"""How far back from its last document a company's custom is learned."""
_ENOUGH = 10
_TIMES = 2
_PART = 0.95
_HOUR_MICROSECONDS = 3_600_000_000


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A company that nothing was imported for since ``began``; ``last`` is its last document."""

    company_id: int
    partner_id: int
    began: datetime
    last: datetime | None


def warn(store: Store) -> int:
    """Announce every silence that nobody was told of yet; how many.

    Of companies with Document Import and this notice on, and a reading mailbox in use. One of 30
    days is told, and again after every further 30; one out of the ordinary once, until the next
    document ends it. Looks before it holds anything, and holds only for each notice.
    """
    at = now()
    with store.reading() as session:
        quiet = _quiet(session, at - LEAST)
        usual = {
            each.company_id: _usual(session, each.company_id, each.last)
            for each in quiet
            if each.last is not None and each.began > at - SILENCE
        }
    told = 0
    for each in quiet:
        lasts = at - each.began
        custom = usual.get(each.company_id)
        if lasts >= SILENCE:
            key = f"{LONG} {each.began:%Y-%m-%dT%H:%M} {lasts // SILENCE}"
            told += _tell(store, each, LONG, key, {})
        elif custom is not None and lasts > max(LEAST, _TIMES * custom):
            key = f"{UNUSUAL} {each.began:%Y-%m-%dT%H:%M}"
            told += _tell(store, each, UNUSUAL, key, {"usual": custom})
    return told


def usual_gap(arrivals: Sequence[int]) -> timedelta | None:
    """The pause between documents that 95 of 100 keep to, of the hours in which some came.

    None while there are too few to speak of a custom.
    """
    gaps = sorted(b - a for a, b in pairwise(arrivals))
    if len(gaps) < _ENOUGH:
        return None
    return timedelta(hours=gaps[int((len(gaps) - 1) * _PART)])


def _quiet(session: Session, since: datetime) -> list[_Quiet]:
    read = (
        select(Mailbox.company_id, func.min(Mailbox.created_at).label("since"))
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .where(Mailbox.function == Function.READ, EmailServer.active)
        .group_by(Mailbox.company_id)
        .subquery()
    )
    last = (
        select(func.max(Document.imported_at))
        .where(Document.company_id == Company.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Company.id, Company.partner_id, read.c.since, last)
        .join(read, read.c.company_id == Company.id)
        .where(Company.document_import, Company.silence_notice, read.c.since <= since)
        .order_by(Company.id)
    )
    found = []
    for company_id, partner_id, linked_at, last_at in rows:
        began = linked_at if last_at is None else max(last_at, linked_at)
        if began <= since:
            found.append(_Quiet(company_id, partner_id, began, last_at))
    return found


def _usual(session: Session, company_id: int, last: datetime) -> timedelta | None:
    hour = type_coerce(Document.imported_at, BigInteger) // _HOUR_MICROSECONDS
    arrivals = session.scalars(
        select(hour)
        .where(Document.company_id == company_id, Document.imported_at > last - HISTORY)
        .distinct()
        .order_by(hour)
    )
    return usual_gap(arrivals.all())


def _tell(store: Store, quiet: _Quiet, kind: str, key: str, more: dict[str, timedelta]) -> bool:
    with store.writing() as session:
        values: dict[str, object] = {
            "date": f"{quiet.began.astimezone():%d/%m/%Y}",
            "emails": ", ".join(_emails(session, quiet.company_id)),
        }
        values |= {name: both(partial(_lasting, value)) for name, value in more.items()}
        subject, body = words(kind, values)
        announced = announce(
            session,
            partner_id=quiet.partner_id,
            company_id=quiet.company_id,
            type_key=kind,
            subject=subject,
            body=body,
            key=key,
        )
    return not announced.duplicate


def _lasting(time: timedelta) -> str:
    hours = max(1, round(time / timedelta(hours=1)))
    if hours < 48:
        return ngettext("{n} hora", "{n} horas", hours).format(n=hours)
    days = round(hours / 24)
    return ngettext("{n} dia", "{n} dias", days).format(n=days)


def _emails(session: Session, company_id: int) -> list[str]:
    return list(
        session.scalars(
            select(EmailServer.email)
            .join(Mailbox, Mailbox.server_id == EmailServer.id)
            .where(
                Mailbox.company_id == company_id,
                Mailbox.function == Function.READ,
                EmailServer.active,
            )
            .order_by(Mailbox.position, Mailbox.id)
        )
    )
