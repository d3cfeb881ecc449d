"""A company whose mailbox is on the run's Dovecot, and readers of it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from services.reading.tick import Reader
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import CompanyDay, Document, InboundMessage, Quarantine, ServerHour
from services.store.models import EmailServer
from services.store.notices import BellEntry
from tests.documents import generator
from tests.servers.dovecot import Dovecot
from tests.store_fixtures import CNPJ

PASSWORD = "segredo"
ISSUER = generator.cnpj(2)
_numbers = itertools.count(1)


def letter(number: int, *, recipient: str = CNPJ, pdf_bytes: int = 500, **given: object) -> bytes:
    """A small message with one NF-e of that number."""
    xml = generator.nfe(ISSUER, recipient, number, signed="cached")
    return generator.mail([xml], pdf_bytes=pdf_bytes, seed=number, **given)  # type: ignore[arg-type]


@dataclass
class Inbox:
    """A mailbox on Dovecot, registered for the company."""

    store: Store
    dovecot: Dovecot
    user: str
    server_id: int
    mailbox_id: int

    def deliver(self, *raws: bytes) -> None:
        """Put messages into it."""
        for raw in raws:
            self.dovecot.deliver(self.user, raw)

    @property
    def left(self) -> list[Path]:
        """What is still on the server."""
        return self.dovecot.messages(self.user)

    def set(self, **values: object) -> None:
        """Change columns of the e-mail server."""
        with self.store.writing() as session:
            session.execute(
                update(EmailServer).where(EmailServer.id == self.server_id).values(**values)
            )

    def keys(self) -> list[str]:
        """The access keys of all documents, in order."""
        with self.store.reading() as session:
            return list(session.scalars(select(Document.access_key).order_by(Document.access_key)))

    def receipts(self) -> list[InboundMessage]:
        """All receipts, oldest first."""
        with self.store.reading() as session:
            return list(session.scalars(select(InboundMessage).order_by(InboundMessage.id)))

    def held(self) -> list[str]:
        """The reasons of everything in quarantine."""
        with self.store.reading() as session:
            return list(session.scalars(select(Quarantine.reason).order_by(Quarantine.id)))

    def told(self) -> tuple[int, int, int]:
        """Documents by the bell, by the company's days, and messages by the mailbox's hours."""
        with self.store.reading() as session:
            rung = session.scalar(
                select(func.sum(BellEntry.count)).where(BellEntry.type_key == "document_imported")
            )
            days = session.scalar(select(func.sum(CompanyDay.documents)))
            hours = session.scalar(select(func.sum(ServerHour.fetched)))
            return int(rung or 0), int(days or 0), int(hours or 0)

    def count(self) -> int:
        """How many documents there are."""
        with self.store.reading() as session:
            return session.scalar(select(func.count()).select_from(Document)) or 0


def register(
    store: Store, actor: Actor, company: CompanyView, host: str, port: int, user: str
) -> tuple[int, int]:
    """Register a reading mailbox; its server and mailbox ids."""
    draft = MailboxDraft(
        function="read",
        nickname=user,
        sender_name="Padaria",
        email=f"{user}@empresa.example",
        username=user,
        password=PASSWORD,
        host=host,
        port=port,
        security="none",
    )
    with store.writing() as session:
        view = mailboxes.add(session, actor, company.id, draft)
    return view.server_id, view.id


@pytest.fixture
def inbox(store: Store, actor: Actor, company: CompanyView, dovecot: Dovecot) -> Inbox:
    """An empty mailbox of the company."""
    user = f"leitura{next(_numbers)}"
    dovecot.add_user(user, PASSWORD)
    ids = register(store, actor, company, dovecot.host, dovecot.port, user)
    return Inbox(store, dovecot, user, *ids)


Readers = Callable[..., Reader]


@pytest.fixture
async def readers(store: Store, settings: Settings) -> AsyncIterator[Readers]:
    """Make readers, closed at the end; keyword arguments replace settings."""
    made: list[Reader] = []

    def make(**changes: object) -> Reader:
        made.append(Reader(store, replace(settings, **changes)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for reader in made:
        await reader.close()


@pytest.fixture
def reader(readers: Readers) -> Reader:
    """One reader."""
    return readers()


def keys_of(numbers: Sequence[int]) -> list[str]:
    """The access keys of the letters of those numbers, in order."""
    return sorted(generator.access_key(ISSUER, number) for number in numbers)
