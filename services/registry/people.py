"""The partner's people: who they are, what they are, which companies they see (R53, R54)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from services.errors import Conflict, Invalid, NotFound, Refused
from services.language import LANGUAGES, _
from services.registry import access, audit, versions
from services.registry.access import Actor
from services.registry.bulk import BulkOutcome, BulkRefusal, pieces
from services.registry.fields import Form
from services.registry.people_form import UserDraft, check, check_nickname, fill
from services.registry.people_views import (
    UserView,
    by_nickname,
    companies_of,
    ids,
    list_users,
    rows,
    view,
    view_of,
)
from services.store.engine import begin_exclusive
from services.store.models import Company, Partner, Role, User, UserCompany
from services.wire.addresses import valid_address

__all__ = [
    "UserDraft",
    "UserView",
    "add_user",
    "by_nickname",
    "edit_user",
    "grant",
    "ids",
    "initialise",
    "list_users",
    "remove_user",
    "revoke",
    "rows",
    "speak",
    "view",
]


def initialise(
    session: Session, *, partner: str, partner_key: str, nickname: str, email: str | None
) -> Actor:
    """Make the partner and its first user: the account that runs this (R54).

    Raises ``InvalidFields``, and :class:`Conflict` when there is a partner already.
    """
    begin_exclusive(session.connection())
    if access.has_partner(session):
        raise Conflict(_("O Carteiro já foi iniciado: há um parceiro cadastrado"))
    form = Form()
    name = form.text("partner", _("Parceiro"), partner, 200)
    key = form.text("partner_key", _("Chave de parceiro"), partner_key, 100)
    nickname = check_nickname(form, _("Apelido do usuário"), nickname)
    email = form.checked("email", _("E-mail"), email, valid_address) if email else None
    form.done()
    first = Partner(name=name, partner_key=key)
    session.add(first)
    session.flush()
    user = User(partner_id=first.id)
    account = access.os_account()
    fill(user, UserDraft(nickname, nickname, email, Role.PARTNER, os_account=account))
    session.add(user)
    session.flush()
    actor = access.actor_of(session, user, account)
    audit.record(session, actor, "init", "partner", first.id, after={"name": name})
    audit.record(session, actor, "add", "user", user.id, after=_told(view_of(user, ())))
    return actor


def add_user(session: Session, actor: Actor, draft: UserDraft) -> UserView:
    """Register a user of the partner or of some companies.

    Raises ``InvalidFields``; :class:`Conflict` for a nickname or account that is taken.
    """
    access.partner_only(actor)
    _hold(session, actor)
    clean, companies = check(session, actor, draft)
    row = User(partner_id=actor.partner_id)
    fill(row, clean)
    session.add(row)
    session.flush()
    _tie(session, row, [company.id for company in companies])
    made = view_of(row, clean.companies)
    audit.record(session, actor, "add", "user", row.id, after=_told(made))
    return made


def edit_user(
    session: Session,
    actor: Actor,
    user_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
) -> UserView:
    """Change the named fields of :class:`UserDraft`; the others stay.

    Who becomes a partner user gives up its companies, as it sees all (R53). Raises
    ``InvalidFields``; :class:`Conflict` for a nickname or account that is taken, and when
    ``version`` is not the present one; :class:`Refused` for who would lock out himself, or the
    partner.
    """
    access.partner_only(actor)
    _hold(session, actor)
    row = _locked(session, actor, user_id)
    versions.check(session, "user", row.id, row.version, version)
    unknown = changes.keys() - UserDraft.__dataclass_fields__.keys()
    if unknown:
        raise Invalid(_("Campo desconhecido: {name}").format(name=min(unknown)), field=min(unknown))
    before = view_of(row, companies_of(session, row.id))
    draft = replace(_draft(before), **changes)
    if draft.role == Role.PARTNER and "companies" not in changes:
        draft = replace(draft, companies=())
    bare = before.role == Role.COMPANY and not before.companies
    clean, companies = check(session, actor, draft, row, may_have_none=bare)
    _keep_a_way_in(session, actor, row, clean)
    if clean != _draft(before):
        fill(row, clean)
        row.version += 1
        if clean.companies != before.companies:
            session.execute(delete(UserCompany).where(UserCompany.user_id == row.id))
            _tie(session, row, [company.id for company in companies])
        session.flush()
    after = view_of(row, clean.companies)
    audit.record(session, actor, "edit", "user", row.id, before=_told(before), after=_told(after))
    return after


def speak(session: Session, actor: Actor, language: str) -> None:
    """Keep ``language`` as this person's own, whoever they are: it is spoken from the next start."""
    if language not in LANGUAGES:
        raise Invalid(
            _("{label}: escolha entre {allowed}").format(
                label=_("Idioma"), allowed=", ".join(LANGUAGES)
            ),
            field="language",
        )
    row = _locked(session, actor, actor.user_id)
    if row.language != language:
        before, row.language = row.language, language
        audit.record(
            session,
            actor,
            "edit",
            "user",
            row.id,
            before={"language": before},
            after={"language": language},
        )


def remove_user(session: Session, actor: Actor, nickname: str) -> None:
    """Remove a user; refused for oneself, and for the last active user of the partner."""
    access.partner_only(actor)
    _hold(session, actor)
    before = by_nickname(session, actor, nickname)
    row = _locked(session, actor, before.id)
    if row.id == actor.user_id:
        raise Refused(_("Ninguém exclui a si mesmo: peça a outro usuário do parceiro"))
    _another_partner_user(session, row)
    audit.record(session, actor, "remove", "user", row.id, before=_told(before))
    session.delete(row)
    session.flush()


def grant(session: Session, actor: Actor, user_id: int, company_ids: Iterable[int]) -> BulkOutcome:
    """Let a company user see these companies too (R53).

    One unit of work; callers may hand in pieces. A company that is gone is refused and stops no
    other. Partner users see all companies: :class:`Refused`.
    """
    row = _company_user(session, actor, user_id)
    wanted = dict.fromkeys(company_ids)
    has = _tied(session, row.id)
    there = _partners(session, actor, [each for each in wanted if each not in has])
    _tie(session, row, list(there))
    _record(session, actor, row, "grant", there)
    return BulkOutcome(
        len(there),
        sum(each in has for each in wanted),
        tuple(
            BulkRefusal(each, "", _("Empresa não encontrada"))
            for each in wanted
            if each not in has and each not in there
        ),
    )


def revoke(session: Session, actor: Actor, user_id: int, company_ids: Iterable[int]) -> BulkOutcome:
    """Take these companies from a company user (R53); at least one is left.

    :class:`Refused` as a whole when none would be: deactivate or remove the user instead.
    """
    row = _company_user(session, actor, user_id)
    wanted = dict.fromkeys(company_ids)
    has = _tied(session, row.id)
    gone = [each for each in wanted if each in has]
    if gone and len(gone) == len(has):
        raise Refused(
            _(
                "{nickname} ficaria sem empresa: inative ou exclua o usuário, ou deixe ao menos uma"
            ).format(nickname=row.nickname),
            field="companies",
        )
    for some in pieces(gone, 1_000):
        session.execute(
            delete(UserCompany).where(
                UserCompany.user_id == row.id, UserCompany.company_id.in_(some)
            )
        )
    _record(session, actor, row, "revoke", _partners(session, actor, gone))
    return BulkOutcome(len(gone), len(wanted) - len(gone))


def _hold(session: Session, actor: Actor) -> None:
    """One change to the people of a partner at a time: their rules look at several at once."""
    session.execute(
        select(Partner.id).where(Partner.id == actor.partner_id).with_for_update()
    ).one()


def _locked(session: Session, actor: Actor, user_id: int) -> User:
    row = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if row is None or row.partner_id != actor.partner_id:
        raise NotFound(_("Usuário não encontrado"), field="user")
    return row


def _keep_a_way_in(session: Session, actor: Actor, row: User, clean: UserDraft) -> None:
    if row.id == actor.user_id:
        if clean.role != row.role:
            raise Refused(
                _("Ninguém muda o próprio papel: peça a outro usuário do parceiro"), field="role"
            )
        if not clean.active:
            raise Refused(
                _("Ninguém inativa a si mesmo: peça a outro usuário do parceiro"), field="active"
            )
    elif clean.role != Role.PARTNER or not clean.active:
        _another_partner_user(session, row)


def _another_partner_user(session: Session, row: User) -> None:
    """Refuse what would leave the partner without an active user of its own."""
    left = session.scalar(
        select(User.id)
        .where(
            User.partner_id == row.partner_id,
            User.role == Role.PARTNER,
            User.active,
            User.id != row.id,
        )
        .limit(1)
    )
    if left is None:
        raise Refused(_("Precisa restar ao menos um usuário ativo do parceiro"))


def _company_user(session: Session, actor: Actor, user_id: int) -> User:
    access.partner_only(actor)
    row = _locked(session, actor, user_id)
    if row.role != Role.COMPANY:
        raise Refused(
            _("{nickname} é usuário do parceiro e já vê todas as empresas").format(
                nickname=row.nickname
            ),
            field="companies",
        )
    return row


def _tied(session: Session, user_id: int) -> set[int]:
    return set(
        session.scalars(select(UserCompany.company_id).where(UserCompany.user_id == user_id))
    )


def _partners(session: Session, actor: Actor, company_ids: list[int]) -> dict[int, str]:
    """Of these companies those of the partner, with their CNPJ."""
    found: dict[int, str] = {}
    for some in pieces(company_ids, 1_000):
        found |= dict(
            session.execute(
                select(Company.id, Company.cnpj)
                .where(Company.id.in_(some), Company.partner_id == actor.partner_id)
                .with_for_update(read=True, key_share=True)
            ).all()
        )
    return found


def _tie(session: Session, row: User, company_ids: list[int]) -> None:
    if company_ids:
        session.execute(
            insert(UserCompany),
            [{"user_id": row.id, "company_id": company_id} for company_id in company_ids],
        )


def _record(
    session: Session, actor: Actor, row: User, action: str, companies: dict[int, str]
) -> None:
    """The user's version and the audit trail: one entry names all companies of a step (R55)."""
    if companies:
        row.version += 1
        audit.record(
            session, actor, action, "user", row.id, after={"companies": sorted(companies.values())}
        )
        session.flush()


def _draft(view: UserView) -> UserDraft:
    return UserDraft(
        view.nickname,
        view.name,
        view.email,
        view.role,
        view.companies,
        view.os_account,
        view.active,
        view.language,
    )


def _told(view: UserView) -> dict[str, Any]:
    """What the audit trail keeps of a user (R55)."""
    return asdict(_draft(view))
