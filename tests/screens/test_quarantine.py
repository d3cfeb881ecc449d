"""Quarentena and Documentos by key presses (R39, R40, R41)."""

from __future__ import annotations

import asyncio
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from services.office import Office
from services.reading import quarantine
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.extract import Caps, extract
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.settings import Settings
from services.store.blobs import keep_blobs
from services.store.engine import Store
from services.store.mail import Document, InboundMessage
from services.store.models import Mailbox
from tests.documents import events, generator
from tests.documents.generator import Party
from tests.reading.conftest import ISSUER, letter, register
from tests.screens.conftest import Opened
from tests.store_fixtures import CNPJ

OTHER = generator.cnpj(31)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def arrive(store: Store, actor: Actor, server: int, *raws: bytes) -> None:
    """As if a reading had brought them."""
    import hashlib

    with store.writing() as session:
        for raw in raws:
            digest = hashlib.sha256(raw).hexdigest()
            keep_blobs(session, {digest: raw})
            message = InboundMessage(
                partner_id=actor.partner_id,
                server_id=server,
                sha256=digest,
                size=len(raw),
                uidl=f"u-{digest[:6]}",
            )
            session.add(message)
            session.flush()
            source = Source(actor.partner_id, server)
            import_messages(session, source, [(message.id, extract(raw, Caps()))])


@pytest.fixture
def server(store: Store, actor: Actor, company: CompanyView) -> int:
    """The company's reading mailbox."""
    return register(store, actor, company, "pop.x.example", 995, "xml")[0]


def count(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Document)) or 0


async def test_one_key_links_and_imports(
    console: Opened, store: Store, office: Office, actor: Actor, server: int
) -> None:
    """R39: v links the company that the document names and imports all that waited for it."""
    office.do_now(companies.add, actor, CompanyDraft(OTHER, "Nova", "N", document_import=True))
    arrive(store, actor, server, letter(1, recipient=OTHER), letter(2, recipient=OTHER))
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("8")
        await c.in_front("QuarantineScreen")
        await c.shows("Nova", "De outra empresa: 2")
        await c.press("enter")
        await c.shows("v vincula e importa", "From: Fornecedor Exemplo")
        await c.press("end")
        await c.shows("application/xml", "Segue a sua nota")
        await c.press("escape", "v")
        await c.told("2 documentos importados")
        await c.shows("Nada em quarentena")
    assert count(store) == 2


async def test_nobody_of_that_cnpj_registers_on_the_way(
    console: Opened, store: Store, actor: Actor, server: int
) -> None:
    """R39: where no company has the CNPJ, the choice opens and the reason is told."""
    arrive(store, actor, server, letter(1, recipient=OTHER))
    async with console() as c:
        await c.at_home()
        await c.press("8")
        await c.shows("NF-e emitida")
        await c.press("v")
        await c.in_front("ChooseCompany")
        await c.told("Nenhuma empresa cadastrada")
        await c.shows("Padaria São João")
        await c.press("enter")
        await c.told("não está neste documento")
    assert count(store) == 0


async def test_many_are_rejected_and_found_again(
    console: Opened, store: Store, office: Office, actor: Actor, server: int
) -> None:
    """R41: marked ones in one go, after a question; s shows what was decided."""
    arrive(store, actor, server, *(letter(n, recipient=OTHER) for n in range(1, 4)))
    async with console((120, 40)) as c:
        await c.at_home()
        await c.press("8")
        await c.shows("NF-e emitida")
        await c.press("space", "space", "x")
        await c.in_front("Confirm")
        await c.shows("Rejeitar 2 itens?")
        await c.agree()
        await c.in_front("QuarantineScreen")
        await c.until(lambda: c.text.count("NF-e emitida") == 1, "two fewer")
        await c.press("s", "s")
        await c.shows("Quarentena · rejeitados")
        await c.until(lambda: c.text.count("NF-e emitida") == 2, "the rejected")
    assert len(office.ask_now(quarantine.ids, actor)) == 1


async def test_what_is_marked_is_read_again(
    console: Opened, store: Store, office: Office, actor: Actor, server: int
) -> None:
    """R41: t, once the cause is mended; what still belongs to nobody here says so and stays."""
    arrive(
        store,
        actor,
        server,
        *(letter(n, recipient=OTHER) for n in (1, 2)),
        letter(3, recipient=generator.cnpj(32)),
    )
    async with console((120, 40)) as c:
        await c.at_home()
        await c.press("8")
        await c.until(lambda: c.text.count("NF-e emitida") == 3, "all three")
        made = office.do_now(
            companies.add, actor, CompanyDraft(OTHER, "Nova", "N", document_import=True)
        )
        with store.writing() as session:
            session.add(Mailbox(server_id=server, company_id=made.id, function="read"))
        await c.press("space", "space", "space", "t")
        await c.told("2 documentos importados; 1 ainda em quarentena")
        await c.until(lambda: c.text.count("NF-e emitida") == 1, "the one that is left")
    assert count(store) == 2


async def test_documents_filtered_added_up_and_exported(
    console: Opened, store: Store, actor: Actor, server: int, settings: Settings
) -> None:
    """R40: filters, count and sum, the detail with items and XML, all filtered into a zip."""
    key = generator.access_key(ISSUER, 2)
    gone = events.nfe_event("110111", Party(ISSUER, "F"), key, recipient=Party(CNPJ, "P"))
    arrive(store, actor, server, generator.mail([gone], pdf_bytes=0))
    for number, total in ((1, "10.00"), (2, "20.50"), (77, "1000.00")):
        xml = generator.nfe(ISSUER, CNPJ, number, total=Decimal(total), signed="cached")
        arrive(store, actor, server, generator.mail([xml], pdf_bytes=0, seed=number))
    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("7")
        await c.shows("4 documentos · soma R$ 1.030,50, inclui R$ 20,50 de cancelados")
        await c.press("enter")
        await c.shows("Chave de acesso", "Emitente", "4 itens", "PRODUTO DE TESTE")
        await c.press("pagedown")
        await c.shows("A mensagem em que veio", "SHA-256")
        await c.press("end")
        await c.shows("</nfeProc>")
        await c.press("escape", "slash", "tab", "tab", "tab")
        await c.type("77")
        await c.press("enter")
        await c.shows("1 documento · soma R$ 1.000,00")
        await c.press("E")
        await c.in_front("Confirm")
        await c.shows("Exportar 1 documento?")
        await c.agree()
        await c.told("1 documento em")
    (packed,) = (settings.home / "csv").glob("*.zip")
    with zipfile.ZipFile(packed) as archive:
        assert len(archive.namelist()) == 1
        assert f"{77:09d}" in archive.namelist()[0]


async def test_did_it_arrive(
    console: Opened, store: Store, actor: Actor, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R43: by access key from any screen: when, in which message, what became of it; it says that
    it is looking."""
    arrive(store, actor, server, letter(5), letter(6, recipient=OTHER))
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("A")
        await c.in_front("Arrived")
        await c.type(generator.access_key(ISSUER, 5))
        gate, ask = asyncio.Event(), c.app.desk.ask

        async def slow(*args: Any, **more: Any) -> Any:
            await gate.wait()
            return await ask(*args, **more)

        monkeypatch.setattr(c.app.desk, "ask", slow)
        await c.press("enter")
        await c.shows("Procurando…")
        gate.set()
        await c.shows("Importado", "u-", "SHA-256")
        assert "Procurando" not in c.text
        await c.press("ctrl+u")
        await c.type(generator.access_key(ISSUER, 6))
        await c.press("enter")
        await c.shows("nenhuma empresa vinculada")
        await c.press("ctrl+u")
        await c.type("nada")
        await c.press("enter")
        await c.shows("Nada chegou")
