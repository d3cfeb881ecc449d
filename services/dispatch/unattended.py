"""Documents of the watched folder: queued in nobody's name, and told of when they cannot be (R31)."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.dispatch import draft as drafts
from services.dispatch.draft import Draft
from services.dispatch.placing import Parcel, Queued, issuer, key_of, planned, put, unknown
from services.errors import Invalid
from services.fiscal.facts import Facts
from services.fiscal.recognise import recognise
from services.language import _, both
from services.notifications.announce import announce
from services.retelling import retold
from services.safe_text import safe
from services.store.mail import OutboxMessage
from services.store.models import Company, Partner
from services.store.notices import Notification


def queued_before(session: Session, xml: bytes) -> int | None:
    """The e-mail as which :func:`send` has queued the document already, if it has.

    Raises what it would refuse.
    """
    draft, company = _found(session, xml)
    plan = planned(session, draft, company, ())
    return session.scalar(
        select(OutboxMessage.id).where(
            OutboxMessage.company_id == company.id,
            OutboxMessage.idempotency_key == key_of(draft, plan, (), None),
        )
    )


def send(session: Session, parcel: Parcel) -> Queued:
    """Queue a document that was left in the watched folder, in nobody's name."""
    draft, company = _found(session, parcel.xml)
    return put(session, draft, company, parcel.danfe)


def tell_rejected(session: Session, name: str, xml: bytes | None, why: str, claim: str) -> None:
    """Announce that a file of the watched folder was not sent, once a ``claim``.

    To those who are told of the company that issued it, where that is known; otherwise in the
    bell of the partner.
    """
    company = _issuing(session, xml)
    partner_id = company.partner_id if company else session.scalar(select(func.min(Partner.id)))
    key = f"folder {claim}"
    told = select(Notification.id).where(
        Notification.partner_id == partner_id, Notification.idempotency_key == key
    )
    if partner_id is None or session.scalar(told.limit(1)) is not None:
        return
    announce(
        session,
        partner_id=partner_id,
        company_id=company.id if company else None,
        type_key="document_rejected",
        subject=both(lambda: _("Documento não enviado: {name}").format(name=safe(name, 120))),
        body=both(
            lambda: _(
                "O arquivo {name} da pasta de documentos não foi enviado e está em Erros. {why}"
            ).format(name=safe(name, 255), why=retold(why))
        ),
        key=key,
    )


def _issuing(session: Session, xml: bytes | None) -> Company | None:
    """The only registered company that issued what is in ``xml``, whether it can be sent or not."""
    found = recognise(xml) if xml is not None else None
    if not isinstance(found, Facts) or found.issuer_cnpj is None:
        return None
    rows = session.scalars(select(Company).where(Company.cnpj == found.issuer_cnpj).limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def _found(session: Session, xml: bytes) -> tuple[Draft, Company]:
    draft = drafts.read(xml)
    rows = session.scalars(select(Company).where(Company.cnpj == issuer(draft)).limit(2)).all()
    if not rows:
        raise unknown(draft)
    if len(rows) > 1:
        raise Invalid(
            _("Mais de um parceiro tem a empresa {cnpj}: envie com carteiro send-document").format(
                cnpj=issuer(draft)
            ),
            field="company",
        )
    return draft, rows[0]
