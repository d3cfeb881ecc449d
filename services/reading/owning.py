"""A document of somebody else's in quarantine: its company is linked to the mailbox (R39)."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.errors import Refused
from services.fiscal.cnpj import masked
from services.language import _
from services.reading import quarantine
from services.reading.importing import FOREIGN
from services.registry import access, audit, links
from services.registry.access import Actor
from services.store.mail import Quarantine, QuarantineState
from services.store.models import Function


def link(session: Session, actor: Actor, quarantine_id: int, company_id: int) -> list[int]:
    """Have the mailbox read for that company from now on; what is to be imported anew.

    These are the items that this frees, at most one a message, the asked one first: what else of
    the mailbox is held for want of the same company. Import them by
    :func:`services.reading.rereading.reread`. Only for the partner (R53). Raises ``Refused`` for a
    company that the document does not name or that cannot be linked (R2, R3, R7), with the reason.
    """
    access.partner_only(actor)
    item = quarantine.open_item(session, actor, quarantine_id)
    company = access.company(session, actor, company_id)
    if item.reason != FOREIGN:
        raise Refused(_("Este item não espera por uma empresa: {why}").format(why=item.explanation))
    if item.server_id is None:
        raise Refused(_("A caixa em que veio foi excluída"), field="id")
    if item.parties and company.cnpj not in item.parties:
        raise Refused(
            _("{nickname} ({cnpj}) não está neste documento").format(
                nickname=company.nickname, cnpj=masked(company.cnpj)
            ),
            field="company",
        )
    if not company.document_import:
        raise Refused(
            _("{nickname}: a extensão Importação de Documentos está desativada").format(
                nickname=company.nickname
            ),
            field="company",
        )
    done = links.link(session, actor, item.server_id, [company.id], functions=(Function.READ,))
    if done.refused:
        raise Refused(f"{company.nickname}: {done.refused[0].why}", field="company")
    audit.record(
        session,
        actor,
        "quarantine.link",
        "quarantine",
        quarantine_id,
        company_id=company.id,
        after={"email": item.email},
    )
    return [quarantine_id, *_freed(session, item, company.cnpj)]


def _freed(session: Session, item: quarantine.QuarantineView, cnpj: str) -> list[int]:
    # An event names few of those whom it concerns: it goes where its document goes.
    named = or_(
        Quarantine.parties.contains(cnpj, autoescape=True),
        Quarantine.parties == "",
        Quarantine.detail == item.detail,
    )
    rows = session.execute(
        select(Quarantine.inbound_id, Quarantine.id)
        .where(
            Quarantine.server_id == item.server_id,
            Quarantine.reason == FOREIGN,
            Quarantine.state == QuarantineState.OPEN,
            Quarantine.inbound_id != item.inbound_id,
            named,
        )
        .order_by(Quarantine.id)
    )
    return list({row[0]: row[1] for row in rows}.values())
