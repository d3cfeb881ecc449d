"""Mailboxes as people see them: lists, rows, one (R1, R3, R53)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from services.errors import Refused
from services.language import _
from services.registry import access, direction, origins, search
from services.registry.access import Actor
from services.registry.limits import full_reason
from services.registry.origins import Origin
from services.registry.protocols import PROTOCOL
from services.store.models import Company, EmailServer, Function, Mailbox

_SORTS = {"nickname": EmailServer.search_key, "email": EmailServer.email}


@dataclass(frozen=True, slots=True)
class MailboxView:
    """A mailbox as a company sees it; ``companies`` are the CNPJs on its server, if visible.

    ``id`` is the link's, ``server_id`` the account's; ``position`` counts from 0 in the order in
    which sending mailboxes are tried (R13); ``origin`` is what the account is a copy of (R6).
    Where ``mechanism`` is "xoauth2", ``account`` is who signed in at Microsoft, through ``tenant``
    (R44). ``paused_until`` ends by itself, ``paused_by`` by hand; until ``full_until`` the limit
    of ``full_reason`` is reached, and the limits None are the provider's (R34). The password never
    leaves the vault by this way.
    """

    id: int
    server_id: int
    company_id: int
    function: str
    kind: str
    nickname: str
    sender_name: str
    email: str
    username: str
    active: bool
    host: str
    port: int
    security: str
    authenticate: bool
    mechanism: str
    account: str | None
    tenant: str | None
    verify_certificate: bool
    timeout: int
    delete_after: str
    health: str
    health_reason: str | None
    inactive_code: int | None
    inactive_reason: str | None
    inactive_since: datetime | None
    paused_until: datetime | None
    paused_by: str | None
    paused_at: datetime | None
    most_connections: int | None
    most_per_minute: int | None
    most_per_day: int | None
    full_until: datetime | None
    full_reason: str | None
    origin: Origin | None
    companies: tuple[str, ...]
    position: int
    version: int


def list_of(
    session: Session,
    actor: Actor,
    company_id: int,
    function: str | None = None,
    status: str | None = None,
) -> list[MailboxView]:
    """The mailboxes of a company, sending first, in their order (R1, R13).

    ``status`` is "active" or "inactive". The reading list exists only while Document Import is
    on (R3): asked for by name it is refused otherwise.
    """
    company = access.company(session, actor, company_id)
    if function is not None:
        needs_import(company, function)
    found = rows(
        session, actor, ids(session, actor, company_id=company_id, function=function, status=status)
    )
    return list(found.values())


def ids(
    session: Session,
    actor: Actor,
    *,
    company_id: int | None = None,
    function: str | None = None,
    status: str | None = None,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
) -> array[int]:
    """Ids of visible mailboxes that match; by company and place unless ``sort`` says
    ``nickname`` or ``email``."""
    query = (
        select(Mailbox.id)
        .join(Mailbox.server)
        .join(Mailbox.company)
        .where(seen(actor), search.matches(EmailServer.search_key, filter))
    )
    if company_id is not None:
        query = query.where(Mailbox.company_id == company_id)
    if function is not None:
        query = query.where(Mailbox.function == function)
    if status is not None:
        query = query.where(EmailServer.active.is_(status == "active"))
    column = _SORTS.get(sort or "")
    if column is not None:
        query = query.order_by(column.desc() if descending else column, Mailbox.id)
    else:
        query = query.order_by(
            Mailbox.company_id, Mailbox.function.desc(), Mailbox.position, Mailbox.id
        )
    return array("q", session.scalars(query))


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, MailboxView]:
    """The mailboxes of ``ids`` that this user may see, by id, in the order of ``ids``."""
    wanted = list(ids)
    found = {
        mailbox.id: mailbox
        for mailbox in session.scalars(
            select(Mailbox).join(Mailbox.company).where(Mailbox.id.in_(wanted), seen(actor))
        )
    }
    views = views_of(session, actor, [found[i] for i in wanted if i in found])
    return {view.id: view for view in views}


def seen(actor: Actor) -> ColumnElement[bool]:
    """The SQL condition for mailboxes, joined to their company, that this user sees (R3, R53)."""
    return access.visible(actor, Company.partner_id, Company.id) & or_(
        Mailbox.function == Function.SEND, Company.document_import.is_(true())
    )


def needs_import(company: Company, function: str) -> None:
    """Refuse everything about reading while Document Import is off (R3)."""
    if function == Function.READ and not company.document_import:
        raise Refused(
            _(
                "Caixas de leitura só existem com a extensão Importação de Documentos ativa "
                "nesta empresa"
            ),
            field="function",
        )


def views_of(session: Session, actor: Actor, mailboxes: Sequence[Mailbox]) -> list[MailboxView]:
    """What this user sees of ``mailboxes``, in their order."""
    server_ids = {mailbox.server_id for mailbox in mailboxes}
    servers = {
        row.id: row
        for row in session.scalars(select(EmailServer).where(EmailServer.id.in_(server_ids)))
    }
    linked: dict[int, list[str]] = {}
    for server_id, cnpj in session.execute(
        select(Mailbox.server_id, Company.cnpj)
        .join(Mailbox.company)
        .where(
            Mailbox.server_id.in_(server_ids),
            access.visible(actor, Company.partner_id, Company.id),
        )
        .distinct()
        .order_by(Company.cnpj)
    ):
        linked.setdefault(server_id, []).append(cnpj)
    copied = origins.of(session, servers.values())
    return [
        _view(
            mailbox,
            servers[mailbox.server_id],
            tuple(linked.get(mailbox.server_id, ())),
            copied.get(mailbox.server_id),
        )
        for mailbox in mailboxes
    ]


def _view(
    mailbox: Mailbox, server: EmailServer, companies: tuple[str, ...], origin: Origin | None
) -> MailboxView:
    protocol = PROTOCOL[Function(mailbox.function)]
    now = direction.condition(server, mailbox.function)
    return MailboxView(
        id=mailbox.id,
        server_id=server.id,
        company_id=mailbox.company_id,
        function=mailbox.function,
        kind=server.kind,
        nickname=server.nickname,
        sender_name=server.sender_name,
        email=server.email,
        username=server.username,
        active=server.active,
        host=getattr(server, f"{protocol}_host") or "",
        port=getattr(server, f"{protocol}_port") or 0,
        security=getattr(server, f"{protocol}_security") or "",
        authenticate=server.authenticate,
        mechanism=server.mechanism,
        account=server.account,
        tenant=server.tenant,
        verify_certificate=server.verify_certificate,
        timeout=server.timeout,
        delete_after=server.delete_after,
        health=now.health,
        health_reason=now.reason,
        inactive_code=server.inactive_code,
        inactive_reason=direction.shown(server.inactive_reason),
        inactive_since=server.inactive_since,
        paused_until=server.paused_until,
        paused_by=server.paused_by,
        paused_at=server.paused_at,
        most_connections=server.most_connections,
        most_per_minute=server.most_per_minute,
        most_per_day=server.most_per_day,
        full_until=server.full_until,
        full_reason=full_reason(server),
        origin=origin,
        companies=companies,
        position=mailbox.position,
        version=server.version,
    )
