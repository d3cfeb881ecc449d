"""The durable queue of e-mails: what is queued stays until it is sent, final or cancelled (R33)."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.clock import now
from services.errors import Invalid, NotFound, Refused
from services.language import _
from services.outbox.schedule import GIVE_UP
from services.registry import access, audit
from services.registry.access import Actor
from services.safe_text import kept, kept_block, safe
from services.store.blobs import keep_blobs
from services.store.mail import (
    OutboxAttachment,
    OutboxContent,
    OutboxMessage,
    OutboxRecipient,
    OutboxState,
)
from services.store.models import Company, EmailServer, Function, Kind, Mailbox
from services.wire.addresses import split_addresses, valid_address

if TYPE_CHECKING:
    from services.store.engine import Store

MOST_RECIPIENTS = 500
MOST_TEXT = 1_000_000
_CONTENT_TYPE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,60}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,60}"
)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,120}[A-Za-z0-9])?")
_AGAIN = (
    OutboxState.FAILED,
    OutboxState.DEFERRED,
    OutboxState.UNCERTAIN,
    OutboxState.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An e-mail of the queue; ``duplicate``: it was there already, under the same key (R35)."""

    id: int
    duplicate: bool


def enqueue(
    session: Session,
    *,
    partner_id: int,
    company_id: int,
    to: Sequence[str],
    subject: str,
    body: str,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    idempotency_key: str | None = None,
    notification_id: int | None = None,
) -> int:
    """:func:`place`, giving the id alone."""
    return place(
        session,
        partner_id=partner_id,
        company_id=company_id,
        to=to,
        subject=subject,
        body=body,
        attachments=attachments,
        idempotency_key=idempotency_key,
        notification_id=notification_id,
    ).id


def place(
    session: Session,
    *,
    partner_id: int,
    company_id: int,
    to: Sequence[str],
    subject: str,
    body: str,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    idempotency_key: str | None = None,
    notification_id: int | None = None,
    note: str | None = None,
) -> Placed:
    """Queue one e-mail of a company in the caller's unit of work.

    ``to`` may hold lists separated by ``;`` or ``,``; the same address twice counts once. An
    address that is not valid is recorded as failed with its reason and the rest are sent to (R32).
    ``attachments`` are (file name, content type, bytes). The same ``idempotency_key`` of a company
    queues nothing and gives the first (R35). ``note`` is what there is to say of the e-mail on its
    record, to nobody else. Raises :class:`Invalid` without any recipient, or with more than
    :data:`MOST_RECIPIENTS`.
    """
    wanted = _recipients(to)
    at = now()
    some_valid = any(why is None for _address, why in wanted)
    message_id = session.execute(
        _insert(session)(OutboxMessage)
        .values(
            partner_id=partner_id,
            company_id=company_id,
            notification_id=notification_id,
            idempotency_key=idempotency_key,
            message_id=_message_id(session, company_id),
            subject=kept(subject, 900),
            state=OutboxState.QUEUED if some_valid else OutboxState.FAILED,
            attempts=0,
            fence=0,
            next_attempt_at=at,
            held=False,
            give_up_at=at + GIVE_UP,
            error=refusals(wanted),
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "idempotency_key"])
        .returning(OutboxMessage.id)
    ).scalar()
    if message_id is None:
        earlier = session.execute(
            select(OutboxMessage.id).where(
                OutboxMessage.company_id == company_id,
                OutboxMessage.idempotency_key == idempotency_key,
            )
        ).scalar_one()
        return Placed(earlier, duplicate=True)
    session.execute(
        insert(OutboxContent).values(
            message_id=message_id,
            body=kept_block(body, MOST_TEXT),
            note=None if note is None else safe(note, 500),
        )
    )
    session.execute(
        insert(OutboxRecipient),
        [
            {
                "message_id": message_id,
                "position": position,
                "address": address,
                "state": OutboxState.QUEUED if why is None else OutboxState.FAILED,
                "why": why,
                "done_at": None if why is None else at,
            }
            for position, (address, why) in enumerate(wanted)
        ],
    )
    _attach(session, message_id, attachments)
    return Placed(message_id, duplicate=False)


def refusals(recipients: Sequence[tuple[str, str | None]]) -> str | None:
    """Which of the recipients (address, why not) failed, in words; None when none did."""
    words = [f"{address}: {why}" for address, why in recipients if why is not None]
    return safe("; ".join(words), 2_000) or None


def retry(session: Session, actor: Actor, ids: Collection[int]) -> int:
    """Send again what has not arrived: due at once, five days anew (R33); how many e-mails.

    Only recipients that failed, wait, were cancelled or are uncertain; never those already sent
    to, nor an address that is not valid. Raises :class:`NotFound` for what ``actor`` does not see
    and :class:`Refused` where nothing is left to send, the text has been removed since, or the
    e-mail leaves right now.
    """
    messages = _locked(session, actor, ids)
    with_text = set(
        session.scalars(select(OutboxContent.message_id).where(OutboxContent.message_id.in_(ids)))
    )
    for message in messages:
        if message.id not in with_text:
            raise Refused(
                _(
                    "O texto do e-mail {id} foi removido ao fim do prazo de guarda: envie o "
                    "documento ou a notificação de novo"
                ).format(id=message.id)
            )
        if message.state == OutboxState.SENDING:
            raise Refused(_("O e-mail {id} está sendo enviado agora").format(id=message.id))
        again = [
            recipient
            for recipient in session.scalars(
                select(OutboxRecipient).where(OutboxRecipient.message_id == message.id)
            )
            if recipient.state in _AGAIN and _is_valid(recipient.address)
        ]
        if not again and message.state != OutboxState.QUEUED:
            raise Refused(
                _("O e-mail {id} não tem destinatário a quem reenviar").format(id=message.id)
            )
        for recipient in again:
            recipient.state, recipient.why, recipient.done_at = OutboxState.QUEUED, None, None
        before = message.state
        at = now()
        message.state, message.attempts, message.held = OutboxState.QUEUED, 0, False
        message.next_attempt_at, message.give_up_at = at, at + GIVE_UP
        audit.record(
            session,
            actor,
            "retry",
            "outbox",
            message.id,
            company_id=message.company_id,
            before={"state": before},
            after={"state": message.state},
        )
    session.flush()
    return len(messages)


def retry_all_failed(session: Session, actor: Actor) -> int:
    """:func:`retry` of every e-mail in state failed that ``actor`` sees; how many."""
    failed = session.scalars(
        select(OutboxMessage.id)
        .where(
            access.visible(actor, OutboxMessage.partner_id, OutboxMessage.company_id),
            OutboxMessage.state == OutboxState.FAILED,
        )
        # Two that lock the same rows never wait for each other in a ring.
        .order_by(OutboxMessage.id)
    )
    return sum(_retry_if_possible(session, actor, message_id) for message_id in failed.all())


def _retry_if_possible(session: Session, actor: Actor, message_id: int) -> int:
    try:
        return retry(session, actor, [message_id])
    except Refused:
        return 0


def cancel(session: Session, actor: Actor, ids: Collection[int]) -> int:
    """Give up what still waits, for every recipient not sent to; how many e-mails.

    Raises :class:`Refused` for one that is being sent or is final.
    """
    messages = _locked(session, actor, ids)
    at = now()
    for message in messages:
        if message.state not in (OutboxState.QUEUED, OutboxState.DEFERRED):
            raise Refused(
                _("O e-mail {id} não espera envio: não há o que cancelar").format(id=message.id)
            )
        session.execute(
            update(OutboxRecipient)
            .where(
                OutboxRecipient.message_id == message.id,
                OutboxRecipient.state.in_((OutboxState.QUEUED, OutboxState.DEFERRED)),
            )
            .values(state=OutboxState.CANCELLED, done_at=at),
            execution_options={"synchronize_session": False},
        )
        before = message.state
        message.state, message.held = OutboxState.CANCELLED, False
        audit.record(
            session,
            actor,
            "cancel",
            "outbox",
            message.id,
            company_id=message.company_id,
            before={"state": before},
            after={"state": message.state},
        )
    session.flush()
    return len(messages)


def _locked(session: Session, actor: Actor, ids: Collection[int]) -> list[OutboxMessage]:
    rows = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.id.in_(ids), OutboxMessage.partner_id == actor.partner_id)
        .order_by(OutboxMessage.id)
        .with_for_update()
    ).all()
    seen = [row for row in rows if actor.sees(row.company_id)]
    missing = set(ids) - {row.id for row in seen}
    if missing:
        raise NotFound(_("E-mail {id} não encontrado na fila").format(id=min(missing)), field="id")
    return seen


def _recipients(to: Sequence[str]) -> list[tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for text in to:
        good, bad = split_addresses(text.replace(",", ";"))
        for address in good:
            found.setdefault(address.casefold(), (address, None))
        for piece, why in bad:
            found.setdefault(piece.casefold(), (safe(piece, 320), safe(why, 500)))
    if not found:
        raise Invalid(_("Informe ao menos um destinatário"), field="to")
    if len(found) > MOST_RECIPIENTS:
        raise Invalid(
            _("No máximo {most} destinatários por e-mail, há {n}").format(
                most=MOST_RECIPIENTS, n=len(found)
            ),
            field="to",
        )
    return list(found.values())


def _is_valid(address: str) -> bool:
    try:
        valid_address(address)
    except Invalid:
        return False
    return True


def _attach(
    session: Session, message_id: int, attachments: Sequence[tuple[str, str, bytes]]
) -> None:
    for position, (filename, content_type, data) in enumerate(attachments):
        digest = hashlib.sha256(data).hexdigest()
        keep_blobs(session, {digest: data})
        session.execute(
            insert(OutboxAttachment).values(
                message_id=message_id,
                position=position,
                filename=safe(filename, 255).strip(" .") or "anexo",
                content_type=content_type
                if _CONTENT_TYPE.fullmatch(content_type)
                else "application/octet-stream",
                sha256=digest,
            )
        )


def _message_id(session: Session, company_id: int) -> str:
    """A Message-ID kept through every attempt, under the domain of what the company sends by."""
    email = session.scalar(
        select(EmailServer.email)
        .join(Mailbox, Mailbox.server_id == EmailServer.id)
        .join(Company, Company.id == Mailbox.company_id)
        .where(
            Mailbox.company_id == company_id,
            Mailbox.function == Function.SEND,
            Company.invoicy_mail.is_(False),
        )
        .order_by(Mailbox.position, Mailbox.id)
        .limit(1)
    ) or session.scalar(
        select(EmailServer.email)
        .join(Company, Company.partner_id == EmailServer.partner_id)
        .where(Company.id == company_id, Company.invoicy_mail, EmailServer.kind == Kind.RELAY)
    )
    domain = (email or "").rpartition("@")[2]
    if not _DOMAIN.fullmatch(domain):
        domain = cast("Store", session.info["store"]).settings.hostname or socket.gethostname()
    if not _DOMAIN.fullmatch(domain):
        domain = "localhost"
    return f"<{secrets.token_hex(16)}@{domain}>"


def _insert(
    session: Session,
) -> type[postgresql.Insert] | type[sqlite.Insert]:
    dialect = session.get_bind().dialect.name
    return sqlite.Insert if dialect == "sqlite" else postgresql.Insert
