"""Companies: the issuers of fiscal documents that a partner administers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.errors import Invalid, Refused
from services.fiscal import cnpj as cnpjs
from services.language import _, ngettext
from services.registry import access, audit, removed, versions
from services.registry.access import Actor
from services.registry.company_form import CompanyDraft, Neighbour, check, columns, taken
from services.registry.company_views import (
    CompanyView,
    by_cnpj,
    cnpj_of,
    ids,
    only,
    rows,
    view,
    view_of,
)
from services.registry.unlinking import unlink
from services.store.mail import Document, OutboxMessage, OutboxState
from services.store.models import Company, Mailbox, Partner

__all__ = [
    "CompanyDraft",
    "CompanyView",
    "add",
    "by_cnpj",
    "edit",
    "ids",
    "only",
    "remove",
    "rows",
    "view",
]

_WAITING = (
    OutboxState.QUEUED,
    OutboxState.SENDING,
    OutboxState.DEFERRED,
    OutboxState.UNCERTAIN,
)


def add(session: Session, actor: Actor, draft: CompanyDraft) -> CompanyView:
    """Register a company of the partner.

    Raises ``InvalidFields``, or :class:`Conflict` when the partner has one of that CNPJ.
    """
    access.partner_only(actor)
    if draft.invoicy_mail is None:
        partner = session.get_one(Partner, actor.partner_id)
        draft = replace(draft, invoicy_mail=partner.auto_invoicy_mail)
    clean = _clean(session, actor, draft, None)
    row = Company(partner_id=actor.partner_id)
    _fill(session, row, clean)
    session.add(row)
    _flush(session, row)
    audit.record(session, actor, "add", "company", row.id, company_id=row.id, after=asdict(clean))
    return view_of(row, clean.headquarters)


def edit(
    session: Session,
    actor: Actor,
    company_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
) -> CompanyView:
    """Change the named fields of :class:`CompanyDraft`; the others stay.

    Raises ``InvalidFields``; :class:`Conflict` when ``version`` is not the present one.
    """
    access.partner_only(actor)
    row = _locked(session, actor, company_id)
    versions.check(session, "company", row.id, row.version, version)
    before = _draft(session, row)
    unknown = changes.keys() - CompanyDraft.__dataclass_fields__.keys()
    if unknown:
        raise Invalid(_("Campo desconhecido: {name}").format(name=min(unknown)), field=min(unknown))
    clean = _clean(session, actor, replace(before, **changes), row)
    if clean != before:
        _fill(session, row, clean)
        row.version += 1
        _flush(session, row)
        audit.record(
            session,
            actor,
            "edit",
            "company",
            row.id,
            company_id=row.id,
            before=asdict(before),
            after=asdict(clean),
        )
    return view_of(row, clean.headquarters)


def remove(session: Session, actor: Actor, company_id: int) -> None:
    """Remove a company; its mailboxes are unlinked, and servers left without a company go (R12).

    Refused while branches name it as headquarters, while e-mails wait to leave (R33), and once it
    has documents: they must be kept.
    """
    access.partner_only(actor)
    row = _locked(session, actor, company_id)
    branches = _count(session, select(func.count()).where(Company.headquarters_id == row.id))
    if branches:
        raise Refused(
            ngettext(
                "Esta empresa é a matriz de {n} filial: altere-a antes de excluir",
                "Esta empresa é a matriz de {n} filiais: altere-as antes de excluir",
                branches,
            ).format(n=branches)
        )
    waiting = _count(
        session,
        select(func.count()).where(
            OutboxMessage.company_id == row.id, OutboxMessage.state.in_(_WAITING)
        ),
    )
    if waiting:
        raise Refused(
            ngettext(
                "Há {n} e-mail desta empresa na fila de envio: espere sair ou cancele",
                "Há {n} e-mails desta empresa na fila de envio: espere saírem ou cancele",
                waiting,
            ).format(n=waiting)
        )
    documents = _count(session, select(func.count()).where(Document.company_id == row.id))
    if documents:
        raise Refused(
            ngettext(
                "Esta empresa tem {n} documento importado, que precisa ser guardado",
                "Esta empresa tem {n} documentos importados, que precisam ser guardados",
                documents,
            ).format(n=documents)
        )
    before = asdict(_draft(session, row))
    for mailbox in session.scalars(select(Mailbox).where(Mailbox.company_id == row.id)).all():
        unlink(session, actor, mailbox)
    removed.forget_company(session, row.id)
    audit.record(session, actor, "remove", "company", row.id, company_id=row.id, before=before)
    session.flush()
    session.delete(row)
    session.flush()


class _Stored:
    """The companies round one, as the database has them."""

    def __init__(self, session: Session, partner_id: int) -> None:
        self._session = session
        self._partner_id = partner_id

    def neighbour(self, cnpj: str) -> Neighbour | None:
        # Held, so that it does not become a branch, or go, before this change is committed.
        row = self._session.scalar(
            _numbered(self._partner_id, cnpj).with_for_update(read=True),
            execution_options={"populate_existing": True},
        )
        return None if row is None else Neighbour(row.nickname, row.headquarters_id is not None)

    def has_branches(self, cnpj: str) -> bool:
        row = self._session.scalar(_numbered(self._partner_id, cnpj))
        return row is not None and _has_branches(self._session, row.id)


def _numbered(partner_id: int, cnpj: str) -> Select[Company]:
    return select(Company).where(Company.partner_id == partner_id, Company.cnpj == cnpj)


def _clean(
    session: Session, actor: Actor, draft: CompanyDraft, row: Company | None
) -> CompanyDraft:
    """The draft in canonical form, fit to be saved."""
    clean = check(draft, _Stored(session, actor.partner_id), None if row is None else row.cnpj)
    if row is not None and row.cnpj != clean.cnpj:
        _may_change_cnpj(session, row, clean.cnpj)
    other = session.scalar(_numbered(actor.partner_id, clean.cnpj))
    if other is not None and other is not row:
        raise taken(clean.cnpj, other.nickname)
    return clean


def _may_change_cnpj(session: Session, row: Company, cnpj: str) -> None:
    if _count(session, select(func.count()).where(Document.company_id == row.id)):
        raise Refused(_("CNPJ: a empresa já tem documentos importados por ele"), field="cnpj")
    if cnpjs.root(row.cnpj) != cnpjs.root(cnpj) and _has_branches(session, row.id):
        raise Refused(_("CNPJ: as filiais desta empresa têm a raiz do CNPJ atual"), field="cnpj")


def _has_branches(session: Session, company_id: int) -> bool:
    found = session.scalar(select(Company.id).where(Company.headquarters_id == company_id).limit(1))
    return found is not None


def _fill(session: Session, row: Company, clean: CompanyDraft) -> None:
    above = None
    if clean.headquarters is not None:
        above = session.scalar(_numbered(row.partner_id, clean.headquarters))
    for name, value in columns(clean).items():
        setattr(row, name, value)
    row.headquarters_id = None if above is None else above.id


def _flush(session: Session, row: Company) -> None:
    """Write; another process may have registered the same CNPJ since it was looked for."""
    cnpj = row.cnpj
    try:
        session.flush()
    except IntegrityError as e:
        raise taken(cnpj, cnpj) from e


def _locked(session: Session, actor: Actor, company_id: int) -> Company:
    row = access.company(session, actor, company_id)
    session.refresh(row, with_for_update=True)
    return row


def _draft(session: Session, row: Company) -> CompanyDraft:
    return CompanyDraft(
        row.cnpj,
        row.nickname,
        row.legal_name,
        cnpj_of(session, row.headquarters_id),
        row.notification_email,
        row.document_import,
        row.invoicy_mail,
        row.may_register,
        row.sender_name,
        row.silence_notice,
    )


def _count(session: Session, query: Any) -> int:
    return int(session.scalar(query) or 0)
