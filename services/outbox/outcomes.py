"""Recording what became of claimed e-mails, recipient by recipient, in batches (R33)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from services.clock import now
from services.language import _
from services.outbox.claims import Claim, forget, standing_rows
from services.outbox.schedule import pause
from services.safe_text import safe, safe_block
from services.store.mail import OutboxAttempt, OutboxMessage, OutboxRecipient, OutboxState
from services.store.models import Mailbox
from services.store.rows import update_rows

_WAITING = (OutboxState.QUEUED, OutboxState.DEFERRED)
# Built once: building a statement costs more than running it.
_MESSAGES = standing_rows(
    "id",
    "fence",
    "partner_id",
    "company_id",
    "notification_id",
    "subject",
    "attempts",
    "give_up_at",
    "sent_at",
)
_recipients = cast(Table, OutboxRecipient.__table__)
_RECIPIENTS = (
    select(
        *(
            _recipients.c[name]
            for name in ("message_id", "position", "address", "state", "reply", "why")
        )
    )
    .where(_recipients.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(_recipients.c.message_id, _recipients.c.position)
)
_mailboxes = cast(Table, Mailbox.__table__)
_STAYING = (
    select(_mailboxes.c.id)
    .where(_mailboxes.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_mailboxes.c.id)
    .with_for_update(read=True, key_share=True)
)


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """What became of one recipient: ``reply`` are the server's words, ``why`` ours."""

    position: int
    state: OutboxState
    reply: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one claimed e-mail.

    ``error`` says in words why it waits or failed; ``detail`` is the transcript of the last
    refusal, without secrets. ``held`` means that no mailbox may be used: not an attempt, and the
    e-mail waits for a mailbox instead of a time. Where none was even tried (``server_id`` None)
    the history does not speak of it.
    """

    claim: Claim
    recipients: tuple[RecipientOutcome, ...]
    server_id: int | None = None
    mailbox_id: int | None = None
    error: str | None = None
    detail: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """An e-mail whose outcome was accepted; ``failed`` are those (address, why) now given up."""

    message_id: int
    partner_id: int
    company_id: int
    notification_id: int | None
    subject: str
    state: OutboxState
    failed: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Recipient:
    position: int
    address: str
    state: str
    reply: str | None
    why: str | None


def finish(session: Session, outcomes: Sequence[Outcome], owner: str) -> list[Finished]:
    """Record the outcomes of ``owner``'s claims in the caller's unit of work; those accepted.

    An outcome whose claim was taken back meanwhile (its fence moved on) changes nothing. With
    recipients still deferred the e-mail waits by the schedule, or is final after five days.
    """
    connection = session.connection()
    ids = [o.claim.message_id for o in outcomes]
    messages = {row.id: row for row in connection.execute(_MESSAGES, {"ids": ids, "owner": owner})}
    fences = {message.id: message.fence for message in messages.values()}
    accepted = [o for o in outcomes if fences.get(o.claim.message_id) == o.claim.fence]
    if not accepted:
        return []
    kept = [o.claim.message_id for o in accepted]
    mailboxes = _there(session, accepted)
    at = now()
    recipients: dict[int, list[_Recipient]] = {}
    for row in connection.execute(_RECIPIENTS, {"ids": kept}):
        recipients.setdefault(row.message_id, []).append(
            _Recipient(row.position, row.address, row.state, row.reply, row.why)
        )

    finished: list[Finished] = []
    of_messages: list[dict[str, Any]] = []
    of_recipients: list[dict[str, Any]] = []
    of_attempts: list[dict[str, Any]] = []
    untried: list[tuple[int, int]] = []
    for outcome in accepted:
        message = messages[outcome.claim.message_id]
        attempts = message.attempts - 1 if outcome.held else message.attempts
        next_at = message.give_up_at if outcome.held else at + pause(attempts)
        final = at >= message.give_up_at or next_at > message.give_up_at
        changes = [_given_up(r) if final else r for r in outcome.recipients]
        everyone = {r.position: r for r in recipients[message.id]}
        for change in changes:
            mine = everyone[change.position]
            mine.state = change.state
            mine.reply = safe(change.reply, 2_000) or None
            mine.why = safe(change.why, 500) or None
            of_recipients.append(
                {
                    "message_id": message.id,
                    "position": change.position,
                    "state": mine.state,
                    "reply": mine.reply,
                    "why": mine.why,
                    "done_at": None if change.state in _WAITING else at,
                }
            )
        state = _state(everyone.values())
        error = _error(outcome, state, everyone.values())
        of_messages.append(
            {
                "id": message.id,
                "state": state,
                "attempts": attempts,
                "lease_owner": None,
                "lease_until": None,
                "next_attempt_at": next_at if state == OutboxState.DEFERRED else at,
                "held": outcome.held and state == OutboxState.DEFERRED,
                "mailbox_id": outcome.mailbox_id if outcome.mailbox_id in mailboxes else None,
                "error": error,
                "sent_at": at if state == OutboxState.SENT else message.sent_at,
            }
        )
        if outcome.held and outcome.server_id is None and state == OutboxState.DEFERRED:
            untried.append((outcome.claim.message_id, outcome.claim.fence))
        of_attempts.append(
            {
                "message_id": message.id,
                "fence": outcome.claim.fence,
                "server_id": outcome.server_id,
                "ended_at": at,
                "outcome": state,
                "detail": safe_block(outcome.detail, 20_000) if outcome.detail else error,
            }
        )
        finished.append(
            Finished(
                message.id,
                message.partner_id,
                message.company_id,
                message.notification_id,
                message.subject,
                state,
                tuple(
                    (everyone[c.position].address, everyone[c.position].why or "")
                    for c in changes
                    if c.state == OutboxState.FAILED
                ),
            )
        )
    update_rows(session, OutboxMessage, ("id",), of_messages)
    update_rows(session, OutboxRecipient, ("message_id", "position"), of_recipients)
    update_rows(session, OutboxAttempt, ("message_id", "fence"), of_attempts)
    forget(session, untried)
    return finished


def _there(session: Session, outcomes: Iterable[Outcome]) -> set[int]:
    """The mailboxes of ``outcomes`` that have not been removed since; they stay until the end."""
    named = {o.mailbox_id for o in outcomes if o.mailbox_id is not None}
    return set(session.connection().execute(_STAYING, {"ids": list(named)}).scalars())


def _given_up(recipient: RecipientOutcome) -> RecipientOutcome:
    if recipient.state != OutboxState.DEFERRED:
        return recipient
    why = _("Desistimos depois de 5 dias de tentativas: {why}").format(why=recipient.why)
    return replace(recipient, state=OutboxState.FAILED, why=why)


def _state(recipients: Iterable[_Recipient]) -> OutboxState:
    states = {r.state for r in recipients}
    if states & {OutboxState.QUEUED, OutboxState.DEFERRED}:
        return OutboxState.DEFERRED
    for state in (OutboxState.UNCERTAIN, OutboxState.SENT, OutboxState.FAILED):
        if state in states:
            return state
    return OutboxState.CANCELLED


def _error(outcome: Outcome, state: OutboxState, recipients: Iterable[_Recipient]) -> str | None:
    words = [
        f"{r.address}: {r.why or r.reply}"
        for r in recipients
        if r.state in (OutboxState.FAILED, OutboxState.DEFERRED, OutboxState.UNCERTAIN)
        and (r.why or r.reply)
    ]
    if outcome.error and (state != OutboxState.SENT or not words):
        words.insert(0, outcome.error)
    return safe("; ".join(dict.fromkeys(words)), 2_000) or None
