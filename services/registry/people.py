"""The partner's people: who they are, what they are, which companies they see (R53, R54)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.errors import Conflict, NotFound, Refused
from services.fiscal import cnpj as cnpjs
from services.language import _
from services.registry import access, audit, search
from services.registry.access import Actor
from services.registry.fields import Form
from services.store.engine import begin_exclusive
from services.store.models import Company, Partner, Role, User, UserCompany
from services.wire.addresses import valid_address


@dataclass(frozen=True, slots=True)
class UserDraft:
    """What is filled in for a user; ``companies`` are CNPJs, for company users only.

    ``os_account`` is the operating system's account that is this person (R54).
    """

    nickname: str
    name: str
    email: str | None
    role: str
    companies: tuple[str, ...] = ()
    os_account: str | None = None


@dataclass(frozen=True, slots=True)
class UserView:
    """A user as the partner sees it; ``companies`` are CNPJs without mask."""

    id: int
    nickname: str
    name: str
    email: str | None
    role: str
    companies: tuple[str, ...]
    os_account: str | None
    active: bool


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
    nickname = form.text("nickname", _("Apelido do usuário"), nickname, 60)
    email = form.checked("email", _("E-mail"), email, valid_address) if email else None
    form.done()
    first = Partner(name=name, partner_key=key)
    session.add(first)
    session.flush()
    user = User(
        partner_id=first.id,
        nickname=nickname,
        name=nickname,
        email=email,
        role=Role.PARTNER,
        os_account=access.os_account(),
    )
    _set_keys(user)
    session.add(user)
    session.flush()
    actor = access.actor_of(session, user, access.os_account())
    audit.record(session, actor, "init", "partner", first.id, after={"name": name})
    audit.record(session, actor, "add", "user", user.id, after=asdict(_view(user, ())))
    return actor


def add_user(session: Session, actor: Actor, draft: UserDraft) -> UserView:
    """Register a user of the partner or of some companies.

    Raises ``InvalidFields``; :class:`Conflict` for a nickname or account that is taken.
    """
    access.partner_only(actor)
    form = Form()
    nickname = form.text("nickname", _("Apelido"), draft.nickname, 60)
    name = form.text("name", _("Nome"), draft.name, 200)
    email = None
    if draft.email:
        email = form.checked("email", _("E-mail"), draft.email, valid_address)
    role = form.one_of("role", _("Papel"), draft.role, tuple(Role))
    account = form.text("os_account", _("Conta do sistema"), draft.os_account, 64, required=False)
    companies = _companies(session, actor, form, draft)
    form.done()
    taken = session.scalar(select(User).where(func.lower(User.nickname) == nickname.lower()))
    if taken is not None:
        raise Conflict(
            _("Apelido: {nickname} já é de outro usuário").format(nickname=nickname),
            field="nickname",
        )
    if account and session.scalar(select(User.id).where(User.os_account == account)):
        raise Conflict(
            _("Conta do sistema: {account} já é de outro usuário").format(account=account),
            field="os_account",
        )
    row = User(
        partner_id=actor.partner_id,
        nickname=nickname,
        name=name,
        email=email,
        role=role,
        os_account=account or None,
    )
    _set_keys(row)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as e:
        raise Conflict(
            _("Apelido: {nickname} já é de outro usuário").format(nickname=nickname),
            field="nickname",
        ) from e
    session.add_all(UserCompany(user_id=row.id, company_id=company.id) for company in companies)
    made = _view(row, tuple(company.cnpj for company in companies))
    audit.record(session, actor, "add", "user", row.id, after=asdict(made))
    session.flush()
    return made


def list_users(session: Session, actor: Actor) -> list[UserView]:
    """The partner's users by nickname; only for the partner (R53)."""
    access.partner_only(actor)
    seen: dict[int, list[str]] = {}
    for user_id, cnpj in session.execute(
        select(UserCompany.user_id, Company.cnpj)
        .join(Company, Company.id == UserCompany.company_id)
        .where(Company.partner_id == actor.partner_id)
        .order_by(Company.cnpj)
    ):
        seen.setdefault(user_id, []).append(cnpj)
    users = session.scalars(
        select(User).where(User.partner_id == actor.partner_id).order_by(func.lower(User.nickname))
    )
    return [_view(user, tuple(seen.get(user.id, ()))) for user in users]


def remove_user(session: Session, actor: Actor, nickname: str) -> None:
    """Remove a user; refused for oneself, so that a partner user is always left."""
    access.partner_only(actor)
    row = session.scalar(
        select(User).where(
            User.partner_id == actor.partner_id, func.lower(User.nickname) == nickname.lower()
        )
    )
    if row is None:
        raise NotFound(
            _("Usuário {nickname} não encontrado").format(nickname=nickname), field="nickname"
        )
    if row.id == actor.user_id:
        raise Refused(_("Ninguém exclui a si mesmo: peça a outro usuário do parceiro"))
    companies = session.scalars(
        select(Company.cnpj)
        .join(UserCompany, UserCompany.company_id == Company.id)
        .where(UserCompany.user_id == row.id)
    ).all()
    audit.record(
        session, actor, "remove", "user", row.id, before=asdict(_view(row, tuple(companies)))
    )
    session.delete(row)
    session.flush()


def _companies(session: Session, actor: Actor, form: Form, draft: UserDraft) -> Sequence[Company]:
    label = _("Empresas")
    if draft.role != Role.COMPANY:
        if draft.companies:
            form.refuse(
                "companies", _("{label}: usuários do parceiro veem todas").format(label=label)
            )
        return ()
    numbers = [
        number
        for typed in draft.companies
        if (number := form.checked("companies", label, typed, cnpjs.parse)) is not None
    ]
    if not numbers:
        form.refuse("companies", _("{label}: informe ao menos uma").format(label=label))
        return ()
    found = session.scalars(
        select(Company).where(
            Company.partner_id == actor.partner_id, Company.cnpj.in_(set(numbers))
        )
    ).all()
    missing = set(numbers) - {company.cnpj for company in found}
    if missing:
        form.refuse(
            "companies",
            _("{label}: {cnpj} não está cadastrada").format(
                label=label, cnpj=cnpjs.masked(min(missing))
            ),
        )
    return found


def _set_keys(row: User) -> None:
    row.nickname_key = search.key(row.nickname, most=120)
    row.search_key = search.key(row.nickname, row.name, row.email, row.os_account, most=700)


def _view(row: User, companies: tuple[str, ...]) -> UserView:
    return UserView(
        row.id, row.nickname, row.name, row.email, row.role, companies, row.os_account, row.active
    )
