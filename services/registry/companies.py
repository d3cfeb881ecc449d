"""Companies: the issuers of fiscal documents that a partner administers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.errors import Conflict, Invalid, NotFound, Refused
from services.fiscal import cnpj as cnpjs
from services.language import _, ngettext
from services.registry import access, audit, search, versions
from services.registry.access import Actor
from services.registry.fields import Form
from services.registry.unlinking import unlink
from services.store.mail import Document, OutboxMessage, OutboxState
from services.store.models import Company, Mailbox
from services.wire.addresses import split_addresses

_SORTS = {
    "nickname": Company.search_key,
    "cnpj": Company.cnpj,
    "legal_name": Company.legal_name,
}
_WAITING = (
    OutboxState.QUEUED,
    OutboxState.SENDING,
    OutboxState.DEFERRED,
    OutboxState.UNCERTAIN,
)


@dataclass(frozen=True, slots=True)
class CompanyDraft:
    """What a person fills in; ``cnpj`` and ``headquarters`` (a CNPJ) with or without mask.

    ``notification_email`` may name several addresses separated by ``;``.
    """

    cnpj: str
    nickname: str
    legal_name: str
    headquarters: str | None = None
    notification_email: str | None = None
    document_import: bool = False
    invoicy_mail: bool = False
    may_register: bool = True


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company as screens and the command line see it; CNPJs without mask."""

    id: int
    cnpj: str
    nickname: str
    legal_name: str
    headquarters: str | None
    notification_email: str | None
    document_import: bool
    invoicy_mail: bool
    may_register: bool
    version: int


def add(session: Session, actor: Actor, draft: CompanyDraft) -> CompanyView:
    """Register a company of the partner.

    Raises ``InvalidFields``, or :class:`Conflict` when the partner has one of that CNPJ.
    """
    access.partner_only(actor)
    clean, headquarters_id = _clean(session, actor, draft, None)
    row = Company(partner_id=actor.partner_id)
    _fill(row, clean, headquarters_id)
    session.add(row)
    _flush(session, row)
    audit.record(session, actor, "add", "company", row.id, company_id=row.id, after=asdict(clean))
    return _view(row, clean.headquarters)


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
    clean, headquarters_id = _clean(session, actor, replace(before, **changes), row)
    if clean != before:
        _fill(row, clean, headquarters_id)
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
    return _view(row, clean.headquarters)


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
    audit.record(session, actor, "remove", "company", row.id, company_id=row.id, before=before)
    session.flush()
    session.delete(row)
    session.flush()


def by_cnpj(session: Session, actor: Actor, cnpj: str) -> CompanyView:
    """The company of that CNPJ, with or without mask.

    Raises :class:`Invalid` for what is no CNPJ, :class:`NotFound` for one that is not registered
    or not visible to this user (R53).
    """
    number = _number(cnpj, "company")
    row = session.scalar(
        select(Company).where(
            Company.cnpj == number, access.visible(actor, Company.partner_id, Company.id)
        )
    )
    if row is None:
        raise NotFound(
            _("Empresa {cnpj} não encontrada").format(cnpj=cnpjs.masked(number)), field="company"
        )
    return view(session, actor, row.id)


def only(session: Session, actor: Actor) -> CompanyView | None:
    """The company of a user who sees exactly one; None for all others."""
    found = session.scalars(
        select(Company.id).where(access.visible(actor, Company.partner_id, Company.id)).limit(2)
    ).all()
    return view(session, actor, found[0]) if len(found) == 1 else None


def view(session: Session, actor: Actor, company_id: int) -> CompanyView:
    """One company, when this user may see it (R53)."""
    row = access.company(session, actor, company_id)
    return _view(row, _cnpj_of(session, row.headquarters_id))


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
) -> array[int]:
    """Ids of the companies that match, by ``nickname`` (default), ``cnpj`` or ``legal_name``."""
    order = _SORTS.get(sort or "nickname", Company.search_key)
    return array(
        "q",
        session.scalars(
            select(Company.id)
            .where(
                access.visible(actor, Company.partner_id, Company.id),
                search.matches(Company.search_key, filter),
            )
            .order_by(order.desc() if descending else order, Company.id)
        ),
    )


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, CompanyView]:
    """The companies of ``ids`` that this user may see, by id."""
    found = session.scalars(
        select(Company).where(
            Company.id.in_(list(ids)), access.visible(actor, Company.partner_id, Company.id)
        )
    ).all()
    above = {row.headquarters_id for row in found if row.headquarters_id is not None}
    cnpj_of = dict(
        session.execute(select(Company.id, Company.cnpj).where(Company.id.in_(above))).all()
    )
    return {row.id: _view(row, cnpj_of.get(row.headquarters_id or 0)) for row in found}


def _clean(
    session: Session, actor: Actor, draft: CompanyDraft, row: Company | None
) -> tuple[CompanyDraft, int | None]:
    """The draft in canonical form and the id of its headquarters."""
    form = Form()
    cnpj = form.checked("cnpj", _("CNPJ"), draft.cnpj, cnpjs.parse) or ""
    nickname = form.text("nickname", _("Apelido"), draft.nickname, 60)
    legal_name = form.text("legal_name", _("Razão social"), draft.legal_name, 200)
    addresses = _addresses(form, draft.notification_email)
    headquarters = None
    above = None
    if draft.headquarters:
        headquarters = form.checked("headquarters", _("Matriz"), draft.headquarters, cnpjs.parse)
    if headquarters and cnpj:
        above = _headquarters(session, actor, form, headquarters, cnpj)
        if above is not None and row is not None and _has_branches(session, row.id):
            form.refuse(
                "headquarters", _("Matriz: esta empresa tem filiais e não pode ser uma delas")
            )
    for name, label in (
        ("document_import", _("Importação de Documentos")),
        ("invoicy_mail", _("InvoiCy Mail")),
        ("may_register", _("Pode cadastrar caixas")),
    ):
        form.flag(name, label, getattr(draft, name))
    form.done()
    if row is not None and row.cnpj != cnpj:
        _may_change_cnpj(session, row, cnpj)
    other = session.scalar(
        select(Company).where(Company.partner_id == actor.partner_id, Company.cnpj == cnpj)
    )
    if other is not None and other is not row:
        raise _taken(cnpj, other.nickname)
    clean = replace(
        draft,
        cnpj=cnpj,
        nickname=nickname,
        legal_name=legal_name,
        headquarters=headquarters,
        notification_email=addresses,
    )
    return clean, above


def _addresses(form: Form, value: str | None) -> str | None:
    label = _("E-mail para notificações")
    typed = form.text("notification_email", label, value, 2_000, required=False)
    if not typed or not form.ok("notification_email"):
        return None
    good, bad = split_addresses(typed)
    for _address, why in bad:
        form.refuse("notification_email", _("{label}: {why}").format(label=label, why=why))
    return ";".join(good) or None


def _headquarters(
    session: Session, actor: Actor, form: Form, headquarters: str, cnpj: str
) -> int | None:
    if headquarters == cnpj:
        form.refuse("headquarters", _("Matriz: uma empresa não é matriz de si mesma"))
    elif cnpjs.root(headquarters) != cnpjs.root(cnpj):
        form.refuse("headquarters", _("Matriz: o CNPJ deve ter a mesma raiz (8 primeiros)"))
    else:
        above = session.scalar(
            select(Company).where(
                Company.partner_id == actor.partner_id, Company.cnpj == headquarters
            )
        )
        if above is None:
            form.refuse(
                "headquarters",
                _("Matriz: a empresa {cnpj} não está cadastrada").format(
                    cnpj=cnpjs.masked(headquarters)
                ),
            )
        elif above.headquarters_id is not None:
            form.refuse(
                "headquarters",
                _("Matriz: {nickname} é ela mesma uma filial").format(nickname=above.nickname),
            )
        else:
            return above.id
    return None


def _may_change_cnpj(session: Session, row: Company, cnpj: str) -> None:
    if _count(session, select(func.count()).where(Document.company_id == row.id)):
        raise Refused(_("CNPJ: a empresa já tem documentos importados por ele"), field="cnpj")
    if cnpjs.root(row.cnpj) != cnpjs.root(cnpj) and _has_branches(session, row.id):
        raise Refused(_("CNPJ: as filiais desta empresa têm a raiz do CNPJ atual"), field="cnpj")


def _has_branches(session: Session, company_id: int) -> bool:
    found = session.scalar(select(Company.id).where(Company.headquarters_id == company_id).limit(1))
    return found is not None


def _fill(row: Company, clean: CompanyDraft, headquarters_id: int | None) -> None:
    row.cnpj = clean.cnpj
    row.nickname = clean.nickname
    row.legal_name = clean.legal_name
    row.headquarters_id = headquarters_id
    row.notification_email = clean.notification_email
    row.document_import = clean.document_import
    row.invoicy_mail = clean.invoicy_mail
    row.may_register = clean.may_register
    row.nickname_key = search.key(clean.nickname, most=120)
    row.search_key = search.key(clean.nickname, clean.cnpj, clean.legal_name, most=400)


def _flush(session: Session, row: Company) -> None:
    """Write; another process may have registered the same CNPJ since it was looked for."""
    cnpj = row.cnpj
    try:
        session.flush()
    except IntegrityError as e:
        raise _taken(cnpj, cnpj) from e


def _taken(cnpj: str, nickname: str) -> Conflict:
    return Conflict(
        _("CNPJ {cnpj}: já cadastrado para {nickname}").format(
            cnpj=cnpjs.masked(cnpj), nickname=nickname
        ),
        field="cnpj",
    )


def _locked(session: Session, actor: Actor, company_id: int) -> Company:
    row = access.company(session, actor, company_id)
    session.refresh(row, with_for_update=True)
    return row


def _draft(session: Session, row: Company) -> CompanyDraft:
    return CompanyDraft(
        row.cnpj,
        row.nickname,
        row.legal_name,
        _cnpj_of(session, row.headquarters_id),
        row.notification_email,
        row.document_import,
        row.invoicy_mail,
        row.may_register,
    )


def _view(row: Company, headquarters: str | None) -> CompanyView:
    return CompanyView(
        row.id,
        row.cnpj,
        row.nickname,
        row.legal_name,
        headquarters,
        row.notification_email,
        row.document_import,
        row.invoicy_mail,
        row.may_register,
        row.version,
    )


def _cnpj_of(session: Session, company_id: int | None) -> str | None:
    return None if company_id is None else session.get_one(Company, company_id).cnpj


def _number(cnpj: str, field: str) -> str:
    try:
        return cnpjs.parse(cnpj)
    except Invalid as e:
        raise Invalid(e.message, field=field) from e


def _count(session: Session, query: Any) -> int:
    return int(session.scalar(query) or 0)
