"""*Quem recebe?*: who is told of a company's notifications of a type, why, and by what (R26-R30)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from services.language import _
from services.notifications.types import type_of
from services.registry import access, ways_out
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.store.models import Company, User
from services.store.notices import NotificationEmail, Subscription
from services.wire.addresses import split_addresses

OWN = "company"
SUBSCRIBED = "subscription"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address and why it is told: "company" (its own data), "subscription", or both.

    ``email_ids`` are the addresses for notifications that it is subscribed by.
    """

    address: str
    why: tuple[str, ...]
    email_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a notification of a type would do for a company, without doing it.

    ``invalid`` are addresses of the company's data that no e-mail goes to, each with its reason;
    ``by`` the mailboxes that would be tried, the first first; ``why_none`` why no e-mail would
    leave at all, or None.
    """

    type: str
    recipients: tuple[Recipient, ...]
    invalid: tuple[tuple[str, str], ...]
    by: tuple[str, ...]
    why_none: str | None


def recipients(session: Session, company: Company, type_key: str) -> tuple[Recipient, ...]:
    """Everybody who is told of ``company``'s notifications of that type (R26).

    First the addresses of the company's own data, then those that are subscribed; the same address
    counts once, whatever its case (R27).
    """
    return of_many(session, [company], {company.id: (type_key,)})[company.id, type_key]


def of_many(
    session: Session, companies: Sequence[Company], types: Mapping[int, Collection[str]]
) -> dict[tuple[int, str], tuple[Recipient, ...]]:
    """The same for the ``types`` of each of ``companies``, by company id and type."""
    found: dict[tuple[int, str], dict[str, Recipient]] = {}
    for company in companies:
        own, _refused = split_addresses((company.notification_email or "").replace(",", ";"))
        told: dict[str, Recipient] = {}
        for address in own:
            told.setdefault(address.casefold(), Recipient(address, (OWN,)))
        found.update({(company.id, key): dict(told) for key in types.get(company.id, ())})
    for some in pieces(sorted({company for company, _key in found}), _AT_ONCE):
        for company_id, key, email_id, address, of_user in session.execute(_subscribed(some)):
            told_of = found.get((company_id, key))
            if told_of is None:
                continue
            current = of_user or address
            known = told_of.get(current.casefold())
            if known is None:
                told_of[current.casefold()] = Recipient(current, (SUBSCRIBED,), (email_id,))
            else:
                why = (*known.why, *(w for w in (SUBSCRIBED,) if w not in known.why))
                told_of[current.casefold()] = Recipient(
                    known.address, why, (*known.email_ids, email_id)
                )
    return {place: tuple(told_of.values()) for place, told_of in found.items()}


def _subscribed(company_ids: Collection[int]) -> Select[int, str, int, str, str | None]:
    return (
        select(
            Subscription.company_id,
            Subscription.type_key,
            NotificationEmail.id,
            NotificationEmail.email,
            User.email,
        )
        .join(NotificationEmail, NotificationEmail.id == Subscription.email_id)
        .join(Company, Company.id == Subscription.company_id)
        .outerjoin(User, User.id == NotificationEmail.user_id)
        .where(
            Subscription.company_id.in_(company_ids),
            NotificationEmail.partner_id == Company.partner_id,
            heard(),
        )
        .order_by(NotificationEmail.email_key, NotificationEmail.id)
    )


def preview(session: Session, actor: Actor, company_id: int, type_key: str) -> Preview:
    """The exact recipients, why each, and by which mailbox; nothing is sent (R30, R53)."""
    company = access.company(session, actor, company_id)
    known = type_of(session, company.partner_id, type_key)
    told = recipients(session, company, known.key)
    _own, invalid = split_addresses((company.notification_email or "").replace(",", ";"))
    why_none = None
    if not known.by_email:
        why_none = _("este tipo aparece só no sino")
    elif not told:
        why_none = nobody()
    else:
        why_none = ways_out.why_none(session, company, warning=known.key in ways_out.WARNINGS)
    return Preview(
        known.key,
        told,
        tuple(invalid),
        ways_out.labels(session, company, warning=known.key in ways_out.WARNINGS),
        why_none,
    )


def heard() -> ColumnElement[bool]:
    """Nobody's address, or that of a user who may come in (R24); of addresses joined to users."""
    return or_(NotificationEmail.user_id.is_(None), User.active)


def nobody() -> str:
    """That there is no address to send to, and what to do."""
    return _(
        "ninguém recebe este tipo: a empresa não tem e-mail para notificações em seus dados, nem "
        "há endereço inscrito em E-mails para Notificações"
    )
