"""Which mailboxes are to be read now, and the claim that keeps them to one reader (R36)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import cast

from sqlalchemy import Select, Table, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.failure import Failure
from services.health import activity
from services.health.facts import note_failure, note_success
from services.notifications.announce import announce
from services.notifications.ringing import ring
from services.notifications.templates import subject, text
from services.reading import brought
from services.reading.arrivals import note_deleted
from services.reading.desk import Claim, Target
from services.reading.importing import Imported
from services.reading.memory import allowed
from services.reading.recovery import STORED
from services.reading.under_way import held_until, lease_name
from services.registry import direction
from services.store import leases
from services.store import owner as owners
from services.store.mail import InboundMessage
from services.store.models import Company, EmailServer, Function, Kind, Mailbox
from services.store.notices import Subscription

_IMPORTED = "document_imported"
_REJECTED = "document_rejected"
_DAY_SECONDS = 86_400.0
_FARTHEST_SECONDS = 2 * _DAY_SECONDS
# Built once: building a statement costs more than running it.
_NEXT = (
    update(cast(Table, EmailServer.__table__))
    .where(EmailServer.id == bindparam("server"))
    .values(next_read_at=bindparam("at"))
)
_ASKED = select(Subscription.company_id).where(
    Subscription.company_id.in_(bindparam("companies", expanding=True)),
    Subscription.type_key == _IMPORTED,
)
_LINKS = select(Mailbox.company_id, Mailbox.id).where(
    Mailbox.server_id == bindparam("server"), Mailbox.function == Function.READ
)


@dataclass(frozen=True, slots=True)
class Held:
    """A mailbox that waits to be read, and until when another process has it."""

    email: str
    until: datetime


def due(
    session: Session,
    *,
    mailbox_id: int | None = None,
    server_ids: Collection[int] | None = None,
    interval: float = 0.0,
) -> list[Target]:
    """Active mailboxes whose time has come, longest overdue first; the named ones at any time.

    Only where a linked company has its Document Import on (R3), and, unless it is named, not where
    wrong passwords have stopped polling (R48) or the server asked for a pause that lasts (R34).
    A time that lies days beyond ``interval`` was set by a clock that has been set right since.
    """
    at = now()
    farthest = at + timedelta(seconds=interval + _FARTHEST_SECONDS)
    query = (
        _targets()
        .where(
            EmailServer.active,
            EmailServer.kind.in_((Kind.READ, Kind.BOTH)),
            EmailServer.pop_host.is_not(None),
            exists().where(
                Mailbox.server_id == EmailServer.id,
                Mailbox.function == Function.READ,
                Company.id == Mailbox.company_id,
                Company.document_import,
            ),
        )
        .order_by(EmailServer.next_read_at.is_not(None), EmailServer.next_read_at, EmailServer.id)
    )
    if mailbox_id is not None:
        query = query.where(
            exists().where(Mailbox.id == mailbox_id, Mailbox.server_id == EmailServer.id)
        )
    elif server_ids is not None:
        query = query.where(EmailServer.id.in_(server_ids))
    else:
        query = query.where(
            ~direction.is_down(Function.READ),
            or_(EmailServer.paused_until.is_(None), EmailServer.paused_until <= at),
            or_(
                EmailServer.next_read_at.is_(None),
                EmailServer.next_read_at <= at,
                EmailServer.next_read_at > farthest,
            ),
        )
    return _found(session, query)


def with_leftovers(session: Session) -> list[Target]:
    """Mailboxes with messages that were stored and not imported: their reader was killed."""
    query = (
        _targets()
        .where(EmailServer.id.in_(select(InboundMessage.server_id).where(STORED)))
        .order_by(EmailServer.id)
    )
    return _found(session, query)


def held(session: Session, *, server_ids: Collection[int] | None = None) -> list[Held]:
    """Those of :func:`due` and :func:`with_leftovers` that another process reads, or died over."""
    until = held_until(session)
    if not until:
        return []
    waiting = due(session, server_ids=server_ids)
    if server_ids is None:
        waiting += with_leftovers(session)
    emails = {target.server_id: target.email for target in waiting}
    return [Held(email, until[each]) for each, email in emails.items() if each in until]


def claim(session: Session, target: Target, seconds: float) -> Claim | None:
    """Take the mailbox for this reading alone, or None while another reads it."""
    owner = owners.name()
    name = lease_name(target.server_id)
    at = now()
    fence = leases.take(session, name, owner, seconds)
    if fence is None:
        return None
    # Who makes a claim that there never was goes on with nobody's work.
    since = leases.since(session, name) if fence > 1 else None
    return Claim(name, owner, fence, since if since is not None and since < at else None)


def renew(session: Session, held: Claim, seconds: float) -> bool:
    """Keep the claim for ``seconds`` more; False when another reader has taken it over."""
    return leases.take(session, held.name, held.owner, seconds) == held.fence


def give_back(session: Session, held: Claim) -> None:
    """Let the next reader have the mailbox, as if it had never been claimed."""
    leases.give_back(session, held.name, held.owner, unfinished=held.since)


def finish(
    session: Session,
    target: Target,
    held: Claim,
    messages: int,
    imported: Imported,
    *,
    deleted: Sequence[tuple[str, int]] = (),
    returned: Sequence[int] = (),
    failure: Failure | None,
    worked: bool,
    next_at: datetime | None,
) -> None:
    """Close a reading in one unit of work: counts, bell, health, the next time, and the claim.

    What a killed reader brought is counted and told too. One that was stopped while batches were on
    their way to the database knows of none of those: what is on record counts. Where another has
    taken the claim over, it is that one who tells, also of what was imported here. ``deleted`` and
    ``returned`` are what :func:`note_deleted` is told of the last session.
    """
    if not leases.holds(session, held.name, held.owner, held.fence):
        return
    if deleted:
        note_deleted(session, target.server_id, deleted, returned)
    since = held.since
    if since is None and failure is None and not worked:
        since = leases.since(session, held.name)
    if since is not None:
        messages, imported = brought.since(session, target.server_id, since)
    activity.count_read(session, target.server_id, messages, imported.documents)
    _ring(session, target, imported)
    if failure is not None:
        note_failure(session, target.server_id, failure, function=Function.READ)
    elif worked:
        note_success(session, target.server_id, function=Function.READ)
    if next_at is not None:
        session.connection().execute(_NEXT, {"server": target.server_id, "at": next_at})
    leases.give_back(session, held.name, held.owner)


def after(interval: float, asked: float) -> datetime:
    """The next time: after the ``interval`` or what a server has ``asked`` for, a day at most."""
    return now() + timedelta(seconds=max(interval, min(asked, _DAY_SECONDS)))


def _targets() -> Select[int, int, str, str, str, str]:
    return select(
        EmailServer.id,
        EmailServer.partner_id,
        EmailServer.email,
        func.coalesce(EmailServer.pop_host, ""),
        EmailServer.delete_after,
        EmailServer.username,
    )


def _found(session: Session, query: Select[int, int, str, str, str, str]) -> list[Target]:
    return [
        Target(server_id, partner_id, email, host, allowed(delete_after, username))
        for server_id, partner_id, email, host, delete_after, username in session.execute(query)
    ]


def _ring(session: Session, target: Target, imported: Imported) -> None:
    """One entry per company and what it brought within the hour; one for what went to quarantine.

    By e-mail are told the companies of which somebody asked for it (R25).
    """
    if not imported.documents and not imported.quarantined:
        return
    rows = session.connection().execute(_LINKS, {"server": target.server_id})
    links = {row[0]: row[1] for row in rows}
    asked = _asked_for(session, imported.documents)
    values = {"email": target.email}
    same = f"from {target.server_id}"
    for company_id, count in sorted(imported.documents.items()):
        announce(
            session,
            partner_id=target.partner_id,
            company_id=company_id,
            type_key=_IMPORTED,
            subject=cache(lambda n: subject(_IMPORTED, values, n=n)),
            body=text(_IMPORTED, values),
            cause=("mailbox", links[company_id]) if company_id in links else None,
            same=same,
            times=count,
            by_email=company_id in asked,
        )
    if imported.quarantined:
        ring(
            session,
            partner_id=target.partner_id,
            company_id=None,
            type_key=_REJECTED,
            title=cache(lambda n: subject(_REJECTED, values, n=n)),
            text=text(_REJECTED, values),
            cause=("inbound", imported.last_held) if imported.last_held is not None else None,
            same=same,
            times=imported.quarantined,
        )


def _asked_for(session: Session, companies: Collection[int]) -> frozenset[int]:
    if not companies:
        return frozenset()
    rows = session.connection().execute(_ASKED, {"companies": list(companies)})
    return frozenset(row[0] for row in rows)
