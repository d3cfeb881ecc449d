"""How a mailbox's Microsoft sign-in does: what is kept of it, what stands in its way (R44, R48)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.clock import now
from services.failure import Failure
from services.health import conditions, notices
from services.registry import direction
from services.registry.protocols import functions_of
from services.registry.server_rows import PLACE
from services.store import secret
from services.store.models import EmailServer, Function, Health, Kind, Mechanism, SignIn

if TYPE_CHECKING:
    from services.wire.entra import Tokens

CACHE = "sign_in"
ACCESS = "access_token"
LEAST_LEFT = timedelta(minutes=5)
"""An access token that ends sooner is renewed before it is used."""
_AGAIN = timedelta(minutes=5)
_PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one sign-in; the secrets never show.

    ``version`` counts the sign-ins that the mailbox has had.
    """

    server_id: int
    tenant: str
    functions: tuple[Function, ...]
    cache: str = field(repr=False)
    access: str = field(repr=False)
    expires_at: datetime | None
    renewed_at: datetime | None
    check_at: datetime | None
    version: int
    inactive_code: int | None

    @property
    def due(self) -> bool:
        """Is the mailbox in use, and is it time to prove its sign-in (R45)?"""
        return self.inactive_code is None and (self.check_at is None or self.check_at <= now())

    @property
    def usable(self) -> bool:
        """Has the access token more than :data:`LEAST_LEFT`?"""
        return bool(self.access) and (self.expires_at or now()) - now() > LEAST_LEFT


def kept(session: Session, server_id: int) -> Kept | None:
    """What is kept; None for a mailbox that is gone or does not sign in at Microsoft."""
    server = session.get(EmailServer, server_id, populate_existing=True)
    if server is None or server.mechanism != Mechanism.XOAUTH2:
        return None
    row = session.get(SignIn, server_id, populate_existing=True)
    return Kept(
        server_id,
        server.tenant or "",
        functions_of(server.kind),
        secret.get(session, PLACE, server_id, CACHE) or "",
        secret.get(session, PLACE, server_id, ACCESS) or "",
        row.expires_at if row is not None else None,
        row.renewed_at if row is not None else None,
        row.check_at if row is not None else None,
        server.password_version,
        server.inactive_code,
    )


def due(session: Session, limit: int) -> list[int]:
    """Servers in use whose sign-in is to be proven now, those never proven first (R45)."""
    return list(
        session.scalars(
            select(EmailServer.id)
            .outerjoin(SignIn, SignIn.server_id == EmailServer.id)
            .where(
                EmailServer.mechanism == Mechanism.XOAUTH2,
                EmailServer.active,
                EmailServer.inactive_code.is_(None),
                SignIn.check_at.is_(None) | (SignIn.check_at <= now()),
            )
            .order_by(SignIn.check_at.is_not(None), SignIn.check_at, EmailServer.id)
            .limit(limit)
        )
    )


def keep(session: Session, server_id: int, tokens: Tokens, check_after: float) -> None:
    """Keep renewed tokens; the next check is due ``check_after`` seconds from now.

    What stood in the way is over: the pause ends, and jobs use the mailbox at once.
    """
    secret.put(session, PLACE, server_id, CACHE, tokens.cache)
    secret.put(session, PLACE, server_id, ACCESS, tokens.access)
    row = _row(session, server_id)
    if row.trouble is not None:
        row.trouble, row.failures = None, 0
        _well_again(session, server_id)
    row.renewed_at = now()
    row.expires_at = tokens.expires_at
    row.check_at = now() + timedelta(seconds=check_after)
    session.flush()


def check_again(session: Session, server_id: int) -> None:
    """Nothing was learned of it: a check that is due is so again in five minutes."""
    row = _row(session, server_id)
    if row.check_at is None or row.check_at <= now():
        row.check_at = now() + _AGAIN
        session.flush()


def note_refusal(session: Session, server_id: int, failure: Failure) -> Health:
    """Take note of a definite refusal that inactivates nothing; the health from now on.

    The mailbox rests for an hour, then 6, then 24, while the same refusal comes back; each linked
    company gets one notice when it begins or becomes another (R48).
    """
    at = now()
    before = conditions.state(session, server_id, hold=True)
    if before is None:
        return Health.UNKNOWN
    if before["inactive_code"] is not None:
        return Health.DOWN
    row = _row(session, server_id)
    trouble = str(failure.code or failure.kind)[:40]
    rests = before["paused_until"] is not None and before["paused_until"] > at
    if row.trouble == trouble and rests:
        return Health(before["health"])
    another = row.trouble != trouble
    row.failures = 1 if another else row.failures + 1
    row.trouble = trouble
    until = at + _PAUSES[min(row.failures, len(_PAUSES)) - 1]
    row.check_at = until
    session.flush()
    reason = conditions.reason_of(failure)
    values: dict[str, Any] = {"health_reason": _told(before, reason), "paused_until": until}
    if before["health"] not in (Health.FAILING, Health.DOWN):
        values |= {"health": Health.FAILING, "health_since": at}
    conditions.write(session, server_id, values)
    session.expire_all()
    server = session.get_one(EmailServer, server_id)
    if another:
        _warn(session, server, failure)
    return Health(server.health)


def _row(session: Session, server_id: int) -> SignIn:
    row = session.get(SignIn, server_id, populate_existing=True)
    if row is None:
        row = SignIn(server_id=server_id, failures=0)
        session.add(row)
        session.flush()
    return row


def _well_again(session: Session, server_id: int) -> None:
    before = conditions.state(session, server_id, hold=True)
    if before is None or before["inactive_code"] is not None:
        return
    values: dict[str, Any] = {"paused_until": None, "next_read_at": None}
    worst = max(before["refusals"], before["pop_refusals"])
    if worst < direction.MOST_REFUSALS:
        values |= {"health": Health.OK, "health_since": now(), "health_reason": None}
    conditions.write(session, server_id, values)
    session.expire_all()


def _told(before: Any, reason: str) -> str | None:
    if before["kind"] != Kind.BOTH:
        return reason
    return direction.told(dict.fromkeys(Function, reason))


def _warn(session: Session, server: EmailServer, failure: Failure) -> None:
    notices.tell(
        session,
        server,
        occasion=lambda company: (
            "reading_failed/sign_in"
            if company is not None and Function.SEND not in company.functions
            else "sending_failed/sign_in"
        ),
        values=lambda _company: {"reason": conditions.reason_of(failure)},
    )
