"""Why an e-mail of the queue waits, and for what."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.language import _
from services.registry import obstacles, ways_out
from services.registry.obstacles import Obstacle, Wait
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import Company

STATES = (OutboxState.QUEUED, OutboxState.DEFERRED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """``why`` in plain words, with the server's own where it refused; ``until`` is the next attempt.

    ``until`` is None where nobody can know: it waits for its turn, or for a mailbox.
    """

    wait: Wait
    why: str
    until: datetime | None = None


_Ways = list[tuple[str, Obstacle | None]]


def waiting(
    session: Session, messages: Iterable[OutboxMessage], at: datetime
) -> dict[int, Waiting]:
    """What each of ``messages`` that waits is waiting for, by its id."""
    found: dict[int, Waiting] = {}
    ready: list[OutboxMessage] = []
    for message in messages:
        if message.state not in STATES:
            continue
        if message.held or message.next_attempt_at <= at:
            ready.append(message)
        else:
            found[message.id] = Waiting(Wait.TIME, message.error or "", message.next_attempt_at)
    ways = _ways(session, {message.company_id for message in ready}, at)
    of_company = {company: _of_ways(each) for company, each in ways.items()}
    for message in ready:
        found[message.id] = of_company[message.company_id]
    return found


def _of_ways(ways: _Ways) -> Waiting:
    if not ways:
        return Waiting(
            Wait.MAILBOX, _("a empresa não tem caixa de envio: cadastre uma em Caixas de E-mail")
        )
    told = [(label, obstacle) for label, obstacle in ways if obstacle is not None]
    if len(told) < len(ways):
        return Waiting(Wait.TURN, _("aguarda a vez"))
    why = "; ".join(f"{label} {obstacle.words}".strip() for label, obstacle in told)
    ending = [(o.until, o.wait) for _label, o in told if o.until is not None]
    if not ending:
        return Waiting(told[0][1].wait, why)
    until, wait = min(ending)
    return Waiting(wait, why, until)


def _ways(session: Session, companies: Collection[int], at: datetime) -> dict[int, _Ways]:
    """By what the e-mails of each company leave, the first to be tried first (R13, R14)."""
    found: dict[int, _Ways] = {company: [] for company in companies}
    if not found:
        return found
    for _mailbox_id, company_id, server in session.execute(ways_out.own(companies)).all():
        found[company_id].append((server.email, obstacles.of(server, at)))
    relays = ways_out.relays(companies).where(Company.invoicy_mail)
    for company, partner, relay in session.execute(relays).all():
        if relay is None:
            found[company.id].append(("", Obstacle(Wait.MAILBOX, ways_out.no_relay(partner))))
        else:
            label = ways_out.relay_label(relay.email)
            found[company.id].append((label, obstacles.of(relay, at)))
    return found
