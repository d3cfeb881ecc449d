"""Companies whose reading mailboxes have brought no document for 30 days are told of it (R29)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from services.clock import now
from services.language import _
from services.notifications.announce import announce
from services.store.mail import Document
from services.store.models import Company, EmailServer, Function, Mailbox

TYPE = "no_documents_30_days"
SILENCE = timedelta(days=30)


def warn(session: Session) -> int:
    """Announce every silence of 30 days that nobody was told of yet; how many.

    Of a company with Document Import on and a reading mailbox in use since before. A silence that
    goes on is told again after every further 30 days.
    """
    at = now()
    since = at - SILENCE
    read = (
        select(Mailbox.company_id, func.min(Mailbox.created_at).label("since"))
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .where(Mailbox.function == Function.READ, EmailServer.active)
        .group_by(Mailbox.company_id)
        .subquery()
    )
    silent = session.execute(
        select(Company.id, Company.partner_id, read.c.since)
        .join(read, read.c.company_id == Company.id)
        .where(
            Company.document_import,
            read.c.since <= since,
            ~exists().where(Document.company_id == Company.id, Document.imported_at > since),
        )
        .order_by(Company.id)
    ).all()
    told = 0
    for company_id, partner_id, linked_at in silent:
        last = session.scalar(
            select(func.max(Document.imported_at)).where(Document.company_id == company_id)
        )
        began: datetime = max(last, linked_at) if last is not None else linked_at
        announced = announce(
            session,
            partner_id=partner_id,
            company_id=company_id,
            type_key=TYPE,
            subject=_("Nenhum documento importado desde {date}").format(date=f"{began:%d/%m/%Y}"),
            body=_body(session, company_id, began),
            key=f"{TYPE} {began:%Y-%m-%dT%H:%M} {(at - began) // SILENCE}",
        )
        told += not announced.duplicate
    return told


def _body(session: Session, company_id: int, began: datetime) -> str:
    emails = session.scalars(
        select(EmailServer.email)
        .join(Mailbox, Mailbox.server_id == EmailServer.id)
        .where(
            Mailbox.company_id == company_id,
            Mailbox.function == Function.READ,
            EmailServer.active,
        )
        .order_by(Mailbox.position, Mailbox.id)
    ).all()
    return _(
        "Desde {date} nada foi importado de {emails}. Se fornecedores mandam documentos para lá, "
        "confira com Testar E-mail se a caixa é lida, se o endereço é o que eles usam e se a "
        "Quarentena tem algo desta empresa. Se ela não recebe documentos, desative a caixa ou a "
        "extensão Importação de Documentos."
    ).format(date=f"{began:%d/%m/%Y}", emails=", ".join(emails))
