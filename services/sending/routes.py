"""Which mailboxes may carry a company's e-mails, in their order (R9, R13, R34)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.clock import now
from services.errors import Unavailable
from services.health.accounts import Account, account_of
from services.language import _
from services.settings import Settings
from services.store.models import EmailServer, Function, Health, Mailbox


@dataclass(frozen=True, slots=True)
class Route:
    """A sending mailbox of a company: how to log in, or ``why_not`` it may not be used now.

    ``shut``: the reason is one that ``claims.freed`` watches, so that letters may be held for it.
    """

    mailbox_id: int
    server_id: int
    email: str
    account: Account | None
    why_not: str | None
    shut: bool = False


def routes_of(
    session: Session, companies: Collection[int], settings: Settings
) -> dict[int, tuple[Route, ...]]:
    """The sending mailboxes of each company as they are now, the first to be tried first."""
    at = now()
    accounts: dict[int, tuple[Account | None, str | None, bool]] = {}
    found: dict[int, list[Route]] = {company: [] for company in companies}
    links = session.execute(
        select(Mailbox.id, Mailbox.company_id, EmailServer)
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .where(Mailbox.company_id.in_(companies), Mailbox.function == Function.SEND)
        .order_by(Mailbox.company_id, Mailbox.position, Mailbox.id)
    )
    for mailbox_id, company_id, server in links.all():
        if server.id not in accounts:
            accounts[server.id] = _account(session, server, settings, at)
        found[company_id].append(Route(mailbox_id, server.id, server.email, *accounts[server.id]))
    return {company: tuple(routes) for company, routes in found.items()}


def _account(
    session: Session, server: EmailServer, settings: Settings, at: datetime
) -> tuple[Account | None, str | None, bool]:
    why_not = _why_not(server, at)
    if why_not is not None:
        return None, why_not, True
    try:
        account = account_of(session, server.id, settings)
    except Unavailable as e:
        return None, e.message, False
    if account.smtp is None:
        return None, _("não tem servidor de envio (SMTP) cadastrado"), False
    return account, None, False


def _why_not(server: EmailServer, at: datetime) -> str | None:
    if not server.active:
        return _("está inativa")
    if server.inactive_code is not None:
        return _("foi inativada: {reason}").format(reason=server.inactive_reason)
    if server.health == Health.DOWN:
        return _("recusou o acesso várias vezes seguidas: {reason}").format(
            reason=server.health_reason
        )
    if server.paused_until is not None and server.paused_until > at:
        return _("está em pausa até {until} UTC: {reason}").format(
            until=f"{server.paused_until:%d/%m %H:%M}", reason=server.health_reason or ""
        )
    return None
