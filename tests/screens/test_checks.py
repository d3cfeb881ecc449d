"""The checks of a document in the console, and checking again (R40)."""

from __future__ import annotations

from services.jobs.checking import check_documents
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.mail import Document
from tests.documents import kinds
from tests.jobs.test_checking import put
from tests.screens.conftest import Opened


async def test_labels_with_their_reasons_and_again(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R40: integrity apart from the chain, a reason where all is not well; V has it checked again."""
    number = put(store, actor.partner_id, company.id, kinds.samples()["cfe"])
    await check_documents(store)

    def waits() -> bool:
        with store.reading() as session:
            return session.get_one(Document, number).checked_at is None

    async with console((120, 40)) as c:
        await c.at_home()
        await c.press("7")
        await c.shows("CF-e SAT")
        await c.press("enter")
        await c.shows("íntegra")
        assert "cadeia não conferida" in c.text
        assert "não verificável: Não há esquema público" in c.text
        await c.press("escape")
        await c.press("V")
        await c.told("1 documento será conferido de novo")
        assert waits()


async def test_a_cancelled_document_says_so(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R37: in the list and in its detail, in a word."""
    samples = kinds.samples()
    numbers = [
        put(store, actor.partner_id, company.id, samples[n]) for n in ("nfe", "nfe-cancelled")
    ]
    with store.writing() as session:
        session.get_one(Document, numbers[0]).issuer_name = "Fornecedor"
        session.get_one(Document, numbers[1]).authorised = True
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("7")
        await c.shows("CANCELADO · Forn")
        await c.press("down", "enter")
        await c.shows("CANCELADO por um evento registrado")
