"""Who acts, and what they may see and do (R53, R54)."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, select, true
from sqlalchemy.orm import Session

from services.errors import NotAllowed, NotFound
from services.language import _
from services.registry import search
from services.settings import Settings
from services.store.engine import sqlite_path
from services.store.models import Company, Partner, Role, User, UserCompany

# A statement takes tens of thousands of parameters at most; a user may see more companies.
_FEW = 1_000


@dataclass(frozen=True, slots=True)
class Actor:
    """The person on whose behalf a service works.

    ``company_ids`` is None for a partner user, who sees all companies of the partner.
    ``version`` is that of the user's row when this was read: see :func:`current`. ``language`` is
    what the person wants to read, None for what the session says.
    """

    user_id: int
    nickname: str
    partner_id: int
    partner_name: str
    role: str
    os_account: str
    company_ids: frozenset[int] | None = None
    version: int | None = None
    language: str | None = None

    @property
    def is_partner(self) -> bool:
        """True for users of the partner itself."""
        return self.role == Role.PARTNER

    def sees(self, company_id: int | None) -> bool:
        """May this person see things of that company? None stands for the partner's own."""
        return self.company_ids is None or (
            company_id is not None and company_id in self.company_ids
        )


def os_account() -> str:
    """The account of the operating system that runs this process; never from the environment."""
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def identify(session: Session, *, nickname: str | None, owns_state: bool) -> Actor:
    """Who is at the keyboard (R54).

    Without ``nickname`` the operating system's account decides. ``--user`` is honoured only
    where ``owns_state``: for the account that owns the state folder. Raises
    :class:`NotAllowed` otherwise.
    """
    account = os_account()
    if nickname is not None:
        if not owns_state:
            raise NotAllowed(
                _("--user só é aceito para a conta dona da pasta de estado do Carteiro"),
                field="user",
            )
        user = user_named(session, nickname)
        if user is None or not user.active:
            raise NotAllowed(
                _("Usuário {nickname} não existe ou está inativo").format(nickname=nickname),
                field="user",
            )
    else:
        user = session.scalar(select(User).where(User.os_account == account, User.active))
        if user is None:
            raise NotAllowed(
                _(
                    "A conta {account} não está ligada a nenhum usuário: peça ao parceiro que a cadastre"
                ).format(account=account)
            )
    return actor_of(session, user, account)


def user_named(session: Session, nickname: str) -> User | None:
    """The user of that nickname, active or not; accents and case do not matter."""
    found = session.scalars(select(User).where(User.nickname_key == search.key(nickname, most=120)))
    return min(found, key=lambda user: (user.nickname != nickname, user.id), default=None)


def actor_of(session: Session, user: User, account: str = "") -> Actor:
    """The actor that ``user`` is."""
    companies = None
    if user.role != Role.PARTNER:
        companies = frozenset(
            session.scalars(select(UserCompany.company_id).where(UserCompany.user_id == user.id))
        )
    partner = session.get_one(Partner, user.partner_id)
    return Actor(
        user.id,
        user.nickname,
        partner.id,
        partner.name,
        user.role,
        account,
        companies,
        user.version,
        user.language,
    )


def current(session: Session, actor: Actor) -> Actor:
    """``actor`` as the partner has it now: a console may be open for days (R53).

    Raises :class:`NotAllowed` once the user is inactive or gone.
    """
    if actor.version is None:
        return actor
    found = session.execute(
        select(User.version, User.active).where(User.id == actor.user_id)
    ).one_or_none()
    if found is None or not found.active:
        raise NotAllowed(
            _("O usuário {nickname} foi inativado ou excluído pelo parceiro {partner}").format(
                nickname=actor.nickname, partner=actor.partner_name
            )
        )
    if found.version == actor.version:
        return actor
    return actor_of(session, session.get_one(User, actor.user_id), actor.os_account)


def visible(
    actor: Actor, partner_id: SQLColumnExpression[Any], company_id: SQLColumnExpression[Any]
) -> ColumnElement[bool]:
    """The SQL condition for rows that ``actor`` may see."""
    return (partner_id == actor.partner_id) & among(actor, company_id)


def among(actor: Actor, company_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """The SQL condition that a company is one of those that ``actor`` sees (R53)."""
    if actor.company_ids is None:
        return true()
    if len(actor.company_ids) <= _FEW:
        return company_id.in_(actor.company_ids)
    return company_id.in_(
        select(UserCompany.company_id).where(UserCompany.user_id == actor.user_id)
    )


def company(session: Session, actor: Actor, company_id: int) -> Company:
    """That company, when ``actor`` may see it; :class:`NotFound` otherwise."""
    row = session.get(Company, company_id)
    if row is None or row.partner_id != actor.partner_id or not actor.sees(row.id):
        raise NotFound(_("Empresa não encontrada"), field="company")
    return row


def partner_only(actor: Actor) -> None:
    """Refuse company users what is the partner's (R53)."""
    if not actor.is_partner:
        raise NotAllowed(
            _("Somente usuários do parceiro {partner} podem fazer isto").format(
                partner=actor.partner_name
            )
        )


def has_partner(session: Session) -> bool:
    """False on a fresh installation: the first partner and user are still to be made."""
    return session.scalar(select(Partner.id).limit(1)) is not None


def owns_state(settings: Settings) -> bool:
    """Does the account that runs this process own the state folder and its database (R54)?

    A folder that the environment names proves nothing about a database elsewhere.
    """
    owned = [settings.home]
    if settings.is_sqlite and (path := sqlite_path(settings.database_url)):
        owned.append(path)
    return all(_owns(path) for path in owned)


def require_owner(settings: Settings, nickname: str | None) -> None:
    """Raise :class:`NotAllowed` unless the installation's own account acts as itself (R54).

    What concerns the whole database (backup, key) is no partner's and no user's business.
    """
    if nickname is not None or not owns_state(settings):
        raise NotAllowed(
            _("Só a conta que é dona da pasta de estado ({home}) faz isto, e sem --user").format(
                home=settings.home
            ),
            field="user",
        )


def _owns(path: Path) -> bool:
    try:
        return path.stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return True
