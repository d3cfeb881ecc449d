"""*Saúde*: which mailboxes are down, since when, why, and whom that holds up (R50)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from services.clock import now
from services.health.incidents import Incident, incidents
from services.health.troubles import (
    DOWN,
    FAILING,
    INACTIVATED,
    PAUSED,
    STATES,
    Hit,
    Trouble,
    worst_first,
)
from services.language import _
from services.registry import access, direction, mailbox_views, ways_out
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.registry.protocols import PROTOCOL, functions_of
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import Company, EmailServer, Function, Health, Kind, Mailbox, SignIn
from services.store.notices import Notification

__all__ = [
    "STATES",
    "Hit",
    "Incident",
    "Trouble",
    "down",
    "down_count",
    "incidents",
    "unwell_count",
]

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class _Matter:
    state: str
    functions: tuple[Function, ...]
    since: datetime | None
    code: int | None
    reason: str


def down(session: Session, actor: Actor) -> tuple[Trouble, ...]:
    """What is not well of that which ``actor`` may see, the worst first, then the oldest (R50, R53).

    For the partner all its servers and its relay, for company users those of their companies.
    What a person has switched off is not in it, what one has paused is.
    """
    at = now()
    servers = session.execute(
        select(EmailServer, SignIn.trouble)
        .outerjoin(SignIn, SignIn.server_id == EmailServer.id)
        .where(_concerned(actor, at))
    ).all()
    if not servers:
        return ()
    links = _links(session, actor, [server.id for server, _refusal in servers])
    held = _held(session, actor, at)
    found = []
    for server, refusal in servers:
        mine = links.get(server.id, ())
        serves = _serves(server, mine, actor)
        matter = _matter(server, serves, refusal, at)
        if matter is None:
            continue
        trouble = _trouble(
            server, matter, serves if actor.is_partner else matter.functions, mine, held
        )
        if server.kind == Kind.RELAY:
            trouble = replace(trouble, hits=_by_relay(session, actor, held))
        found.append(trouble)
    found.sort(key=worst_first)
    part_of = {member: each.id for each in incidents(found) for member in each.server_ids}
    return tuple(replace(each, incident=part_of.get(each.server_id)) for each in found)


def down_count(session: Session, actor: Actor) -> int:
    """How many of those are inactivated or down, which no job uses: cheap enough to ask always."""
    if actor.is_partner:
        out_of_use = EmailServer.health == Health.DOWN
    else:
        seen = select(Mailbox.server_id).join(Mailbox.company).where(mailbox_views.seen(actor))
        out_of_use = or_(
            *(
                direction.is_down(function)
                & EmailServer.id.in_(seen.where(Mailbox.function == function))
                for function in Function
            )
        )
    query = (
        select(func.count())
        .select_from(EmailServer)
        .where(
            _concerned(actor, now()),
            EmailServer.inactive_code.is_not(None) | out_of_use,
        )
    )
    return session.scalar(query) or 0


def unwell_count(session: Session, actor: Actor) -> int:
    """How many are not well in whatever way: as cheap."""
    query = select(func.count()).select_from(EmailServer).where(_concerned(actor, now()))
    return session.scalar(query) or 0


def _concerned(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """The SQL condition for servers of ``actor`` that may not be well."""
    condition = and_(
        EmailServer.partner_id == actor.partner_id,
        or_(
            EmailServer.inactive_code.is_not(None),
            EmailServer.active
            & (
                EmailServer.health.in_((Health.FAILING, Health.DOWN))
                | (EmailServer.paused_until > at)
                | EmailServer.paused_by.is_not(None)
            ),
        ),
    )
    if actor.is_partner:
        return condition
    mine = select(Mailbox.server_id).join(Mailbox.company).where(mailbox_views.seen(actor))
    return condition & EmailServer.id.in_(mine)


@dataclass(frozen=True, slots=True)
class _Link:
    mailbox_id: int
    function: Function
    company_id: int
    cnpj: str
    nickname: str
    by_relay: bool


def _links(session: Session, actor: Actor, server_ids: Sequence[int]) -> dict[int, list[_Link]]:
    found: dict[int, list[_Link]] = {}
    for some in pieces(server_ids, _AT_ONCE):
        for row in session.execute(
            select(
                Mailbox.server_id,
                Mailbox.id,
                Mailbox.function,
                Company.id,
                Company.cnpj,
                Company.nickname,
                Company.invoicy_mail,
            )
            .join(Mailbox.company)
            .where(Mailbox.server_id.in_(some), mailbox_views.seen(actor))
            # "send" first: of the two links of a company that is the one to test by.
            .order_by(Company.cnpj, Mailbox.function.desc())
        ):
            link = _Link(row[1], Function(row[2]), row[3], row[4], row[5], row[6])
            found.setdefault(row[0], []).append(link)
    return found


def _held(session: Session, actor: Actor, at: datetime) -> dict[int, Hit]:
    """The companies whose queue has no usable way out.

    Warnings that leave by the relay meanwhile are not held up (R46).
    """
    # Apart, and not one query of all: without statistics PostgreSQL counts once a company.
    waiting = _waiting(session, actor)
    if not waiting:
        return {}
    relayed = ways_out.has_one(at, warning=True).label("relayed")
    rows = session.execute(
        select(Company.id, Company.cnpj, Company.nickname, relayed).where(
            access.visible(actor, Company.partner_id, Company.id), ~ways_out.has_one(at)
        )
    ).all()
    leaving = _waiting(session, actor, warnings=True) if any(row.relayed for row in rows) else {}
    found = {}
    for row in rows:
        n = waiting.get(row.id, 0) - (leaving.get(row.id, 0) if row.relayed else 0)
        if n:
            found[row.id] = Hit(row.id, row.cnpj, row.nickname, n)
    return found


def _waiting(session: Session, actor: Actor, *, warnings: bool = False) -> dict[int, int]:
    """How many e-mails of each company wait, or how many warnings about dead mailboxes."""
    query = (
        select(OutboxMessage.company_id, func.count())
        .where(
            OutboxMessage.state.in_((OutboxState.QUEUED, OutboxState.DEFERRED)),
            access.visible(actor, OutboxMessage.partner_id, OutboxMessage.company_id),
        )
        .group_by(OutboxMessage.company_id)
    )
    if warnings:
        query = query.join(Notification, Notification.id == OutboxMessage.notification_id).where(
            Notification.type_key.in_(ways_out.WARNINGS)
        )
    return {row[0]: row[1] for row in session.execute(query)}


def _by_relay(session: Session, actor: Actor, held: Mapping[int, Hit]) -> tuple[Hit, ...]:
    """The companies that send by the relay."""
    rows = session.execute(
        select(Company.id, Company.cnpj, Company.nickname)
        .where(
            access.visible(actor, Company.partner_id, Company.id), Company.invoicy_mail.is_(True)
        )
        .order_by(Company.cnpj)
    )
    return tuple(held.get(row.id) or Hit(row.id, row.cnpj, row.nickname, 0) for row in rows)


def _serves(server: EmailServer, links: Sequence[_Link], actor: Actor) -> tuple[Function, ...]:
    """The directions of a server that are this person's."""
    serves = functions_of(server.kind) or (Function.SEND,)
    if actor.is_partner:
        return serves
    return tuple(f for f in serves if any(link.function == f for link in links))


def _matter(
    server: EmailServer, serves: tuple[Function, ...], refusal: str | None, at: datetime
) -> _Matter | None:
    """What is the matter; ``refusal`` is what stands in the way of a Microsoft sign-in."""
    if not serves:
        return None
    if (code := server.inactive_code) is not None:
        reason = direction.shown(server.inactive_reason) or ""
        return _Matter(INACTIVATED, serves, server.inactive_since, code, reason)
    known = {function: direction.condition(server, function) for function in serves}
    bad = tuple(f for f in serves if known[f].health in (Health.FAILING, Health.DOWN))
    by_hand = server.paused_by is not None and Function.SEND in serves
    rests = server.paused_until is not None and server.paused_until > at and Function.SEND in serves
    if any(known[f].health == Health.DOWN for f in bad):
        state = DOWN
    elif by_hand and set(bad) <= {Function.SEND}:
        words = _("pausada por {who}: espera que alguém a retome").format(who=server.paused_by)
        return _Matter(PAUSED, (Function.SEND,), server.paused_at, None, words)
    elif rests and refusal is None and set(bad) <= {Function.SEND}:
        state, bad = PAUSED, (Function.SEND,)
    elif bad:
        state = FAILING
    else:
        return None
    code = int(refusal) if refusal is not None and refusal.isdecimal() else None
    reasons = dict.fromkeys(known[f].reason or "" for f in bad)
    return _Matter(state, bad, server.health_since, code, " · ".join(filter(None, reasons)))


def _trouble(
    server: EmailServer,
    matter: _Matter,
    tested: tuple[Function, ...],
    links: Sequence[_Link],
    held: Mapping[int, Hit],
) -> Trouble:
    concerned = [link for link in links if link.function in matter.functions]
    hits: dict[int, Hit] = {}
    for link in concerned:
        sends = link.function == Function.SEND and not link.by_relay
        if sends and link.company_id in held:
            hits[link.company_id] = held[link.company_id]
        else:
            hits.setdefault(
                link.company_id, Hit(link.company_id, link.cnpj, link.nickname, waiting=0)
            )
    host = getattr(server, f"{PROTOCOL[matter.functions[0]]}_host") or ""
    return Trouble(
        server_id=server.id,
        mailbox_id=concerned[0].mailbox_id if concerned else None,
        kind=server.kind,
        email=server.email,
        nickname=server.nickname,
        mechanism=server.mechanism,
        host=host.lower(),
        state=matter.state,
        since=matter.since,
        until=server.paused_until if matter.state == PAUSED and server.paused_by is None else None,
        code=matter.code,
        reason=matter.reason,
        functions=matter.functions,
        tested=Kind.BOTH if len(tested) > 1 else tested[0].value,
        hits=tuple(hits.values()),
    )
