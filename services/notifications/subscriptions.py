"""Which types of which companies an address receives (R25), and who would see whom (R30)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.notifications import addresses, recipients
from services.notifications.types import all_types
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.audit import Change
from services.registry.bulk import pieces
from services.store.models import Company, User, UserCompany
from services.store.notices import NotificationEmail, NotificationEmailCompany, Subscription
from services.store.rows import insert_rows

_AT_ONCE = 1_000
_ROOT = 8
"""Characters of a CNPJ that headquarters and branches share."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What an address receives: the types of each linked company, by company id."""

    email_id: int
    types: dict[int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Exposure:
    """People of companies of different CNPJ roots who would see each other's addresses (R30).

    ``address`` is of ``whose`` and would stand in e-mails of ``company`` (nicknames) beside
    ``beside``, the addresses of that company's own people.
    """

    company: str
    address: str
    whose: tuple[str, ...]
    beside: tuple[str, ...]


def matrix(session: Session, actor: Actor, email_id: int) -> Matrix:
    """Companies × types of one address; only for the partner (R25, R53)."""
    addresses.own(session, actor, email_id, hold=False)
    linked: dict[int, set[str]] = {
        company_id: set()
        for company_id in session.scalars(
            select(NotificationEmailCompany.company_id).where(
                NotificationEmailCompany.email_id == email_id
            )
        )
    }
    for company_id, key in session.execute(
        select(Subscription.company_id, Subscription.type_key).where(
            Subscription.email_id == email_id
        )
    ):
        linked.setdefault(company_id, set()).add(key)
    return Matrix(email_id, {company: frozenset(keys) for company, keys in linked.items()})


def linked(session: Session, actor: Actor, email_id: int) -> frozenset[int]:
    """The ids of the companies that are linked to an address; only for the partner (R53)."""
    addresses.own(session, actor, email_id, hold=False)
    query = select(NotificationEmailCompany.company_id).where(
        NotificationEmailCompany.email_id == email_id
    )
    return frozenset(session.scalars(query))


def link(session: Session, actor: Actor, email_id: int, company_ids: Iterable[int]) -> int:
    """Link companies to an address; how many were not so before. Types come by :func:`set_types`.

    One unit of work, audited for each company (R55); those that are gone are left out.
    """
    row = addresses.own(session, actor, email_id)
    total = 0
    for some in pieces(list(dict.fromkeys(company_ids)), _AT_ONCE):
        known = _known(session, actor, some)
        there = set(
            session.scalars(
                select(NotificationEmailCompany.company_id).where(
                    NotificationEmailCompany.email_id == row.id,
                    NotificationEmailCompany.company_id.in_(some),
                )
            )
        )
        fresh = [company for company in known if company not in there]
        if fresh:
            insert_rows(
                session,
                NotificationEmailCompany,
                [{"email_id": row.id, "company_id": company} for company in fresh],
            )
            _record(session, actor, "link", row.id, row.email, fresh)
        total += len(fresh)
    return total


def unlink(session: Session, actor: Actor, email_id: int, company_ids: Iterable[int]) -> int:
    """Take companies from an address, and their types with them; how many were linked."""
    row = addresses.own(session, actor, email_id)
    total = 0
    for some in pieces(list(dict.fromkeys(company_ids)), _AT_ONCE):
        session.execute(
            delete(Subscription).where(
                Subscription.email_id == row.id, Subscription.company_id.in_(some)
            ),
            execution_options={"synchronize_session": False},
        )
        gone = session.scalars(
            delete(NotificationEmailCompany)
            .where(
                NotificationEmailCompany.email_id == row.id,
                NotificationEmailCompany.company_id.in_(some),
            )
            .returning(NotificationEmailCompany.company_id),
            execution_options={"synchronize_session": False},
        ).all()
        _record(session, actor, "unlink", row.id, row.email, gone)
        total += len(gone)
    return total


def set_types(
    session: Session, actor: Actor, email_id: int, types: Mapping[int, Collection[str]]
) -> int:
    """Give an address exactly these types of these companies, linking them; other companies stay.

    How many (company, type) changed. Raises :class:`NotFound` for a type that is not known.
    """
    row = addresses.own(session, actor, email_id)
    _refuse_unknown(session, actor, {key for keys in types.values() for key in keys})
    link(session, actor, email_id, types)
    changed = 0
    for some in pieces(_known(session, actor, list(types)), _AT_ONCE):
        before = _types_of(session, row.id, some)
        changes = [_Change(each, before[each], frozenset(types[each])) for each in some]
        changed += _apply(session, actor, row, [c for c in changes if c.had != c.wanted])
    session.flush()
    return changed


@dataclass(frozen=True, slots=True)
class _Change:
    """What an address received of a company, and what it is to receive."""

    company_id: int
    had: frozenset[str]
    wanted: frozenset[str]


def _apply(
    session: Session, actor: Actor, row: NotificationEmail, changes: Collection[_Change]
) -> int:
    """Save ``changes`` in few statements, audited for each company; how many types changed."""
    dropped: dict[str, list[int]] = {}
    new = []
    for change in changes:
        for key in change.had - change.wanted:
            dropped.setdefault(key, []).append(change.company_id)
        new += [
            {"email_id": row.id, "company_id": change.company_id, "type_key": key}
            for key in sorted(change.wanted - change.had)
        ]
    for key, company_ids in dropped.items():
        session.execute(
            delete(Subscription).where(
                Subscription.email_id == row.id,
                Subscription.company_id.in_(company_ids),
                Subscription.type_key == key,
            ),
            execution_options={"synchronize_session": False},
        )
    insert_rows(session, Subscription, new)
    for action, more in (("subscribe", True), ("unsubscribe", False)):
        told = [
            Change(
                row.id,
                change.company_id,
                before={"email": row.email, "types": sorted(change.had)},
                after={"email": row.email, "types": sorted(change.wanted)},
            )
            for change in changes
            if bool(change.wanted - change.had) is more
        ]
        audit.record_many(session, actor, action, "subscription", told)
    return sum(len(change.had ^ change.wanted) for change in changes)


def _types_of(
    session: Session, email_id: int, company_ids: Sequence[int]
) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {each: set() for each in company_ids}
    for company_id, key in session.execute(
        select(Subscription.company_id, Subscription.type_key).where(
            Subscription.email_id == email_id, Subscription.company_id.in_(company_ids)
        )
    ):
        found[company_id].add(key)
    return {company_id: frozenset(keys) for company_id, keys in found.items()}


def subscribe(
    session: Session, actor: Actor, email_id: int, company_id: int, keys: Collection[str]
) -> int:
    """Add types of one company to those that the address receives; how many are new (R25)."""
    access.company(session, actor, company_id)
    had = matrix(session, actor, email_id).types.get(company_id, frozenset())
    return set_types(session, actor, email_id, {company_id: had | set(keys)})


def unsubscribe(
    session: Session, actor: Actor, email_id: int, company_id: int, keys: Collection[str]
) -> int:
    """Take types of one company from an address; how many it had. The company stays linked."""
    access.company(session, actor, company_id)
    _refuse_unknown(session, actor, set(keys))
    had = matrix(session, actor, email_id).types.get(company_id, frozenset())
    return set_types(session, actor, email_id, {company_id: had - set(keys)})


def exposures(
    session: Session, actor: Actor, email_id: int, types: Mapping[int, Collection[str]]
) -> tuple[Exposure, ...]:
    """Who would see whom if :func:`set_types` were called so; nothing is saved (R30).

    An address is somebody's when it stands in a company's data, or is of a user who sees some
    companies only; one of the partner's own people is nobody's in this sense.
    """
    access.partner_only(actor)
    address = addresses.view(session, actor, email_id).email
    companies = _companies(session, actor, [c for c, keys in types.items() if keys])
    told = recipients.of_many(session, companies, types)
    concerned = {address.casefold()}
    concerned |= {each.address.casefold() for all_told in told.values() for each in all_told}
    owners = _owners(session, actor, concerned)
    found: list[Exposure] = []
    for company in companies:
        by_key = {
            each.address.casefold(): each.address
            for key in types[company.id]
            for each in told[company.id, key]
        }
        by_key.pop(address.casefold(), None)
        others = tuple(by_key.values())
        for each in (address, *others) if others else ():
            whose = owners.get(each.casefold(), {})
            foreign = {n for root, n in whose.items() if root != company.cnpj[:_ROOT]}
            if foreign and company.cnpj[:_ROOT] not in whose:
                beside = tuple(a for a in (address, *others) if a != each)
                found.append(Exposure(company.nickname, each, tuple(sorted(foreign)), beside))
    return tuple(found)


def _owners(session: Session, actor: Actor, wanted: Collection[str]) -> dict[str, dict[str, str]]:
    """For each folded address the CNPJ roots, with a company's nickname, whose people it is of."""
    found: dict[str, dict[str, str]] = {}
    listed = select(Company.cnpj, Company.nickname, Company.notification_email).where(
        Company.partner_id == actor.partner_id, Company.notification_email.is_not(None)
    )
    for cnpj, nickname, emails in session.execute(listed):
        for part in (emails or "").replace(",", ";").split(";"):
            if (folded := part.strip().casefold()) in wanted:
                found.setdefault(folded, {}).setdefault(cnpj[:_ROOT], nickname)
    users = {
        user_id: (email or "").casefold()
        for user_id, email in session.execute(
            select(User.id, User.email).where(
                User.partner_id == actor.partner_id, User.email.is_not(None)
            )
        )
        if (email or "").casefold() in wanted
    }
    for some in pieces(list(users), _AT_ONCE):
        for user_id, cnpj, nickname in session.execute(
            select(UserCompany.user_id, Company.cnpj, Company.nickname)
            .join(Company, Company.id == UserCompany.company_id)
            .where(UserCompany.user_id.in_(some))
        ):
            found.setdefault(users[user_id], {}).setdefault(cnpj[:_ROOT], nickname)
    return found


def _companies(session: Session, actor: Actor, wanted: list[int]) -> list[Company]:
    found: list[Company] = []
    for some in pieces(wanted, _AT_ONCE):
        found += session.scalars(
            select(Company)
            .where(Company.partner_id == actor.partner_id, Company.id.in_(some))
            .order_by(Company.nickname_key, Company.id)
        )
    return found


def _known(session: Session, actor: Actor, wanted: Collection[int]) -> list[int]:
    return list(
        session.scalars(
            select(Company.id)
            .where(Company.partner_id == actor.partner_id, Company.id.in_(wanted))
            .order_by(Company.id)
        )
    )


def _refuse_unknown(session: Session, actor: Actor, keys: Collection[str]) -> None:
    known = all_types(session, actor.partner_id)
    for key in sorted(keys):
        if key not in known:
            raise NotFound(
                _("Tipo de notificação desconhecido: {key} (use um de: {known})").format(
                    key=key, known=", ".join(known)
                ),
                field="type",
            )


def _record(
    session: Session,
    actor: Actor,
    action: str,
    email_id: int,
    email: str,
    companies: Iterable[int],
) -> None:
    audit.record_many(
        session,
        actor,
        action,
        addresses.PLACE,
        [Change(email_id, company, after={"email": email}) for company in companies],
    )
