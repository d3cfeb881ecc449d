"""Which types of which companies an address receives (R25), and who would see whom (R30)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.errors import Invalid
from services.language import _
from services.notifications import addresses, recipients
from services.notifications.types import all_types
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.audit import Change
from services.registry.bulk import pieces
from services.store.models import (
    Company,
    NotificationEmailCompany,
    Subscription,
    User,
    UserCompany,
)
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

    How many (company, type) changed. Raises :class:`Invalid` for a type that is not known.
    """
    row = addresses.own(session, actor, email_id)
    _refuse_unknown(session, actor, {key for keys in types.values() for key in keys})
    link(session, actor, email_id, types)
    changed = 0
    known = set(_known(session, actor, list(types)))
    before = matrix(session, actor, email_id).types
    for company_id in types:
        if company_id not in known:
            continue
        had, wanted = before.get(company_id, frozenset()), frozenset(types[company_id])
        if had == wanted:
            continue
        session.execute(
            delete(Subscription).where(
                Subscription.email_id == row.id,
                Subscription.company_id == company_id,
                Subscription.type_key.in_(had - wanted),
            ),
            execution_options={"synchronize_session": False},
        )
        new = [
            {"email_id": row.id, "company_id": company_id, "type_key": key}
            for key in sorted(wanted - had)
        ]
        if new:
            insert_rows(session, Subscription, new)
        changed += len(had ^ wanted)
        audit.record(
            session,
            actor,
            "subscribe" if wanted - had else "unsubscribe",
            "subscription",
            row.id,
            company_id=company_id,
            before={"email": row.email, "types": sorted(had)},
            after={"email": row.email, "types": sorted(wanted)},
        )
    session.flush()
    return changed


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
    owners = _owners(session, actor, [address])
    found: dict[tuple[str, str], Exposure] = {}
    companies = session.scalars(
        select(Company).where(
            Company.partner_id == actor.partner_id,
            Company.id.in_([c for c, keys in types.items() if keys]),
        )
    ).all()
    for company in companies:
        others: dict[str, None] = {}
        for key in types[company.id]:
            for told in recipients.recipients(session, company, key):
                if told.address.casefold() != address.casefold():
                    others[told.address] = None
        if not others:
            continue
        strangers = owners | _owners(session, actor, others)
        for each in (address, *others):
            whose = strangers.get(each.casefold(), {})
            foreign = {n for root, n in whose.items() if root != company.cnpj[:_ROOT]}
            home = company.cnpj[:_ROOT] in whose
            if foreign and not home:
                beside = tuple(a for a in (address, *others) if a != each)
                found[company.nickname, each] = Exposure(
                    company.nickname, each, tuple(sorted(foreign)), beside
                )
    return tuple(found.values())


def _owners(session: Session, actor: Actor, wanted: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each address the CNPJ roots, with a company's nickname, whose people it is of."""
    found: dict[str, dict[str, str]] = {}
    for address in wanted:
        folded = address.casefold()
        rows = session.execute(
            select(Company.cnpj, Company.nickname, Company.notification_email).where(
                Company.partner_id == actor.partner_id,
                func.lower(Company.notification_email).contains(address.lower(), autoescape=True),
            )
        )
        for cnpj, nickname, listed in rows:
            if folded in {part.strip().casefold() for part in (listed or "").split(";")}:
                found.setdefault(folded, {}).setdefault(cnpj[:_ROOT], nickname)
        for cnpj, nickname in session.execute(
            select(Company.cnpj, Company.nickname)
            .join(UserCompany, UserCompany.company_id == Company.id)
            .join(User, User.id == UserCompany.user_id)
            .where(User.partner_id == actor.partner_id, func.lower(User.email) == address.lower())
        ):
            found.setdefault(folded, {}).setdefault(cnpj[:_ROOT], nickname)
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
            raise Invalid(
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
