"""What of a company's mailboxes a company user may change, and whom to ask otherwise (R11, R53)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import NotAllowed
from services.language import _
from services.registry.access import Actor
from services.store.models import Company, EmailServer, Mailbox


def may_change(actor: Actor, company: Company) -> None:
    """Refuse a company user whom the partner has not permitted it, saying whom to ask (R11)."""
    if not actor.is_partner and not company.may_register:
        raise NotAllowed(
            _(
                "Sua empresa não tem permissão para cadastrar caixas de e-mail: peça ao parceiro "
                "{partner} a permissão, ou que ele mesmo cadastre a caixa"
            ).format(partner=actor.partner_name)
        )


def may_edit(session: Session, actor: Actor, server: EmailServer) -> None:
    """Refuse a company user a server that others use too, or where registering is not permitted.

    A server that also serves companies which this user does not see is the partner's to edit.
    """
    if actor.company_ids is None:
        return
    linked = session.scalars(
        select(Company)
        .where(Company.id.in_(select(Mailbox.company_id).where(Mailbox.server_id == server.id)))
        .order_by(Company.id)
    ).all()
    if not {company.id for company in linked} <= actor.company_ids:
        raise NotAllowed(
            _(
                "Esta caixa também serve a outras empresas: peça ao parceiro {partner} que a altere"
            ).format(partner=actor.partner_name)
        )
    for company in linked:
        may_change(actor, company)
