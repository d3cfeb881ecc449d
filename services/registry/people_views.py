"""Users as the partner sees them: lists, rows, one (R53)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.registry import access, search
from services.registry.access import Actor
from services.store.models import Company, User, UserCompany

_SORTS = {"nickname": User.nickname_key, "email": User.email, "role": User.role}


@dataclass(frozen=True, slots=True)
class UserView:
    """A user as the partner sees it; ``companies`` are CNPJs without mask.

    ``rows`` leaves ``companies`` empty, as they may be thousands, and gives their count only.
    Partner users see all companies: they have none of their own.
    """

    id: int
    nickname: str
    name: str
    email: str | None
    role: str
    companies: tuple[str, ...]
    os_account: str | None
    active: bool
    version: int = 1
    companies_count: int = 0
    language: str | None = None


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
    active: bool | None = None,
    role: str | None = None,
    company_id: int | None = None,
    with_email: bool = False,
) -> array[int]:
    """Ids of the users that match, by ``nickname`` (default), ``name``, ``email`` or ``role``.

    ``company_id`` leaves the company users who see that company, ``with_email`` those who have an
    address. Only for the partner (R53).
    """
    access.partner_only(actor)
    query = select(User.id).where(
        User.partner_id == actor.partner_id, search.matches(User.search_key, filter)
    )
    if active is not None:
        query = query.where(User.active.is_(active))
    if role is not None:
        query = query.where(User.role == role)
    if company_id is not None:
        query = query.where(
            User.id.in_(select(UserCompany.user_id).where(UserCompany.company_id == company_id))
        )
    if with_email:
        query = query.where(func.coalesce(User.email, "") != "")
    if sort == "name":
        return search.folded_order(session, query, User.name, descending)
    order = _SORTS.get(sort or "nickname", User.nickname_key)
    query = query.order_by(order.desc() if descending else order, User.id)
    return array("q", session.scalars(query))


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, UserView]:
    """The users of ``ids``, by id, with the count of their companies but not the companies."""
    access.partner_only(actor)
    wanted = list(ids)
    counts = dict(
        session.execute(
            select(UserCompany.user_id, func.count())
            .where(UserCompany.user_id.in_(wanted))
            .group_by(UserCompany.user_id)
        ).all()
    )
    found = session.scalars(
        select(User).where(User.id.in_(wanted), User.partner_id == actor.partner_id)
    )
    return {row.id: view_of(row, (), counts.get(row.id, 0)) for row in found}


def view(session: Session, actor: Actor, user_id: int) -> UserView:
    """One user with all companies; only for the partner (R53)."""
    access.partner_only(actor)
    row = session.get(User, user_id)
    if row is None or row.partner_id != actor.partner_id:
        raise NotFound(_("Usuário não encontrado"), field="user")
    return view_of(row, companies_of(session, row.id))


def by_nickname(session: Session, actor: Actor, nickname: str) -> UserView:
    """The user of that nickname; accents and case do not matter. Only for the partner (R53)."""
    access.partner_only(actor)
    row = access.user_named(session, nickname)
    if row is None or row.partner_id != actor.partner_id:
        raise NotFound(
            _("Usuário {nickname} não encontrado").format(nickname=nickname), field="nickname"
        )
    return view(session, actor, row.id)


def list_users(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
) -> list[UserView]:
    """The partner's users by nickname, with their companies; only for the partner (R53)."""
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
        select(User).where(User.partner_id == actor.partner_id).order_by(User.nickname_key, User.id)
    )
    return [view_of(user, tuple(seen.get(user.id, ()))) for user in users]


def companies_of(session: Session, user_id: int) -> tuple[str, ...]:
    """The CNPJs that a company user sees, in order."""
    return tuple(
        session.scalars(
            select(Company.cnpj)
            .join(UserCompany, UserCompany.company_id == Company.id)
            .where(UserCompany.user_id == user_id)
            .order_by(Company.cnpj)
        )
    )


def view_of(row: User, companies: tuple[str, ...], count: int | None = None) -> UserView:
    """``row`` for people."""
    return UserView(
        row.id,
        row.nickname,
        row.name,
        row.email,
        row.role,
        companies,
        row.os_account,
        row.active,
        row.version,
        len(companies) if count is None else count,
        row.language,
    )
