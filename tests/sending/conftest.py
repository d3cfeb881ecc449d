"""A sender over a company, its mailboxes at servers of the test, and the queue in one line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.outbox import queue, views
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.registry.mailboxes import MailboxView
from services.sending.tick import Sender
from services.settings import Settings
from services.store.engine import Store

AddMailbox = Callable[..., MailboxView]
Queue = Callable[..., int]
Show = Callable[[int], views.OutboxDetail]


@pytest.fixture
def mailbox(store: Store, actor: Actor, company: CompanyView) -> AddMailbox:
    """Register a sending mailbox at a plain SMTP server; keyword arguments as in the draft."""

    def add(port: int, email: str = "nfe@padaria.example", **given: Any) -> MailboxView:
        values: dict[str, Any] = {
            "function": "send",
            "nickname": email,
            "sender_name": "Padaria São João",
            "email": email,
            "password": "segredo",
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "authenticate": False,
            "timeout": 5,
            **given,
        }
        with store.writing() as session:
            return mailboxes.add(session, actor, company.id, MailboxDraft(**values))

    return add


@pytest.fixture
def enqueue(store: Store, actor: Actor, company: CompanyView) -> Queue:
    """Queue an e-mail of the company; keyword arguments as in the service."""

    def put(to: str = "cliente@loja.example", **given: Any) -> int:
        values: dict[str, Any] = {
            "partner_id": actor.partner_id,
            "company_id": company.id,
            "to": [to],
            "subject": "NF-e 12",
            "body": "Segue a nota.",
            **given,
        }
        with store.writing() as session:
            return queue.enqueue(session, **values)

    return put


@pytest.fixture
def show(store: Store, actor: Actor) -> Show:
    """An e-mail of the queue with its history."""

    def look(message_id: int) -> views.OutboxDetail:
        with store.reading() as session:
            return views.show(session, actor, message_id)

    return look


@pytest.fixture
async def sender(store: Store, settings: Settings) -> AsyncIterator[Sender]:
    """A sender that is closed in the end."""
    made = Sender(store, settings)
    yield made
    await made.close()
