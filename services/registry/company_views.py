"""Companies as people see them: lists, rows, one (R53)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.errors import Invalid, NotFound
from services.fiscal import cnpj as cnpjs
from services.language import _
from services.registry import access, search
from services.registry.access import Actor
from services.store.models import Company, Mailbox

_SORTS = {"nickname": Company.nickname_key, "cnpj": Company.cnpj}

_NAMED = 5


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company as screens and the command line see it; CNPJs without mask.

    ``sender_name`` is the name under which the platform's relay sends for it (R14);
    ``silence_notice`` whether it is told when no documents come (R29).
    """

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
    sender_name: str = ""
    silence_notice: bool = True


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
    document_import: bool | None = None,
    invoicy_mail: bool | None = None,
    server_id: int | None = None,
) -> array[int]:
    """Ids of the companies that match, by ``nickname`` (default), ``cnpj`` or ``legal_name``.

    ``server_id`` leaves those that are linked to that e-mail server (R15, R20).
    """
    query = select(Company.id).where(
        access.visible(actor, Company.partner_id, Company.id),
        search.matches(Company.search_key, filter),
    )
    if document_import is not None:
        query = query.where(Company.document_import.is_(document_import))
    if invoicy_mail is not None:
        query = query.where(Company.invoicy_mail.is_(invoicy_mail))
    if server_id is not None:
        query = query.where(
            Company.id.in_(select(Mailbox.company_id).where(Mailbox.server_id == server_id))
        )
    if sort == "legal_name":
        return search.folded_order(session, query, Company.legal_name, descending)
    order = _SORTS.get(sort or "nickname", Company.nickname_key)
    query = query.order_by(order.desc() if descending else order, Company.id)
    return array("q", session.scalars(query))


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
    return {row.id: view_of(row, cnpj_of.get(row.headquarters_id or 0)) for row in found}


def view(session: Session, actor: Actor, company_id: int) -> CompanyView:
    """One company, when this user may see it (R53)."""
    row = access.company(session, actor, company_id)
    return view_of(row, cnpj_of(session, row.headquarters_id))


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


def named(session: Session, company_ids: Select[int]) -> str:
    """Nicknames of these companies for a sentence: the first few, then how many more."""
    found = select(Company.nickname).where(Company.id.in_(company_ids))
    names = list(session.scalars(found.order_by(Company.nickname_key, Company.id).limit(_NAMED)))
    count = session.scalar(select(func.count()).where(Company.id.in_(company_ids))) or 0
    words = ", ".join(names)
    more = count - len(names)
    return _("{names} e mais {n}").format(names=words, n=more) if more else words


def view_of(row: Company, headquarters: str | None) -> CompanyView:
    """``row`` for people; ``headquarters`` is the CNPJ of the one that it names."""
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
        row.sender_name,
        row.silence_notice,
    )


def cnpj_of(session: Session, company_id: int | None) -> str | None:
    """The CNPJ of a company that is known to exist; None for None."""
    return None if company_id is None else session.get_one(Company, company_id).cnpj


def _number(cnpj: str, field: str) -> str:
    try:
        return cnpjs.parse(cnpj)
    except Invalid as e:
        raise Invalid(_("CNPJ: {why}").format(why=e.message), field=field) from e
