"""Which e-mail servers a company may have a copy of, and what stands against one (R6, R7)."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.errors import Invalid, NotFound, Refused
from services.language import _
from services.registry import direction, search
from services.registry.access import Actor
from services.registry.origins import HEADQUARTERS
from services.store.models import Company, EmailServer, Function, Kind, Mailbox


@dataclass(frozen=True, slots=True)
class Candidate:
    """An e-mail server that could be copied: what the copy will have, never its secrets.

    ``id`` is the server's; ``companies`` are nicknames of companies that use it, for the partner
    only; ``why_not`` says why it cannot be copied now, None when it can.
    """

    id: int
    nickname: str
    sender_name: str
    email: str
    username: str
    host: str
    port: int
    security: str
    authenticate: bool
    verify_certificate: bool
    timeout: int
    active: bool
    health: str
    companies: tuple[str, ...]
    why_not: str | None


def ids(
    session: Session,
    company: Company,
    kind: str,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    limit: int | None = None,
    among: Collection[int] | None = None,
) -> array[int]:
    """Ids of the servers to choose from for ``company``, the active ones first.

    Of the headquarters its sending mailboxes, in their order; of the partner every server that
    can send but those of this company, and but copies, whose originals are in the list.
    """
    query = _of_headquarters(company) if kind == HEADQUARTERS else _of_partner(company)
    query = query.where(
        EmailServer.smtp_host.is_not(None), search.matches(EmailServer.search_key, filter)
    )
    if among is not None:
        query = query.where(EmailServer.id.in_(among))
    return array("q", session.scalars(query.limit(limit)))


def rows(
    session: Session, actor: Actor, company: Company, wanted: Sequence[int]
) -> dict[int, Candidate]:
    """The candidates of ``wanted`` by server id, in that order."""
    found = {
        row.id: row
        for row in session.scalars(
            select(EmailServer).where(
                EmailServer.id.in_(wanted), EmailServer.partner_id == company.partner_id
            )
        )
    }
    mine = session.execute(
        select(Mailbox.function, EmailServer.id, EmailServer.email, EmailServer.origin_id)
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .where(Mailbox.company_id == company.id)
    ).all()
    reading = {row.email.lower() for row in mine if row.function == Function.READ}
    sending = {row.id for row in mine if row.function == Function.SEND}
    copied = {row.origin_id for row in mine if row.function == Function.SEND}
    users = _users(session, actor, found)

    def why_not(server: EmailServer) -> str | None:
        if server.id in sending:
            return _("Esta empresa já envia por esta caixa")
        if server.id in copied:
            return _("Esta empresa já tem uma cópia desta caixa")
        if server.email.lower() in reading:
            return _(
                "É a caixa de leitura desta empresa, e cada função precisa da sua própria caixa"
            )
        if not server.active or server.inactive_code is not None:
            return _("Está inativa: ative-a antes, senão os e-mails desta empresa ficam parados")
        return None

    return {
        i: _candidate(found[i], users.get(i, ()), why_not(found[i])) for i in wanted if i in found
    }


def choose(
    session: Session, actor: Actor, company: Company, kind: str, server_id: int | None
) -> Candidate:
    """The candidate of that id or, where there is only one to choose from, that one.

    Raises :class:`NotFound` for what is no candidate, :class:`Refused` for one that cannot be
    copied now, :class:`Invalid` when several could be meant.
    """
    if server_id is not None:
        if not ids(session, company, kind, among=(server_id,)):
            raise NotFound(
                _("Servidor de e-mail {id} não encontrado").format(id=server_id), field="server"
            )
        chosen = rows(session, actor, company, [server_id])[server_id]
    else:
        found = list(rows(session, actor, company, ids(session, company, kind)).values())
        usable = [each for each in found if each.why_not is None] or found[:1]
        if not usable:
            raise NotFound(_("Não há caixa de envio para copiar"), field="server")
        if len(usable) > 1:
            raise Invalid(
                _("Há mais de uma caixa, escolha qual pelo número: {list}").format(
                    list=", ".join(f"{each.id} ({each.email})" for each in usable)
                ),
                field="server",
            )
        chosen = usable[0]
    if chosen.why_not is not None:
        raise Refused(f"{chosen.email}: {chosen.why_not}", field="server")
    return chosen


def _of_headquarters(company: Company) -> Select[int]:
    return (
        select(EmailServer.id)
        .join(Mailbox, Mailbox.server_id == EmailServer.id)
        .where(
            Mailbox.company_id == company.headquarters_id,
            Mailbox.function == Function.SEND,
            EmailServer.partner_id == company.partner_id,
        )
        .order_by(EmailServer.active.desc(), Mailbox.position, Mailbox.id)
    )


def _of_partner(company: Company) -> Select[int]:
    return (
        select(EmailServer.id)
        .where(
            EmailServer.partner_id == company.partner_id,
            EmailServer.kind.in_((Kind.SEND, Kind.BOTH)),
            EmailServer.origin_id.is_(None),
            EmailServer.id.not_in(
                select(Mailbox.server_id).where(Mailbox.company_id == company.id)
            ),
        )
        .order_by(EmailServer.active.desc(), EmailServer.search_key, EmailServer.id)
    )


def _users(session: Session, actor: Actor, servers: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Nicknames of the companies on each server; company users do not learn of others (R53)."""
    if not actor.is_partner:
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for server_id, nickname in session.execute(
        select(Mailbox.server_id, Company.nickname)
        .join(Company, Company.id == Mailbox.company_id)
        .where(Mailbox.server_id.in_(list(servers)), Mailbox.function == Function.SEND)
        .order_by(Company.nickname_key, Company.id)
    ):
        found[server_id] = (*found.get(server_id, ()), nickname)
    return found


def _candidate(server: EmailServer, companies: tuple[str, ...], why_not: str | None) -> Candidate:
    return Candidate(
        id=server.id,
        nickname=server.nickname,
        sender_name=server.sender_name,
        email=server.email,
        username=server.username,
        host=server.smtp_host or "",
        port=server.smtp_port or 0,
        security=server.smtp_security or "",
        authenticate=server.authenticate,
        verify_certificate=server.verify_certificate,
        timeout=server.timeout,
        active=server.active,
        health=direction.condition(server, Function.SEND).health,
        companies=companies,
        why_not=why_not,
    )
