"""Which company and type has nobody, or only a dead route (R28, R30)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.notifications.recipients import heard
from services.notifications.types import all_types
from services.registry import access, search, ways_out
from services.registry.access import Actor
from services.store.models import Company, User
from services.store.notices import NotificationEmail, Subscription


@dataclass(frozen=True, slots=True)
class Gap:
    """A company of whose notifications somebody would not hear by e-mail.

    ``types`` are those that nobody receives; ``why_none`` why no e-mail of it leaves at all.
    """

    company_id: int
    cnpj: str
    nickname: str
    types: tuple[str, ...]
    why_none: str | None


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
) -> array[int]:
    """The visible companies with a gap, by nickname: no way out, or a type that nobody receives."""
    keys = _by_email(session, actor)
    covered = (
        select(func.count(Subscription.type_key.distinct()))
        .join(NotificationEmail, NotificationEmail.id == Subscription.email_id)
        .outerjoin(User, User.id == NotificationEmail.user_id)
        .where(Subscription.company_id == Company.id, Subscription.type_key.in_(keys), heard())
        .scalar_subquery()
    )
    nobody = func.coalesce(Company.notification_email, "") == ""
    query = select(Company.id).where(
        access.visible(actor, Company.partner_id, Company.id),
        search.matches(Company.search_key, filter),
        or_(~ways_out.has_one(), nobody & (covered < len(keys))),
    )
    order = Company.cnpj if sort == "cnpj" else Company.nickname_key
    return array(
        "q", session.scalars(query.order_by(order.desc() if descending else order, Company.id))
    )


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, Gap]:
    """The gaps of these companies, by id."""
    wanted = list(ids)
    keys = _by_email(session, actor)
    told: dict[int, set[str]] = {}
    for company_id, key in session.execute(
        select(Subscription.company_id, Subscription.type_key)
        .join(NotificationEmail, NotificationEmail.id == Subscription.email_id)
        .outerjoin(User, User.id == NotificationEmail.user_id)
        .where(Subscription.company_id.in_(wanted), heard())
    ):
        told.setdefault(company_id, set()).add(key)
    companies = session.scalars(
        select(Company).where(
            Company.id.in_(wanted), access.visible(actor, Company.partner_id, Company.id)
        )
    ).all()
    sends = set(
        session.scalars(select(Company.id).where(Company.id.in_(wanted), ways_out.has_one()))
    )
    stuck = {c.invoicy_mail: c for c in companies if c.id not in sends}
    words = {mail: ways_out.why_nothing_leaves(session, one) for mail, one in stuck.items()}
    found = {
        company.id: Gap(
            company.id,
            company.cnpj,
            company.nickname,
            ()
            if (company.notification_email or "").strip(" ;")
            else tuple(key for key in keys if key not in told.get(company.id, ())),
            None if company.id in sends else words[company.invoicy_mail],
        )
        for company in companies
    }
    return {each: found[each] for each in wanted if each in found}


def _by_email(session: Session, actor: Actor) -> list[str]:
    return [key for key, known in all_types(session, actor.partner_id).items() if known.by_email]
