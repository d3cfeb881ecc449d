"""An event and its document, at the same moment in two processes (R39)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.fiscal.facts import Facts
from services.fiscal.recognise import recognise
from services.reading import documents, quarantine
from services.reading.arrivals import Arrival, digests_of, keep
from services.reading.importing import Imported, Source, import_messages
from services.reading.taking_apart.findings import Extracted, Found
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.mail import InboundMessage, InboundState
from tests.documents import events
from tests.documents.generator import Party, access_key, cnpj, nfe
from tests.reading.conftest import register
from tests.store_fixtures import CNPJ

ISSUER = Party(cnpj(21), "FORNECEDOR")
KEY = access_key(ISSUER.cnpj, 1)
DOCUMENT = nfe(ISSUER, CNPJ, 1)
# Of another issuer: names of parties are rows of their own, and the same ones do wait.
OTHER = nfe(Party(cnpj(22), "OUTRO"), Party(cnpj(23), "CLIENTE"), 1, carrier=Party(CNPJ, "PADARIA"))
EVENT = events.nfe_event("110111", ISSUER, KEY)

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def sources(store: Store, actor: Actor, company: CompanyView) -> tuple[Source, Source]:
    """Two mailboxes of the company, so that two processes may read at the same time."""
    first, second = (
        register(store, actor, company, "pop.padaria.example", 110, name)[0]
        for name in ("notas", "eventos")
    )
    return Source(actor.partner_id, first), Source(actor.partner_id, second)


def bring(session: Session, source: Source, xml: bytes) -> Imported:
    """A message with that document alone is stored and imported."""
    facts = recognise(xml)
    assert isinstance(facts, Facts)
    assert source.server_id is not None
    arrivals = [Arrival(1, "u1", len(xml), xml)]
    (kept,) = keep(session, source.partner_id, source.server_id, arrivals, digests_of([xml]))
    found = Extracted(found=(Found("nota.xml", xml, facts),))
    return import_messages(session, source, [(kept.inbound_id, found)])


def bring_whole(store: Store, source: Source, xml: bytes) -> Imported:
    """The same, as a unit of work of its own."""
    with store.writing() as session:
        return bring(session, source, xml)


@contextmanager
def beside(store: Store, source: Source, xml: bytes) -> Iterator[Future[Imported]]:
    """Another process brings it: it has come to its end, or waits for somebody, when this goes on."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as other:
        work = other.submit(partial(bring_whole, store, source, xml))
        while not work.done():
            with store.reading() as session:
                if session.scalar(waiting):
                    break
        yield work


@pytest.mark.parametrize("first", [EVENT, DOCUMENT], ids=["event", "document"])
def test_neither_passes_the_other_by(
    store: Store, actor: Actor, sources: tuple[Source, Source], first: bytes
) -> None:
    """R39: whichever is not committed yet when the other comes; no event is left in quarantine."""
    second = DOCUMENT if first is EVENT else EVENT
    with Session(store.write_engine) as session:
        bring(session, sources[0], first)
        with beside(store, sources[1], second) as work:
            session.commit()
            work.result()
    with store.reading() as session:
        held = list(quarantine.ids(session, actor))
        stored = select(InboundMessage.id).where(InboundMessage.state == InboundState.STORED)
        waiting = len(session.scalars(stored).all())
        kinds = sorted(
            view.kind
            for view in documents.rows(session, actor, documents.ids(session, actor)).values()
        )
    assert held == []
    assert (kinds, waiting) == ((["NFe"], 1) if first is EVENT else (["EventoNFe", "NFe"], 0))


def test_documents_do_not_wait_for_documents(store: Store, sources: tuple[Source, Source]) -> None:
    """R36: whoever imports documents only does so beside others who do the same."""
    with Session(store.write_engine) as session:
        bring(session, sources[0], DOCUMENT)
        with beside(store, sources[1], OTHER) as work:
            waited = not work.done()
            session.commit()
    assert not waited
