"""What each mailbox has sent, read and failed at, hour by hour, and what each company got, day by day.

Kept as counts beside the work itself, in its own unit of work, so that a picture of a month costs no
look at a million e-mails. What a killed process had in hand is counted by whoever puts it on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from services.clock import now
from services.outbox.outcomes import Finished, Outcome
from services.registry import access, search
from services.registry.access import Actor
from services.store.mail import CompanyDay, OutboxState, ServerHour
from services.store.models import Company, EmailServer, Mailbox
from services.store.rows import insert_rows

HOURS = 24
DAYS = 30
WEEKS = 9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADD_HOUR = (
    "ON CONFLICT (server_id, hour) DO UPDATE SET sent = server_hour.sent + excluded.sent,"
    " failed = server_hour.failed + excluded.failed,"
    " fetched = server_hour.fetched + excluded.fetched"
)
_ADD_DAY = (
    "ON CONFLICT (company_id, day) DO UPDATE SET"
    " documents = company_day.documents + excluded.documents"
)
# A company that has been there for so many weeks has a custom that can be told.
_KNOWN_WEEKS = 3
_LOW = 0.5


@dataclass(frozen=True, slots=True)
class Course:
    """One count over time, the oldest first: the last :data:`HOURS` hours and :data:`DAYS` days."""

    hours: tuple[int, ...]
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """E-mails sent, e-mails given up or uncertain, messages read; ``email`` of one mailbox."""

    sent: Course
    failed: Course
    fetched: Course
    email: str = ""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Documents of a company: the last seven days, and what is usual.

    ``weeks`` are the last :data:`WEEKS` spans of seven days, the oldest first; ``expected`` the
    median of those before the last, None for a company that has too few of them.
    """

    company_id: int
    cnpj: str
    nickname: str
    weeks: tuple[int, ...]
    expected: int | None

    @property
    def arrived(self) -> int:
        """Those of the last seven days."""
        return self.weeks[-1]

    @property
    def low(self) -> bool:
        """Less than half of what is usual."""
        return self.expected is not None and self.arrived < self.expected * _LOW


def count_sent(session: Session, outcomes: Iterable[Outcome], finished: Iterable[Finished]) -> None:
    """Count the e-mails that ended among ``outcomes``, those accepted, by their mailbox."""
    ended = {each.message_id: each.state for each in finished}
    counts: dict[int, list[int]] = {}
    for outcome in outcomes:
        state = ended.get(outcome.claim.message_id)
        if outcome.server_id is None or state is None or state == OutboxState.DEFERRED:
            continue
        counts.setdefault(outcome.server_id, [0, 0])[state != OutboxState.SENT] += 1
    _add(
        session,
        [
            {"server_id": server_id, "sent": sent, "failed": failed, "fetched": 0}
            for server_id, (sent, failed) in sorted(counts.items())
        ],
    )


def count_read(
    session: Session, server_id: int, messages: int, documents: Mapping[int, int]
) -> None:
    """Count the messages of one reading, and the documents that came of it by company."""
    if messages:
        row = {"server_id": server_id, "sent": 0, "failed": 0, "fetched": messages}
        _add(session, [row])
    day = _hour(now()) // 24
    insert_rows(
        session,
        CompanyDay,
        [
            {"company_id": company_id, "day": day, "documents": count}
            for company_id, count in sorted(documents.items())
            if count
        ],
        conflict=_ADD_DAY,
    )


def activity(session: Session, actor: Actor, server_id: int | None = None) -> Activity:
    """Of one mailbox, or of all that ``actor`` sees, together."""
    return next(iter(_activities(session, actor, [server_id]).values()))


def by_server(session: Session, actor: Actor, server_ids: Sequence[int]) -> dict[int, Activity]:
    """Of each of those mailboxes that ``actor`` sees."""
    rows = session.execute(
        select(EmailServer.id, EmailServer.email).where(
            EmailServer.id.in_(server_ids), _visible(actor)
        )
    )
    emails = {row.id: row.email for row in rows}
    found = _activities(session, actor, [each for each in server_ids if each in emails])
    return {i: replace(found[i], email=email) for i, email in emails.items()}


def server_ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
) -> list[int]:
    """The mailboxes with any activity in the last days: those with failures in the last 24 h first."""
    this = _hour(now())
    lately = func.sum(ServerHour.failed).filter(ServerHour.hour > this - HOURS)
    order: ColumnElement[int] = func.coalesce(lately, 0)
    if sort == "sent":
        order = func.sum(ServerHour.sent)
    elif sort == "fetched":
        order = func.sum(ServerHour.fetched)
    query = (
        select(EmailServer.id)
        .join(ServerHour, ServerHour.server_id == EmailServer.id)
        .where(
            _visible(actor),
            ServerHour.hour > this - DAYS * 24,
            search.matches(EmailServer.search_key, filter),
        )
        .group_by(EmailServer.id, EmailServer.email)
        .order_by(order if descending else order.desc(), EmailServer.email, EmailServer.id)
    )
    return list(session.scalars(query))


def company_ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
) -> list[int]:
    """The companies with Document Import, those that lack most of what is usual first."""
    query = select(Company.id).where(
        access.visible(actor, Company.partner_id, Company.id),
        Company.document_import,
        search.matches(Company.search_key, filter),
    )
    found = arrivals(session, actor, session.scalars(query).all())
    if sort == "nickname":
        ordered = sorted(found.values(), key=lambda each: each.nickname.casefold())
    else:
        ordered = sorted(found.values(), key=_lacking)
    return [each.company_id for each in (reversed(ordered) if descending else ordered)]


def arrivals(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, Arrivals]:
    """What came for each of those companies that ``actor`` sees, against what is usual."""
    today = _hour(now()) // 24
    first = today - WEEKS * 7 + 1
    companies = {
        row.id: row
        for row in session.execute(
            select(Company.id, Company.cnpj, Company.nickname).where(
                access.visible(actor, Company.partner_id, Company.id), Company.id.in_(ids)
            )
        )
    }
    weeks = {company_id: [0] * WEEKS for company_id in companies}
    begun: dict[int, int] = {}
    for company_id, day, documents in session.execute(
        select(CompanyDay.company_id, CompanyDay.day, CompanyDay.documents)
        .where(CompanyDay.company_id.in_(companies), CompanyDay.day >= first)
        .order_by(CompanyDay.day)
    ):
        week = (day - first) // 7
        if week < WEEKS:
            begun.setdefault(company_id, week)
            weeks[company_id][week] += documents
    return {
        company_id: Arrivals(
            company_id,
            row.cnpj,
            row.nickname,
            tuple(weeks[company_id]),
            _expected(weeks[company_id], begun.get(company_id)),
        )
        for company_id, row in companies.items()
    }


def forget(session: Session) -> None:
    """Drop counts of which no picture is made any more."""
    this = _hour(now())
    session.execute(delete(ServerHour).where(ServerHour.hour <= this - (DAYS + 1) * 24))
    session.execute(delete(CompanyDay).where(CompanyDay.day <= this // 24 - WEEKS * 7))


def _expected(weeks: Sequence[int], begun: int | None) -> int | None:
    """The median of the whole weeks since the first document, the present one apart."""
    before = weeks[begun : WEEKS - 1] if begun is not None else []
    return round(median(before)) if len(before) >= _KNOWN_WEEKS else None


def _lacking(each: Arrivals) -> tuple[bool, float, str]:
    expected = each.expected or 0
    ratio = each.arrived / expected if expected else 1.0
    return (not each.low, ratio, each.nickname.casefold())


def _activities(
    session: Session, actor: Actor, wanted: Sequence[int | None]
) -> dict[int | None, Activity]:
    """By mailbox; under None all together."""
    this = _hour(now())
    together = list(wanted) == [None]
    group = [] if together else [ServerHour.server_id]
    query = select(
        *group,
        ServerHour.hour,
        func.sum(ServerHour.sent),
        func.sum(ServerHour.failed),
        func.sum(ServerHour.fetched),
    ).where(ServerHour.hour > this - DAYS * 24, ServerHour.hour <= this)
    visible = select(EmailServer.id).where(_visible(actor))
    if not together:
        visible = visible.where(EmailServer.id.in_([each for each in wanted if each is not None]))
    query = query.where(ServerHour.server_id.in_(visible))
    counts = {each: [[0] * (HOURS + DAYS) for _kind in range(3)] for each in wanted}
    for row in session.execute(query.group_by(*group, ServerHour.hour)):
        server_id = None if together else row[0]
        hour, *numbers = row if together else row[1:]
        age = this - hour
        for kind, number in zip(counts[server_id], numbers, strict=True):
            if age < HOURS:
                kind[HOURS - 1 - age] += number
            kind[HOURS + DAYS - 1 - age // 24] += number
    return {
        each: Activity(_course(sent), _course(failed), _course(fetched))
        for each, (sent, failed, fetched) in counts.items()
    }


def _course(counts: Sequence[int]) -> Course:
    return Course(tuple(counts[:HOURS]), tuple(counts[HOURS:]))


def _visible(actor: Actor) -> ColumnElement[bool]:
    """For company users only mailboxes that serve nobody else: the counts are of all together."""
    mine = EmailServer.partner_id == actor.partner_id
    if actor.is_partner:
        return mine
    linked = select(Mailbox.server_id).join(Mailbox.company)
    seen = access.visible(actor, Company.partner_id, Company.id)
    return (
        mine & EmailServer.id.in_(linked.where(seen)) & EmailServer.id.not_in(linked.where(~seen))
    )


def _add(session: Session, rows: list[dict[str, int]]) -> None:
    hour = _hour(now())
    insert_rows(session, ServerHour, [{"hour": hour, **row} for row in rows], conflict=_ADD_HOUR)


def _hour(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(hours=1)
