"""Which mailboxes, or which relay, may carry a company's e-mails, in their order (R9, R13, R14)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.clock import now
from services.errors import Unavailable
from services.health.accounts import Account, account_from
from services.language import _
from services.registry import obstacles, ways_out
from services.registry.limits import NO_LIMITS, Limits, limits_of
from services.settings import Settings
from services.store.models import Company, EmailServer


@dataclass(frozen=True, slots=True)
class Route:
    """A way out for a company's e-mails: how to log in, or ``why_not`` it may not be used now.

    ``mailbox_id`` is None for the partner's relay (R14), ``server_id`` 0 for one that is not
    there. ``label`` is what the record calls it, ``sender_name`` the display name of From, and
    ``reply_to`` where answers belong when they do not belong to From. ``shut``: the reason is one
    that ``claims.freed`` watches, so that letters may be held for it. ``only_warnings``: for
    warnings about dead mailboxes alone (R46). ``limits`` are those of the mailbox (R34).
    """

    mailbox_id: int | None
    server_id: int
    email: str
    account: Account | None
    why_not: str | None
    shut: bool
    label: str
    sender_name: str
    reply_to: str | None = None
    only_warnings: bool = False
    limits: Limits = NO_LIMITS


_Access = tuple[Account | None, str | None, bool]


def routes_of(
    session: Session, companies: Collection[int], settings: Settings
) -> dict[int, tuple[Route, ...]]:
    """The ways out of each company as they are now, the first to be tried first.

    They are its sending mailboxes in their order (R13); with InvoiCy Mail on the partner's relay
    and nothing else (R14), which is also the last resort for warnings where no mailbox can be
    used (R46).
    """
    at = now()
    accounts: dict[int, _Access] = {}

    def access_to(server: EmailServer) -> _Access:
        if server.id not in accounts:
            accounts[server.id] = _account(session, server, settings, at)
        return accounts[server.id]

    found: dict[int, list[Route]] = {company: [] for company in companies}
    for mailbox_id, company_id, server in session.execute(ways_out.own(companies)).all():
        account, why_not, shut = access_to(server)
        found[company_id].append(
            Route(
                mailbox_id,
                server.id,
                server.email,
                account,
                why_not,
                shut,
                server.email,
                server.sender_name,
                limits=limits_of(server),
            )
        )
    rest = [company for company, routes in found.items() if all(r.why_not for r in routes)]
    if rest:
        _add_relays(session, found, rest, access_to)
    return {company: tuple(routes) for company, routes in found.items()}


def _add_relays(
    session: Session,
    found: dict[int, list[Route]],
    companies: Collection[int],
    access_to: Callable[[EmailServer], _Access],
) -> None:
    for company, partner, relay in session.execute(ways_out.relays(companies)).all():
        if relay is not None:
            account, why_not, shut = access_to(relay)
            email, label = relay.email, ways_out.relay_label(relay.email)
        elif company.invoicy_mail:
            account, why_not, shut = None, ways_out.no_relay(partner), True
            email, label = "", ""
        else:
            continue
        found[company.id].append(
            Route(
                None,
                relay.id if relay is not None else 0,
                email,
                account,
                why_not,
                shut,
                label,
                ways_out.name_of(company),
                _reply_to(company, email),
                only_warnings=not company.invoicy_mail,
                limits=limits_of(relay) if relay is not None else NO_LIMITS,
            )
        )


def _reply_to(company: Company, sender: str) -> str | None:
    """The company's first address for notifications: nobody reads answers at the relay's."""
    first = (company.notification_email or "").partition(";")[0].strip()
    return first if first and first.lower() != sender.lower() else None


def _account(session: Session, server: EmailServer, settings: Settings, at: datetime) -> _Access:
    obstacle = obstacles.of(server, at)
    if obstacle is not None:
        return None, obstacles.with_time(obstacle), True
    try:
        account = account_from(session, server, settings)
    except Unavailable as e:
        return None, e.message, False
    if account.smtp is None:
        return None, _("não tem servidor de envio (SMTP) cadastrado"), False
    return account, None, False
