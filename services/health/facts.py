"""What jobs learn of a mailbox, as typed facts: its health, its pauses, when to stop asking (R34, R48)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.clock import now
from services.failure import Failure, Stage
from services.health import conditions, inactivation, notices, sign_ins
from services.language import both
from services.notifications.announce import announce
from services.notifications.templates import words
from services.registry import direction
from services.registry.direction import MOST_REFUSALS
from services.retelling import retold
from services.store.models import Company, EmailServer, Function, Health, Kind
from services.wire import aadsts
from services.wire.replies import blames_mailbox, pauses_mailbox

_QUOTA_PAUSE = timedelta(hours=1)
_SHORT_PAUSE = timedelta(minutes=5)


def note_failure(
    session: Session,
    server_id: int,
    failure: Failure,
    *,
    function: Function = Function.READ,
) -> Health:
    """Take note that ``function`` of a mailbox failed; the server's health from now on.

    A definite refusal of the login (wrong password and the like) is counted, for sending and for
    reading apart: after :data:`MOST_REFUSALS` in a row jobs leave that direction alone, and each
    linked company gets one notice (the relay's is the partner's). A quota or an answer to slow
    down pauses sending by it (R34). Network errors only show (R48). One of the seven codes of
    Microsoft's inactivates the mailbox at once (R45); its other definite refusals of a sign-in
    make it rest for longer and longer.
    """
    code = failure.code
    if code is None and failure.stage == Stage.LOGIN:
        code = aadsts.code_in(failure.reply)
    if code is not None and aadsts.inactivates(code):
        inactivation.inactivate(session, server_id, code, failure)
        return Health.DOWN
    if failure.stage == Stage.SIGN_IN and failure.permanent:
        return sign_ins.note_refusal(session, server_id, failure)
    at = now()
    before = conditions.state(session, server_id, hold=True)
    if before is None:
        return Health.UNKNOWN
    reason = conditions.reason_of(failure)
    definite = failure.stage == Stage.LOGIN and failure.permanent and blames_mailbox(failure.kind)
    mine, others = direction.counts(function)
    refusals = before[mine.key] + definite
    most = max(refusals, before[others.key])
    values: dict[str, object] = {"health_reason": reason}
    if before["kind"] == Kind.BOTH:
        reasons = direction.reasons_of(before["health_reason"]) | {function: reason}
        values["health_reason"] = direction.told(reasons)
    if definite:
        values[mine.key] = refusals
    elif pauses_mailbox(failure.kind) and function == Function.SEND:
        pause = _QUOTA_PAUSE if failure.kind == "quota" else _SHORT_PAUSE
        values["paused_until"] = at + pause
    known = direction.shown(before["health_reason"]) or ""
    reached = failure.kind == "quota" and retold(failure.explanation) not in known
    health = Health.DOWN if most >= MOST_REFUSALS else Health.FAILING
    if before["health"] != health:
        values |= {"health": health, "health_since": at}
    conditions.write(session, server_id, values)
    if definite and refusals == MOST_REFUSALS:
        _warn(session, server_id, function, failure)
    if reached and function == Function.SEND:
        _tell_of_quota(session, server_id, failure)
    session.expire_all()
    return health


def note_success(session: Session, server_id: int, *, function: Function | None = None) -> None:
    """Take note that ``function`` of a mailbox works, or all that it has: its count starts anew.

    Where one server both sends and reads, what fails in the other direction still does. A pause
    ends by itself. Writes only what changes.
    """
    known = conditions.state(session, server_id)
    # Mostly there is nothing to write, and nobody to wait for.
    if known is None or known["inactive_code"] is not None or not _news(known, function):
        return
    before = conditions.state(session, server_id, hold=True)
    if before is not None and (values := _news(before, function)):
        conditions.write(session, server_id, values)


def _news(before: Mapping[str, Any], function: Function | None) -> dict[str, Any]:
    """The columns that change when ``function`` works, or all."""
    after: dict[str, Any] = {"refusals": 0, "pop_refusals": 0, "health_reason": None}
    after["health"] = Health.OK
    if function is not None:
        _mine, others = direction.counts(function)
        after[others.key] = before[others.key]
        if before["kind"] == Kind.BOTH:
            reasons = direction.reasons_of(before["health_reason"])
            reasons.pop(function, None)
            after["health_reason"] = direction.told(reasons)
            if before[others.key] >= MOST_REFUSALS:
                after["health"] = Health.DOWN
            elif before[others.key] or reasons:
                after["health"] = Health.FAILING
    changed = {name: value for name, value in after.items() if value != before[name]}
    if "health" in changed:
        changed["health_since"] = now()
    return changed


def _tell_of_quota(session: Session, server_id: int, failure: Failure) -> None:
    """Once until the mailbox works again: sending by it waits for the limit to be renewed (R34)."""
    session.expire_all()
    server = session.get_one(EmailServer, server_id)
    if server.kind == Kind.RELAY:
        return
    notices.tell(
        session,
        server,
        occasion=lambda _company: "sending_failed/quota",
        values=lambda _company: {"reason": conditions.reason_of(failure)},
        functions=(Function.SEND,),
    )


def _warn(session: Session, server_id: int, function: Function, failure: Failure) -> None:
    server = session.get_one(EmailServer, server_id)
    if server.kind == Kind.RELAY:
        _warn_of_relay(session, server, failure)
        return
    what = "sending_failed/refused" if function == Function.SEND else "reading_failed"
    notices.tell(
        session,
        server,
        occasion=lambda _company: what,
        values=lambda _company: {
            "times": MOST_REFUSALS,
            "reason": conditions.reason_of(failure),
        },
        functions=(function,),
    )


def _warn_of_relay(session: Session, relay: EmailServer, failure: Failure) -> None:
    """One notice to the partner, whose relay it is: in the bell, of no company (R14)."""
    companies = session.scalar(
        select(func.count()).where(
            Company.partner_id == relay.partner_id, Company.invoicy_mail.is_(True)
        )
    )
    subject, body = words(
        "sending_failed/relay",
        {
            "email": relay.email,
            "times": MOST_REFUSALS,
            "reason": both(lambda: conditions.reason_of(failure)),
        },
        n=companies or 0,
    )
    announce(
        session,
        partner_id=relay.partner_id,
        company_id=None,
        type_key="sending_failed",
        subject=subject,
        body=body,
        cause=("relay", relay.id),
        same="relay",
    )
