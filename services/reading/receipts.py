"""Receipts: what became of every message that was read; "did it arrive?" (R43)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, literal_column, or_, select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.registry import access
from services.registry.access import Actor
from services.store.mail import Document, InboundMessage, Quarantine, Uidl
from services.store.models import Company, EmailServer, Function, Mailbox

_MOST = 500
# As importing writes it; a literal, so that the partial index is used.
_FOREIGN: ColumnElement[str] = literal_column("'foreign_company'")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was in a message: ``outcome`` is imported, duplicate or why it was held."""

    kind: str
    access_key: str
    company: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """The receipt of one message. Subject and sender are foreign text."""

    id: int
    server_id: int | None
    uidl: str
    sha256: str
    size: int
    state: str
    reason: str | None
    subject: str
    sender: str
    fetched_at: datetime
    found: tuple[Found, ...]
    committed_at: datetime | None
    deleted_at: datetime | None


def receipts(session: Session, actor: Actor, word: str) -> list[ReceiptView]:
    """The receipts for an access key, a UIDL or an id, newest first.

    Raises :class:`NotFound` when there is none that ``actor`` sees.
    """
    ids = _wanted(session, actor, word.strip())
    found = _views(session, actor, InboundMessage.id.in_(ids)) if ids else []
    if not found:
        raise NotFound(_("Nada chegou com esta chave de acesso, UIDL ou número"), field="receipt")
    return found


def _wanted(session: Session, actor: Actor, word: str) -> list[int]:
    """Ids of the messages behind ``word``, each question answered by its index; the newest first.

    A key is looked for among the documents and in quarantine; a UIDL also as the name that a
    message with the same content came under later.
    """
    bare = re.sub(r"[\s.\-/]", "", word).upper()
    servers = select(EmailServer.id).where(EmailServer.partner_id == actor.partner_id)
    questions = [
        select(Document.inbound_id).where(Document.access_key == bare),
        select(Quarantine.inbound_id).where(
            Quarantine.reason == _FOREIGN, Quarantine.detail == bare
        ),
        select(InboundMessage.id).where(InboundMessage.uidl == word),
        select(Uidl.inbound_id).where(Uidl.server_id.in_(servers), Uidl.uidl == word),
    ]
    found = {
        inbound_id
        for question in questions
        for inbound_id in session.scalars(question.limit(_MOST))
        if bare and inbound_id is not None
    }
    if word.isascii() and word.isdecimal() and len(word) < 19:
        found.add(int(word))
    return sorted(found, reverse=True)[:_MOST]


def of_ids(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, ReceiptView]:
    """Those of the receipts that ``actor`` sees, by id."""
    return {view.id: view for view in _views(session, actor, InboundMessage.id.in_(ids))}


def visible(actor: Actor) -> ColumnElement[bool]:
    """The messages that ``actor`` sees (R53).

    A company user: those of mailboxes that only the user's companies read, and of a shared
    mailbox those that brought one of them a document.
    """
    mine = InboundMessage.partner_id == actor.partner_id
    if actor.company_ids is None:
        return mine
    reads = Mailbox.function == Function.READ
    theirs = select(Mailbox.server_id).where(reads, ~access.among(actor, Mailbox.company_id))
    ours = select(Mailbox.server_id).where(reads, access.among(actor, Mailbox.company_id))
    brought = select(Document.inbound_id).where(access.among(actor, Document.company_id))
    return mine & or_(
        InboundMessage.server_id.in_(ours) & InboundMessage.server_id.not_in(theirs),
        InboundMessage.id.in_(brought),
    )


def _views(session: Session, actor: Actor, condition: ColumnElement[bool]) -> list[ReceiptView]:
    messages = session.scalars(
        select(InboundMessage)
        .where(condition, visible(actor))
        .order_by(InboundMessage.id.desc())
        .limit(_MOST)
    ).all()
    cnpjs = _companies(session, actor, messages)
    return [
        ReceiptView(
            id=row.id,
            server_id=row.server_id,
            uidl=row.uidl,
            sha256=row.sha256,
            size=row.size,
            state=row.state,
            reason=row.reason,
            subject=row.subject,
            sender=row.sender,
            fetched_at=row.fetched_at,
            found=tuple(
                Found(
                    item["kind"], item["access_key"], cnpjs.get(item["company_id"]), item["outcome"]
                )
                for item in row.found
                if actor.is_partner or item["company_id"] in cnpjs
            ),
            committed_at=row.committed_at,
            deleted_at=row.deleted_at,
        )
        for row in messages
    ]


def _companies(
    session: Session, actor: Actor, messages: Sequence[InboundMessage]
) -> dict[int, str]:
    wanted = {item["company_id"] for row in messages for item in row.found}
    rows = session.execute(
        select(Company.id, Company.cnpj).where(
            Company.id.in_(wanted - {None}) if wanted else false(),
            access.visible(actor, Company.partner_id, Company.id),
        )
    )
    return {row[0]: row[1] for row in rows}
