"""The outbox as people see it: lists, rows and one e-mail with its history."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from services.clock import now
from services.errors import NotFound
from services.language import _
from services.outbox import refusals
from services.outbox.refusals import Refusal
from services.outbox.waiting import STATES, Waiting, waiting
from services.registry import access, search
from services.registry.access import Actor
from services.registry.obstacles import Wait
from services.registry.ways_out import relay_label
from services.retelling import retold
from services.store.mail import (
    Blob,
    OutboxAttachment,
    OutboxAttempt,
    OutboxContent,
    OutboxMessage,
    OutboxRecipient,
    OutboxState,
)
from services.store.models import Company, EmailServer, Function, Kind, Mailbox

_RELAY = aliased(EmailServer)


@dataclass(frozen=True, slots=True)
class RecipientView:
    """One recipient and what became of it (R32)."""

    address: str
    state: str
    reply: str | None
    why: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxView:
    """One e-mail of the queue. ``company`` is the CNPJ; ``mailbox`` what it left or leaves by.

    By the partner's relay (R14) ``mailbox`` says so and ``mailbox_id`` is None. While it waits,
    ``waits_for`` is what (a :class:`~services.registry.obstacles.Wait`), ``why`` the same in words,
    and ``next_attempt_at`` when it is tried again, if anybody can know.
    """

    id: int
    company_id: int
    company: str
    company_nickname: str
    subject: str
    state: str
    attempts: int
    message_id: str
    mailbox_id: int | None
    mailbox: str | None
    recipients: tuple[RecipientView, ...]
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    error: str | None
    waits_for: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment by name; the bytes stay in the database."""

    filename: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt: ``outcome`` is "sending" while it runs and "uncertain" when its process died."""

    number: int
    mailbox: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class OutboxDetail:
    """One e-mail with its words, attachments and every attempt, oldest first.

    ``note`` is what was to say when it was queued, as that a document goes without its DANFE.
    ``refusal`` is the last that a server refused, explained; ``transcript`` how that went.
    """

    view: OutboxView
    body: str
    attachments: tuple[AttachmentView, ...] = ()
    attempts: tuple[AttemptView, ...] = field(default=())
    note: str | None = None
    refusal: Refusal | None = None
    transcript: str = ""


_SORTS: dict[str, InstrumentedAttribute[object]] = {
    "created_at": OutboxMessage.id,
    "subject": OutboxMessage.subject,
    "state": OutboxMessage.state,
    "company": Company.nickname,
    "next_attempt_at": OutboxMessage.next_attempt_at,
}


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002
    sort: str | None = None,
    descending: bool = True,
    state: str | None = None,
    states: Collection[str] | None = None,
    company_id: int | None = None,
    company: str = "",
    mailbox: str = "",
) -> array[int]:
    """The e-mails that ``actor`` sees (R53), newest first unless sorted otherwise.

    Every word of ``filter`` must be found in company, subject or a recipient's address, every one
    of ``company`` in its names or CNPJ. ``mailbox`` is part of the address of what an e-mail left
    by or, while it waits, may leave by.
    """
    query = select(OutboxMessage.id).where(_visible(actor))
    if state is not None:
        query = query.where(OutboxMessage.state == state)
    if states is not None:
        query = query.where(OutboxMessage.state.in_(states))
    if company_id is not None:
        query = query.where(OutboxMessage.company_id == company_id)
    if filter.strip() or sort == "company" or company.strip():
        query = query.join(Company, Company.id == OutboxMessage.company_id)
    for word in filter.split():
        query = query.where(_found(word))
    if company.strip():
        query = query.where(search.matches(Company.search_key, company))
    if mailbox.strip():
        query = query.where(_by_mailbox(actor, mailbox))
    column = _SORTS.get(sort or "created_at", OutboxMessage.id)
    order = (column.desc(), OutboxMessage.id.desc()) if descending else (column, OutboxMessage.id)
    return array("q", session.scalars(query.order_by(*order)))


def rows(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, OutboxView]:
    """Those of ``ids`` that still exist and ``actor`` sees."""
    recipients: dict[int, list[RecipientView]] = {}
    for row in session.execute(
        select(
            OutboxRecipient.message_id,
            OutboxRecipient.address,
            OutboxRecipient.state,
            OutboxRecipient.reply,
            OutboxRecipient.why,
            OutboxRecipient.done_at,
        )
        .where(OutboxRecipient.message_id.in_(ids))
        .order_by(OutboxRecipient.message_id, OutboxRecipient.position)
    ):
        recipients.setdefault(row.message_id, []).append(
            RecipientView(
                row.address, row.state, row.reply, retold(row.why) if row.why else None, row.done_at
            )
        )
    found = session.execute(_rows(actor).where(OutboxMessage.id.in_(ids))).all()
    waits = waiting(session, [row[0] for row in found], now())
    return {
        m.id: _view(m, c, e, r, recipients.get(m.id, ()), waits.get(m.id)) for m, c, e, r in found
    }


def show(session: Session, actor: Actor, message_id: int) -> OutboxDetail:
    """One e-mail with its history; :class:`NotFound` when there is none to see."""
    view = rows(session, actor, [message_id]).get(message_id)
    if view is None:
        raise NotFound(_("E-mail {id} não encontrado na fila").format(id=message_id), field="id")
    attachments = session.execute(
        select(OutboxAttachment.filename, OutboxAttachment.content_type, Blob.size, Blob.sha256)
        .join(Blob, Blob.sha256 == OutboxAttachment.sha256)
        .where(OutboxAttachment.message_id == message_id)
        .order_by(OutboxAttachment.position)
    )
    attempts = session.execute(
        select(
            OutboxAttempt.fence,
            EmailServer.email,
            EmailServer.kind,
            OutboxAttempt.started_at,
            OutboxAttempt.ended_at,
            OutboxAttempt.outcome,
            OutboxAttempt.detail,
        )
        .outerjoin(EmailServer, EmailServer.id == OutboxAttempt.server_id)
        .where(OutboxAttempt.message_id == message_id)
        .order_by(OutboxAttempt.fence)
    )
    history = tuple(_attempt(*row) for row in attempts)
    transcripts = [each.detail for each in history]
    words = session.execute(
        select(OutboxContent.body, OutboxContent.note).where(OutboxContent.message_id == message_id)
    ).one_or_none()
    return OutboxDetail(
        view,
        words.body if words is not None else "",
        tuple(AttachmentView(*row) for row in attachments),
        history,
        (retold(words.note) if words.note else None)
        if words is not None
        else _("Texto e anexos foram removidos ao fim do prazo de guarda (sent_retention_days)"),
        refusals.last([(r.state, r.reply) for r in view.recipients], transcripts),
        next((detail for detail in reversed(transcripts) if detail and "\n" in detail), ""),
    )


def _attempt(
    number: int, email: str | None, kind: str | None, *rest: *tuple[Any, ...]
) -> AttemptView:
    if email is not None and kind == Kind.RELAY:
        email = relay_label(email)
    view = AttemptView(number, email, *rest)
    if view.detail is None or "\n" in view.detail:
        return view
    return replace(view, detail=retold(view.detail))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many e-mails that ``actor`` sees are in each state."""
    query = (
        select(OutboxMessage.state, func.count())
        .where(_visible(actor))
        .group_by(OutboxMessage.state)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _visible(actor: Actor) -> ColumnElement[bool]:
    return access.visible(actor, OutboxMessage.partner_id, OutboxMessage.company_id)


def _found(word: str) -> ColumnElement[bool]:
    lowered = word.lower()
    addressed = (
        select(OutboxRecipient.message_id)
        .where(
            OutboxRecipient.message_id == OutboxMessage.id,
            func.lower(OutboxRecipient.address).contains(lowered, autoescape=True),
        )
        .exists()
    )
    return (
        search.matches(Company.search_key, word)
        | func.lower(OutboxMessage.subject).contains(lowered, autoescape=True)
        | addressed
    )


def _by_mailbox(actor: Actor, words: str) -> ColumnElement[bool]:
    """What left by such a mailbox, or waits in a company that may send by it."""
    matches = and_(
        EmailServer.partner_id == actor.partner_id, search.matches(EmailServer.email_key, words)
    )
    left_by = select(Mailbox.id).join(Mailbox.server).where(matches)
    linked = (
        select(Mailbox.company_id)
        .join(Mailbox.server)
        .join(Mailbox.company)
        .where(Mailbox.function == Function.SEND, Company.invoicy_mail.is_(False), matches)
    )
    relayed = select(Company.id).where(
        Company.invoicy_mail,
        Company.partner_id.in_(
            select(EmailServer.partner_id).where(EmailServer.kind == Kind.RELAY, matches)
        ),
    )
    waits = OutboxMessage.state.in_((*STATES, OutboxState.SENDING))
    return OutboxMessage.mailbox_id.in_(left_by) | (
        waits & (OutboxMessage.company_id.in_(linked) | OutboxMessage.company_id.in_(relayed))
    )


def _rows(actor: Actor) -> Select[OutboxMessage, Company, str, str]:
    return (
        select(OutboxMessage, Company, EmailServer.email, _RELAY.email)
        .join(Company, Company.id == OutboxMessage.company_id)
        .outerjoin(Mailbox, Mailbox.id == OutboxMessage.mailbox_id)
        .outerjoin(EmailServer, EmailServer.id == Mailbox.server_id)
        .outerjoin(
            OutboxAttempt,
            (OutboxAttempt.message_id == OutboxMessage.id)
            & (OutboxAttempt.fence == OutboxMessage.fence),
        )
        .outerjoin(_RELAY, (_RELAY.id == OutboxAttempt.server_id) & (_RELAY.kind == Kind.RELAY))
        .where(_visible(actor))
    )


def _view(
    message: OutboxMessage,
    company: Company,
    mailbox: str | None,
    relay: str | None,
    recipients: Iterable[RecipientView],
    waits: Waiting | None,
) -> OutboxView:
    due = None
    if waits is not None:
        due = message.next_attempt_at if waits.wait in (Wait.TURN, Wait.TIME) else waits.until
    return OutboxView(
        id=message.id,
        company_id=company.id,
        company=company.cnpj,
        company_nickname=company.nickname,
        subject=message.subject,
        state=message.state,
        attempts=message.attempts,
        message_id=message.message_id,
        mailbox_id=message.mailbox_id,
        mailbox=relay_label(relay) if relay is not None else mailbox,
        recipients=tuple(recipients),
        created_at=message.created_at,
        next_attempt_at=due,
        sent_at=message.sent_at,
        error=retold(message.error) if message.error else None,
        waits_for=waits.wait.value if waits is not None else None,
        why=_why(waits, recipients) if waits is not None else None,
    )


def _why(waits: Waiting, recipients: Iterable[RecipientView]) -> str:
    """Of what was refused the server's own words too; each but once."""
    if waits.wait != Wait.TIME:
        return waits.why
    refused = (r for r in recipients if r.state == OutboxState.DEFERRED)
    told = (" ".join(filter(None, (r.why, r.reply))) for r in refused)
    return "; ".join(filter(None, dict.fromkeys(told))) or waits.why
