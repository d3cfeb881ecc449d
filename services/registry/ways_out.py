"""By what a company's e-mails may leave: its sending mailboxes or, with InvoiCy Mail on, the
partner's relay and nothing else (R14, R28)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from services.language import _
from services.registry import direction
from services.store.models import Company, EmailServer, Function, Kind, Mailbox, Partner

RELAY_WORDS = "InvoiCy Mail"
WARNINGS = ("mailbox_inactivated",)
"""Notifications that may leave by the partner's relay where the company has nothing else (R46)."""


def usable(at: datetime | None = None) -> ColumnElement[bool]:
    """The condition for an e-mail server that jobs may send by.

    With ``at`` it is not paused then either, nor has it reached a limit (R34).
    """
    condition = and_(
        EmailServer.active,
        EmailServer.inactive_code.is_(None),
        ~direction.is_down(Function.SEND),
    )
    if at is not None:
        condition &= and_(
            EmailServer.paused_by.is_(None),
            EmailServer.paused_until.is_(None) | (EmailServer.paused_until <= at),
            EmailServer.full_until.is_(None) | (EmailServer.full_until <= at),
        )
    return condition


def has_one(at: datetime | None = None, *, warning: bool = False) -> ColumnElement[bool]:
    """The condition for a company that can send; ``warning`` for what may always use the relay."""
    own = exists().where(
        Mailbox.company_id == Company.id,
        Mailbox.function == Function.SEND,
        EmailServer.id == Mailbox.server_id,
        usable(at),
    )
    relay = exists().where(
        EmailServer.partner_id == Company.partner_id, EmailServer.kind == Kind.RELAY, usable(at)
    )
    return or_(
        and_(Company.invoicy_mail.is_(False), own),
        relay if warning else and_(Company.invoicy_mail, relay),
    )


def own(companies: Collection[int]) -> Select[int, int, EmailServer]:
    """Mailbox, company and account of all that sends for ``companies``, the first to be tried first
    (R13); nothing for those with InvoiCy Mail on (R14)."""
    return (
        select(Mailbox.id, Mailbox.company_id, EmailServer)
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .join(Company, Company.id == Mailbox.company_id)
        .where(
            Mailbox.company_id.in_(companies),
            Mailbox.function == Function.SEND,
            Company.invoicy_mail.is_(False),
        )
        .order_by(Mailbox.company_id, Mailbox.position, Mailbox.id)
    )


def relays(companies: Collection[int]) -> Select[Company, str, EmailServer | None]:
    """Of each company the partner's name and its relay, None where it has none (R14)."""
    found = (
        select(Company, Partner.name, EmailServer)
        .join(Partner, Partner.id == Company.partner_id)
        .outerjoin(
            EmailServer,
            (EmailServer.partner_id == Company.partner_id) & (EmailServer.kind == Kind.RELAY),
        )
        .where(Company.id.in_(companies))
    )
    return cast("Select[Company, str, EmailServer | None]", found)


def at_their_limits(session: Session, at: datetime) -> Select[int] | None:
    """The companies of which nothing leaves until a limit is renewed; None when there is none (R34)."""
    full = select(EmailServer.id).where(EmailServer.full_until > at)
    if session.scalar(full.limit(1)) is None:
        return None
    linked = select(Mailbox.company_id).where(
        Mailbox.function == Function.SEND, Mailbox.server_id.in_(full)
    )
    relayed = select(EmailServer.partner_id).where(
        EmailServer.full_until > at, EmailServer.kind == Kind.RELAY
    )
    return select(Company.id).where(
        Company.id.in_(linked) | (Company.invoicy_mail & Company.partner_id.in_(relayed)),
        ~has_one(at),
    )


def why_none(session: Session, company: Company, *, warning: bool = False) -> str | None:
    """Why nothing of this company can be sent and what to do, or None when it can (R28)."""
    if session.scalar(select(Company.id).where(Company.id == company.id, has_one(warning=warning))):
        return None
    return why_nothing_leaves(session, company)


def why_nothing_leaves(session: Session, company: Company) -> str:
    """:func:`why_none` of a company that is known to have no way out: the same words for all of a
    partner's companies with InvoiCy Mail on, and the same for all without."""
    if not company.invoicy_mail:
        return _(
            "a empresa não tem caixa de envio ativa. Cadastre ou ative uma em Caixas de E-mail."
        )
    relay = relay_of(session, company.partner_id)
    partner = session.get_one(Partner, company.partner_id).name
    return no_relay(partner) if relay is None else relay_rests(partner)


def relay_of(session: Session, partner_id: int) -> EmailServer | None:
    """The partner's relay."""
    return session.scalar(
        select(EmailServer).where(
            EmailServer.partner_id == partner_id, EmailServer.kind == Kind.RELAY
        )
    )


def no_relay(partner: str) -> str:
    """That InvoiCy Mail is on without a relay, and whom to ask."""
    return _(
        "o InvoiCy Mail está ativo, mas o parceiro {partner} ainda não configurou o relay: "
        "peça a ele que o configure, e os e-mails saem em seguida"
    ).format(partner=partner)


def relay_rests(partner: str) -> str:
    """That the relay may not be used now, and whom to ask."""
    return _(
        "o relay do InvoiCy Mail está fora de uso: peça ao parceiro {partner} que o corrija, "
        "e os e-mails saem em seguida"
    ).format(partner=partner)


def relay_label(email: str) -> str:
    """How the relay is called where a mailbox's address would stand."""
    return f"{RELAY_WORDS} ({email})"


def labels(session: Session, company: Company, *, warning: bool = False) -> tuple[str, ...]:
    """What would be tried for the company's e-mails, in that order (R13, R14); nothing paused is
    left out. ``warning`` as in :func:`has_one`."""
    found: list[str] = []
    if not company.invoicy_mail:
        found += session.scalars(
            select(EmailServer.email)
            .join(Mailbox, Mailbox.server_id == EmailServer.id)
            .where(
                Mailbox.company_id == company.id,
                Mailbox.function == Function.SEND,
                usable(),
            )
            .order_by(Mailbox.position, Mailbox.id)
        )
    if company.invoicy_mail or (warning and not found):
        relay = relay_of(session, company.partner_id)
        if relay is not None:
            found.append(relay_label(relay.email))
    return tuple(found)


def name_of(company: Company) -> str:
    """The display name of From by the relay: the chosen one, otherwise the legal name (R14)."""
    return company.sender_name or company.legal_name
