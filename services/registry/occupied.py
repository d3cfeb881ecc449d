"""Which companies use an address already, and for what: each function needs its own (R7)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.errors import CarteiroError, Conflict, Refused
from services.language import _
from services.registry import company_views
from services.store.models import Company, EmailServer, Function, Mailbox


def by_others(
    session: Session,
    email: str,
    server_id: int | None,
    *conditions: ColumnElement[bool],
) -> dict[int, set[str]]:
    """The functions for which companies use ``email`` by another server, by company id.

    ``conditions`` say which mailboxes are looked at; the case of the address does not matter.
    """
    query = (
        select(Mailbox.company_id, Mailbox.function)
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .where(func.lower(EmailServer.email) == email.lower(), *conditions)
    )
    if server_id is not None:
        query = query.where(EmailServer.id != server_id)
    used: dict[int, set[str]] = {}
    for company_id, function in session.execute(query):
        used.setdefault(company_id, set()).add(function)
    return used


def refusal(email: str, wanted: Collection[str], used: set[str]) -> CarteiroError | None:
    """Why a company that uses ``email`` for ``used`` cannot have it for ``wanted`` too."""
    others = used - set(wanted)
    if others:
        other = _("leitura") if Function.READ in others else _("envio")
        return Refused(
            _(
                "E-mail: {email} já é a caixa de {other} desta empresa, e cada função precisa "
                "da sua própria caixa"
            ).format(email=email, other=other),
            field="email",
        )
    if used:
        return Conflict(
            _("E-mail: {email} já está cadastrado nesta empresa").format(email=email), field="email"
        )
    return None


def refuse_for_linked(session: Session, server: EmailServer, email: str) -> None:
    """Refuse ``email`` for a server when a company linked to it uses it by another (R7).

    The linked companies are held until the end of the unit of work.
    """
    linked = select(Mailbox.company_id).where(Mailbox.server_id == server.id)
    held = select(Company.id).where(Company.id.in_(linked)).order_by(Company.id)
    companies = session.scalars(held.with_for_update()).all()
    used = by_others(session, email, server.id, Mailbox.company_id.in_(linked))
    if not used:
        return
    if len(companies) == 1:
        mine = session.scalars(select(Mailbox.function).where(Mailbox.server_id == server.id))
        told = refusal(email, set(mine), used[companies[0]])
        if told is not None:
            raise told
    raise Refused(
        _("E-mail: {email} já é usado por outra caixa em {companies}").format(
            email=email,
            companies=company_views.named(
                session,
                select(Mailbox.company_id)
                .join(EmailServer, EmailServer.id == Mailbox.server_id)
                .where(
                    func.lower(EmailServer.email) == email.lower(),
                    EmailServer.id != server.id,
                    Mailbox.company_id.in_(linked),
                ),
            ),
        ),
        field="email",
    )
