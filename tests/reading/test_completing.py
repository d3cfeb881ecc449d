"""A document that comes bare first and with its protocol later (R40)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from services.clock import now
from services.reading.tick import Reader
from services.store.engine import Store
from services.store.mail import Blob, Document
from tests.documents import events
from tests.documents.generator import Party, access_key, cnpj, mail, nfe
from tests.reading.conftest import Inbox
from tests.store_fixtures import CNPJ

ISSUER = Party(cnpj(31), "FORNECEDOR")
MINE = Party(CNPJ, "PADARIA")
BARE = nfe(ISSUER, MINE, 1, authorised=False)
WHOLE = nfe(ISSUER, MINE, 1)
DRAFT = nfe(ISSUER, MINE, 1, authorised=False, signed=False)
OTHER = nfe(ISSUER, MINE, 1, seed=9)
FORGED = WHOLE.replace(b"FORNECEDOR", b"FALSIFICADOR")


def stored(store: Store) -> list[tuple[bytes, bool, bool]]:
    """Bytes, whether authorised, whether checked, of every document."""
    query = select(Blob.data, Document.authorised, Document.checked_at).join(
        Document, Document.sha256 == Blob.sha256
    )
    with store.reading() as session:
        return [(row[0], row[1], row[2] is not None) for row in session.execute(query)]


def letter(*xmls: bytes, seed: int = 0) -> bytes:
    """A message with them."""
    return mail(xmls, pdf_bytes=0, seed=seed)


@pytest.mark.parametrize("first", [BARE, DRAFT], ids=["signed", "draft"])
async def test_the_protocol_comes_later(
    reader: Reader, inbox: Inbox, store: Store, first: bytes
) -> None:
    """R40: one document, with its protocol in the end, to be checked anew; never back again."""
    inbox.deliver(letter(first, seed=1))
    await reader.run_due()
    with store.writing() as session:
        session.execute(update(Document).values(checked_at=now(), check_schema="failed"))
    inbox.deliver(letter(WHOLE, seed=2))
    assert (await reader.run_due(mailbox_id=inbox.mailbox_id)).documents == 0
    assert stored(store) == [(WHOLE, True, False)]
    inbox.deliver(letter(first, seed=3))
    await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert stored(store) == [(WHOLE, True, False)]
    assert [row.found[0]["outcome"] for row in inbox.receipts()] == [
        "imported",
        "duplicate",
        "duplicate",
    ]


@pytest.mark.parametrize("apart", [True, False], ids=["two messages", "one message"])
async def test_both_come_at_once(reader: Reader, inbox: Inbox, store: Store, apart: bool) -> None:
    """R40: in whatever order they are attached."""
    if apart:
        inbox.deliver(letter(BARE, seed=1), letter(WHOLE, seed=2))
    else:
        inbox.deliver(letter(BARE, WHOLE))
    assert (await reader.run_due()).documents == 1
    assert stored(store) == [(WHOLE, True, False)]


@pytest.mark.parametrize("other", [OTHER, FORGED], ids=["another digest", "its digest copied"])
async def test_other_content_under_the_same_key_replaces_nothing(
    reader: Reader, inbox: Inbox, store: Store, other: bytes
) -> None:
    """R40: somebody else's protocol round another content is a duplicate, and no more."""
    inbox.deliver(letter(BARE, seed=1))
    await reader.run_due()
    inbox.deliver(letter(other, seed=2))
    await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert stored(store) == [(BARE, False, False)]


async def test_an_event_is_completed_by_its_answer(
    reader: Reader, inbox: Inbox, store: Store
) -> None:
    """R40: the request first, then both together."""
    key = access_key(ISSUER.cnpj, 1)
    whole = events.nfe_event("210210", MINE, key, recipient=MINE)
    inbox.deliver(letter(events.nfe_event("210210", MINE, key, how="request"), seed=1))
    await reader.run_due()
    inbox.deliver(letter(whole, seed=2))
    await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert stored(store) == [(whole, True, False)]
