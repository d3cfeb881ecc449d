"""Changing all sending mailboxes of a company at once, with nobody in between."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import Conflict
from services.language import _
from services.store.models import Company, EmailServer, Function, Mailbox


def in_order(session: Session, company_id: int) -> list[Mailbox]:
    """The sending mailboxes of a company, the one that is tried first first (R13)."""
    return list(
        session.scalars(
            select(Mailbox)
            .where(Mailbox.company_id == company_id, Mailbox.function == Function.SEND)
            .order_by(Mailbox.position, Mailbox.id)
        )
    )


def hold(session: Session, company: Company, *server_ids: int) -> list[Mailbox]:
    """:func:`in_order`, the mailboxes' servers, those of ``server_ids`` and the company held.

    They stay as they are until the unit of work ends. Raises :class:`Conflict` when somebody
    else changed the list while it was waited for: of two who change it at once, one is told.
    """
    before = [link.id for link in in_order(session, company.id)]
    on_them = select(Mailbox.server_id).where(Mailbox.id.in_(before))
    # Servers before the company, as where one mailbox is edited: nobody waits for each other.
    session.scalars(
        select(EmailServer)
        .where(EmailServer.id.in_(on_them) | EmailServer.id.in_(server_ids))
        .order_by(EmailServer.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    session.refresh(company, with_for_update=True)
    links = in_order(session, company.id)
    if [link.id for link in links] != before:
        raise Conflict(
            _(
                "Outra pessoa acaba de mudar as caixas de envio desta empresa: nada foi alterado, "
                "confira e repita"
            )
        )
    return links
