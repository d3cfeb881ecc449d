"""The partner's e-mail servers as its users see them: found, lists, rows, one (R15, R16)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.registry import access, direction, origins, search
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.registry.limits import full_reason
from services.registry.origins import Origin
from services.store.models import Company, EmailServer, Function, Kind, Mailbox, User, UserCompany

_AT_ONCE = 1_000
_SORTS = {
    "email": EmailServer.email_key,
    "kind": EmailServer.kind,
    "status": EmailServer.active,
}


@dataclass(frozen=True, slots=True)
class ServerView:
    """A registered account. ``companies_count`` companies are linked to it (R15).

    ``companies`` are their CNPJs, in order; empty in :func:`rows`, where a page of servers with
    thousands of links each would cost more than it shows. ``origin`` is what the account is a
    copy of (R6). ``health`` is the worse of its directions, and ``failing`` says which fail.
    ``created_by`` is the nickname of who registered it, None when that user is gone.
    Where ``mechanism`` is "xoauth2", ``account`` is who signed in at Microsoft, through ``tenant``
    (R44). ``paused_until`` ends by itself, ``paused_by`` by hand; until ``full_until`` the limit
    of ``full_reason`` is reached, and the limits None are the provider's (R34). The password never
    leaves the vault by this way.
    """

    id: int
    kind: str
    nickname: str
    sender_name: str
    email: str
    username: str
    active: bool
    inactive_code: int | None
    inactive_reason: str | None
    inactive_since: datetime | None
    health: str
    health_reason: str | None
    failing: tuple[Function, ...]
    paused_until: datetime | None
    paused_by: str | None
    paused_at: datetime | None
    most_connections: int | None
    most_per_minute: int | None
    most_per_day: int | None
    full_until: datetime | None
    full_reason: str | None
    smtp_host: str | None
    smtp_port: int | None
    smtp_security: str | None
    pop_host: str | None
    pop_port: int | None
    pop_security: str | None
    authenticate: bool
    mechanism: str
    account: str | None
    tenant: str | None
    verify_certificate: bool
    timeout: int
    delete_after: str
    origin: Origin | None
    companies_count: int
    companies: tuple[str, ...]
    created_by: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Filters:
    """The four of R16; what is empty does not filter, together all must hold.

    ``cnpj`` (any part, with or without mask) and ``company`` (words of the nickname) are of one
    and the same linked company; ``email`` is part of the server's address; ``user`` are words of
    the nickname of who registered the server, or of a company user who sees a linked company:
    the people who would say "my mailbox". Accents and case do not matter.
    """

    cnpj: str = ""
    company: str = ""
    email: str = ""
    user: str = ""


def ids(
    session: Session,
    actor: Actor,
    *,
    filters: Filters = Filters(),
    status: str | None = None,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
) -> array[int]:
    """Ids of the partner's servers that match (R15, R16); only for the partner (R53).

    ``status`` is "active" or "inactive"; ``filter`` words of nickname, address, user or host.
    Sorted by ``nickname`` (default), ``email``, ``kind``, ``status`` or ``companies`` (how many).
    """
    access.partner_only(actor)
    query = select(EmailServer.id).where(
        listed(actor),
        search.matches(EmailServer.search_key, filter),
        *_conditions(filters),
    )
    if status is not None:
        query = query.where(EmailServer.active.is_(status == "active"))
    found = array("q")
    # By the connection and many at a time: a number needs no object of the session's.
    for some in session.connection().scalars(_ordered(query, sort, descending)).partitions(500):
        found.extend(some)
    return found


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, ServerView]:
    """The servers of ``ids``, by id, in the order of ``ids``, without ``companies``."""
    return _views(session, actor, ids, {})


def list_servers(
    session: Session,
    actor: Actor,
    *,
    filters: Filters = Filters(),
    status: str | None = None,
) -> list[ServerView]:
    """The partner's servers by nickname, with their companies; only for the partner (R15, R53)."""
    found = ids(session, actor, filters=filters, status=status)
    return list(_views(session, actor, found, _companies(session, found)).values())


def view(session: Session, actor: Actor, server_id: int) -> ServerView:
    """One server of the partner, with its companies."""
    access.partner_only(actor)
    found = _views(session, actor, [server_id], _companies(session, [server_id]))
    if not found:
        raise unknown(server_id)
    return found[server_id]


def unknown(server_id: int) -> NotFound:
    """There is no such server, or not for this user."""
    return NotFound(
        _("Servidor de e-mail {id} não encontrado").format(id=server_id), field="server"
    )


def own(session: Session, actor: Actor, server_id: int) -> EmailServer:
    """That server of the partner, held against other writers; only for the partner (R53)."""
    access.partner_only(actor)
    row = session.scalar(
        select(EmailServer).where(listed(actor), EmailServer.id == server_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if row is None:
        raise unknown(server_id)
    return row


def company_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """How many companies are linked to each of these servers, where any is (R15)."""
    return dict(
        session.execute(
            select(Mailbox.server_id, func.count(Mailbox.company_id.distinct()))
            .where(Mailbox.server_id.in_(ids))
            .group_by(Mailbox.server_id)
        ).all()
    )


def listed(actor: Actor) -> ColumnElement[bool]:
    """The partner's own relay is no server of the list (R14)."""
    return and_(EmailServer.partner_id == actor.partner_id, EmailServer.kind != Kind.RELAY)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.email.strip():
        conditions.append(search.matches(EmailServer.email_key, filters.email))
    number = search.cnpj_part(filters.cnpj)
    if number or filters.company.strip():
        matches = search.matches(Company.nickname_key, filters.company)
        if number:
            matches &= Company.cnpj.contains(number, autoescape=True)
        conditions.append(_linked_to(select(Company.id).where(matches)))
    if filters.user.strip():
        conditions.append(_of_users(filters.user))
    return conditions


def _of_users(words: str) -> ColumnElement[bool]:
    """Who registered the server, or sees a company that is linked to it."""
    named = select(User.id).where(search.matches(User.nickname_key, words))
    seen = select(UserCompany.company_id).where(UserCompany.user_id.in_(named))
    return EmailServer.created_by_id.in_(named) | _linked_to(seen)


def _linked_to(companies: Select[int]) -> ColumnElement[bool]:
    """The servers that one of ``companies`` is linked to."""
    return EmailServer.id.in_(select(Mailbox.server_id).where(Mailbox.company_id.in_(companies)))


def _ordered(query: Select[int], sort: str | None, descending: bool) -> Select[int]:
    by: list[Any] = [EmailServer.search_key]
    if sort == "companies":
        counts = (
            select(Mailbox.server_id, func.count(Mailbox.company_id.distinct()).label("n"))
            .group_by(Mailbox.server_id)
            .subquery()
        )
        query = query.outerjoin(counts, counts.c.server_id == EmailServer.id)
        by.insert(0, func.coalesce(counts.c.n, 0))
    elif sort in _SORTS:
        by.insert(0, _SORTS[sort])
    if descending:
        by[0] = by[0].desc()
    return query.order_by(*by, EmailServer.id)


def _views(
    session: Session, actor: Actor, ids: Iterable[int], companies: dict[int, list[str]]
) -> dict[int, ServerView]:
    access.partner_only(actor)
    wanted = list(ids)
    found: dict[int, ServerView] = {}
    for some in pieces(wanted, _AT_ONCE):
        counts = company_counts(session, some)
        read = session.execute(
            select(EmailServer, User.nickname)
            .outerjoin(User, User.id == EmailServer.created_by_id)
            .where(EmailServer.id.in_(some), listed(actor))
        ).all()
        copied = origins.of(session, [row for row, _by in read])
        for row, by in read:
            found[row.id] = _view(
                row, copied.get(row.id), counts.get(row.id, 0), companies.get(row.id, ()), by
            )
    return {each: found[each] for each in wanted if each in found}


def _companies(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    linked: dict[int, list[str]] = {}
    for some in pieces(ids, _AT_ONCE):
        for server_id, cnpj in session.execute(
            select(Mailbox.server_id, Company.cnpj)
            .join(Company, Company.id == Mailbox.company_id)
            .where(Mailbox.server_id.in_(some))
            .distinct()
            .order_by(Company.cnpj)
        ):
            linked.setdefault(server_id, []).append(cnpj)
    return linked


_ROW = [
    name
    for name in ServerView.__dataclass_fields__
    if name
    not in (
        "health_reason",
        "inactive_reason",
        "failing",
        "full_reason",
        "origin",
        "companies_count",
        "companies",
        "created_by",
    )
]


def _view(
    row: EmailServer,
    origin: Origin | None,
    companies_count: int,
    companies: Sequence[str],
    created_by: str | None,
) -> ServerView:
    return ServerView(
        health_reason=(direction.shown(row.health_reason) or "").replace("\n", " · ") or None,
        inactive_reason=direction.shown(row.inactive_reason),
        failing=direction.failing(row),
        full_reason=full_reason(row),
        origin=origin,
        companies_count=companies_count,
        companies=tuple(companies),
        created_by=created_by,
        **{name: getattr(row, name) for name in _ROW},
    )
