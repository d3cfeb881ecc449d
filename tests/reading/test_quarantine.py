"""Routing among many companies, and what goes to quarantine and comes out of it (R39, R41)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from services.errors import Conflict, NotFound, Refused
from services.language import speaking
from services.office import Office
from services.reading import documents, owning, quarantine, receipts
from services.reading.arrivals import TOO_LARGE, note_too_large
from services.reading.finding import Filters
from services.reading.importing import Imported
from services.reading.memory import Wanted
from services.reading.quarantine import QuarantineView
from services.reading.rereading import looked_into, reread
from services.reading.taking_apart.extractor import Extractor
from services.reading.tick import Reader
from services.registry import companies, links, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.store.engine import Store
from services.store.models import Function
from tests.documents import generator
from tests.documents.generator import Party
from tests.reading.conftest import ISSUER, Inbox, keys_of, letter

OTHER = generator.cnpj(21)
BRANCH = "11222333000262"


class Asker:
    """Services in the name of the actor."""

    def __init__(self, office: Office, actor: Actor) -> None:
        self.office, self.actor = office, actor

    async def ask(self, service: Callable[..., Any], *args: Any) -> Any:
        return await self.office.ask(service, self.actor, *args)

    async def do(self, service: Callable[..., Any], *args: Any) -> Any:
        return await self.office.do(service, self.actor, *args)

    def held(self) -> list[QuarantineView]:
        """What waits for a decision, oldest first."""
        ids = self.office.ask_now(quarantine.ids, self.actor, descending=False)
        found = self.office.ask_now(quarantine.rows, self.actor, ids)
        return [found[i] for i in ids]

    def keys(self, company_id: int) -> list[str]:
        """The access keys of the company's documents, in order."""
        ids = self.office.ask_now(documents.ids, self.actor, filters=Filters(company_id=company_id))
        found = self.office.ask_now(documents.rows, self.actor, ids)
        return sorted(view.access_key for view in found.values())

    def company(self, cnpj: str, *, imports: bool = True, of: str | None = None) -> CompanyView:
        draft = CompanyDraft(cnpj, f"Loja {cnpj}", "L", document_import=imports, headquarters=of)
        return self.office.do_now(companies.add, self.actor, draft)


@pytest.fixture
def asker(office: Office, actor: Actor) -> Asker:
    """Whoever decides."""
    return Asker(office, actor)


@pytest.fixture
async def extractor() -> AsyncIterator[Extractor]:
    """A child."""
    made = Extractor()
    yield made
    await made.close()


async def again(asker: Asker, extractor: Extractor, ids: Sequence[int]) -> Imported:
    """Read these items again."""
    done = Imported()
    for item in ids:
        done.add(await reread(asker, extractor, item))
    return done


async def test_each_to_its_company_and_its_branch(
    reader: Reader, inbox: Inbox, asker: Asker, company: CompanyView
) -> None:
    """R39: many on one mailbox: recipient, issuer and carrier, each branch by its own CNPJ."""
    branch = asker.company(BRANCH, of=company.cnpj)
    shop = asker.company(OTHER)
    asker.office.do_now(
        links.link, asker.actor, inbox.server_id, [branch.id, shop.id], functions=(Function.READ,)
    )
    carried = generator.nfe(ISSUER, BRANCH, 3, carrier=Party(OTHER, "CARGAS"), signed="cached")
    issued = generator.nfe(OTHER, company.cnpj, 4, signed="cached")
    inbox.deliver(
        letter(1),
        letter(2, recipient=BRANCH),
        generator.mail([carried], pdf_bytes=0, seed=3),
        generator.mail([issued], pdf_bytes=0, seed=4),
    )
    summary = await reader.run_due()
    assert (summary.documents, summary.quarantined) == (6, 0)
    both = generator.access_key(OTHER, 4)
    assert asker.keys(company.id) == sorted([*keys_of([1]), both])
    assert asker.keys(branch.id) == keys_of([2, 3])
    assert asker.keys(shop.id) == sorted([*keys_of([3]), both])


async def test_the_company_is_linked_and_what_waited_for_it_comes(
    reader: Reader, inbox: Inbox, asker: Asker, extractor: Extractor
) -> None:
    """R39: one decision links the company found by CNPJ and frees its other messages, no others."""
    inbox.deliver(*(letter(n, recipient=OTHER) for n in (1, 2)))
    inbox.deliver(letter(3, recipient=generator.cnpj(22)))
    await reader.run_due()
    first, second, third = asker.held()
    assert first.owners == ()
    assert first.parties == (OTHER, ISSUER)
    assert (first.kinds, first.hint) == (("NFe",), "")
    shop = asker.company(OTHER)
    first, second, third = asker.held()
    assert [(o.company_id, o.linked) for o in first.owners] == [(shop.id, False)]
    assert third.owners == ()
    assert asker.office.ask_now(quarantine.counts, asker.actor) == {"foreign_company": 3}
    told = asker.office.ask_now(receipts.receipts, asker.actor, keys_of([1])[0])
    assert [found.outcome for found in told[0].found] == ["foreign_company"]
    freed = asker.office.do_now(owning.link, asker.actor, first.id, shop.id)
    assert freed == [first.id, second.id]
    done = await again(asker, extractor, freed)
    assert (done.documents, done.quarantined) == ({shop.id: 2}, 0)
    assert asker.keys(shop.id) == keys_of([1, 2])
    assert [item.id for item in asker.held()] == [third.id]
    linked = asker.office.ask_now(mailboxes.list_of, asker.actor, shop.id)
    assert [(view.function, view.server_id) for view in linked] == [("read", inbox.server_id)]
    with pytest.raises(Conflict):
        asker.office.do_now(owning.link, asker.actor, first.id, shop.id)


async def test_why_a_company_is_not_linked(
    reader: Reader, inbox: Inbox, asker: Asker, company: CompanyView
) -> None:
    """R3, R39: Document Import off, or a company that the document does not name."""
    inbox.deliver(letter(1, recipient=OTHER))
    await reader.run_due()
    (item,) = asker.held()
    closed = asker.company(OTHER, imports=False)
    for each, why in ((closed, "Importação de Documentos"), (company, "não está neste documento")):
        with pytest.raises(Refused, match=why):
            asker.office.do_now(owning.link, asker.actor, item.id, each.id)
    assert asker.office.ask_now(mailboxes.ids, asker.actor, company_id=closed.id).tolist() == []


async def test_looked_into_read_again_rejected(
    reader: Reader, inbox: Inbox, asker: Asker, extractor: Extractor
) -> None:
    """R41: a look at headers, parts and text; what still cannot be read is held again."""
    broken = b'<?xml version="1.0"?><NFe xmlns="http://www.portalfiscal.inf.br/nfe"><'
    inbox.deliver(generator.mail([broken], pdf_bytes=300, subject="Nota \x1b[31m"))
    await reader.run_due()
    (item,) = asker.held()
    assert "incompleto ou corrompido" in item.explanation
    assert asker.office.ask_now(quarantine.ids, asker.actor, filter="corrompido").tolist() == [
        item.id
    ]
    preview = await looked_into(asker, item.id)
    assert dict(preview.headers)["From"].startswith("Fornecedor Exemplo")
    assert [part.content_type for part in preview.parts] == [
        "text/plain",
        "application/xml",
        "application/pdf",
    ]
    assert "Segue a sua nota fiscal" in preview.text
    done = await again(asker, extractor, [item.id])
    assert (done.documents, done.quarantined) == ({}, 1)
    (held,) = asker.held()
    assert held.id != item.id
    asker.office.do_now(quarantine.reject, asker.actor, held.id)
    assert asker.held() == []
    with pytest.raises(Conflict):
        await again(asker, extractor, [held.id])
    with pytest.raises(NotFound):
        await looked_into(asker, 99_999)


async def test_two_people_do_not_decide_the_same_item(
    reader: Reader, inbox: Inbox, asker: Asker, store: Store
) -> None:
    """R41: the second is told, also when both had seen it open."""
    inbox.deliver(letter(1, recipient=OTHER))
    await reader.run_due()
    (item,) = asker.held()
    with store.writing() as session:
        quarantine.reject(session, asker.actor, item.id)
        second = asyncio.create_task(asker.do(quarantine.reject, item.id))
        done, _waiting = await asyncio.wait([second], timeout=0.5)
        assert not done
    with pytest.raises(Conflict):
        await second


def test_the_filter_knows_the_words_that_the_reader_sees(
    store: Store, actor: Actor, inbox: Inbox
) -> None:
    """R41: a detail that was kept in Portuguese is found by what it says in English, and back."""
    place = Wanted(1, "u-1", 99 * 2**20)
    with store.writing() as session:
        detail = TOO_LARGE.format(size=99, limit=40)
        note_too_large(
            session, actor.partner_id, inbox.server_id, place, size=place.size, detail=detail
        )

    def found(words: str) -> int:
        with store.reading() as session:
            return len(quarantine.ids(session, actor, filter=words))

    assert (found("limite 99"), found("limit server"), found("size")) == (1, 0, 0)
    with speaking("en"):
        assert (found("limit server 99"), found("limit nowhere")) == (1, 0)
