"""Documents of every kind through a real Dovecot, to the right company (R36, R37, R39, R40)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from services.reading import documents, exporting, quarantine, receipts
from services.reading.finding import Filters
from services.reading.tick import Reader
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.store.engine import Store
from services.store.mail import Document
from services.store.models import Mailbox
from tests.documents import events, kinds
from tests.documents.generator import Party, access_key, cnpj, mail, nfe
from tests.documents.shapes import SHAPES
from tests.reading.conftest import Inbox, Readers
from tests.store_fixtures import CNPJ

ISSUER = Party(cnpj(21), "FORNECEDOR")
MINE = Party(CNPJ, "PADARIA SÃO JOÃO")
KEY = access_key(ISSUER.cnpj, 1)


def stored(store: Store) -> list[tuple[str, str, str, int]]:
    """Kind, key, event and company of every document."""
    columns = (Document.kind, Document.access_key, Document.event_id, Document.company_id)
    with store.reading() as session:
        return sorted((row[0], row[1], row[2], row[3]) for row in session.execute(select(*columns)))


def letters(*xmls: bytes) -> Sequence[bytes]:
    """A message for each."""
    return [mail([xml], pdf_bytes=0, seed=number) for number, xml in enumerate(xmls)]


async def test_every_kind_arrives_once(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor
) -> None:
    """R36, R37, R40: each in another shape; found by kind; sent again it is a duplicate."""
    made = [make(ISSUER, MINE, 40 + n) for n, make in enumerate(kinds.MAKERS.values())]
    shapes = list(SHAPES.values())
    inbox.deliver(*(shapes[n % len(shapes)](one.xml) for n, one in enumerate(made)))
    summary = await reader.run_due()
    assert (summary.messages, summary.documents, summary.quarantined) == (
        len(made),
        len(made),
        0,
    )
    assert [row[:3] for row in stored(store)] == sorted(
        (one.kind, one.key, one.event_id) for one in made
    )
    assert inbox.left == []
    with store.reading() as session:
        for kind, number in (("cte", 2), ("NFSeMunicipal", 2), ("eventonfe", 3), ("mdfe", 1)):
            assert len(documents.ids(session, actor, filters=Filters(kind=kind))) == number
        municipal = documents.ids(session, actor, filters=Filters(kind="nfsemunicipal"))[0]
        view = documents.view(session, actor, municipal)
        assert view.checks["access_key"] == "unverifiable"
        assert receipts.receipts(session, actor, view.access_key)[0].found[0].kind == view.kind
    inbox.deliver(*letters(*(one.xml for one in made)))
    again = await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert (again.messages, again.documents, again.quarantined) == (len(made), 0, 0)


async def test_every_shape_arrives_once(reader: Reader, inbox: Inbox, store: Store) -> None:
    """R36, R37: as it is after a real server has handed it over."""
    made = [kinds.MAKERS["nfe"](ISSUER, MINE, n) for n in range(1, len(SHAPES) + 1)]
    inbox.deliver(*(shape(one.xml) for shape, one in zip(SHAPES.values(), made, strict=True)))
    summary = await reader.run_due()
    assert (summary.documents, summary.quarantined) == (len(made), 0)
    assert inbox.keys() == sorted(one.key for one in made)
    assert inbox.left == []


async def test_an_event_that_came_first_is_taken_up_by_itself(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor, tmp_path: Path
) -> None:
    """R37, R39, R43: out of quarantine, imported, receipt closed; the document is a cancelled one."""
    refused, gone = (events.nfe_event("110111", ISSUER, access_key(ISSUER.cnpj, n)) for n in (1, 2))
    refused = refused.replace(b"<cStat>135<", b"<cStat>573<")
    inbox.deliver(*letters(refused, gone))
    await reader.run_due()
    with store.reading() as session:
        (held, _other) = quarantine.rows(session, actor, quarantine.ids(session, actor)).values()
    assert held.kinds == ("EventoNFe",)
    assert "É um evento: entra sozinho" in held.hint
    inbox.deliver(*(mail([nfe(ISSUER, CNPJ, n)], pdf_bytes=0, subject=f"{n}") for n in (1, 2, 3)))
    summary = await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert (summary.messages, summary.documents, summary.quarantined) == (3, 5, 0)
    assert {(row.state, row.found[0]["outcome"]) for row in inbox.receipts()} == {
        ("imported", "imported")
    }
    with store.reading() as session:
        assert not quarantine.ids(session, actor)
        ids = documents.ids(session, actor)
        views = documents.rows(session, actor, ids).values()
        told = {(view.number, view.cancelled) for view in views if not view.event_id}
        assert told == {(1, False), (2, True), (3, False)}
        names = exporting.put(session, actor, exporting.goal(tmp_path), ids)
    assert [name for name in names if name.endswith("-cancelado.xml")] == [
        f"{CNPJ}/NFe-{access_key(ISSUER.cnpj, 2)}-cancelado.xml"
    ]


async def test_an_event_follows_its_document(
    readers: Readers, inbox: Inbox, store: Store, actor: Actor
) -> None:
    """R39: a cancellation that names only its author goes to whoever has the document."""
    reader = readers()
    event = events.nfe_event("110111", ISSUER, KEY)
    inbox.deliver(*letters(event))
    assert (await reader.run_due()).documents == 0
    assert inbox.held() == ["foreign_company"]
    inbox.deliver(*letters(nfe(ISSUER, CNPJ, 1)))
    inbox.deliver(mail([event], pdf_bytes=0, subject="De novo"))
    await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert [row[:3] for row in stored(store)] == [
        ("EventoNFe", KEY, f"110111{KEY}001"),
        ("NFe", KEY, ""),
    ]
    with store.writing() as session:
        other = companies.add(
            session,
            actor,
            CompanyDraft(cnpj=cnpj(22), nickname="Filial", legal_name="F", document_import=True),
        )
        session.add(Mailbox(server_id=inbox.server_id, company_id=other.id, function="read"))
    key = access_key(ISSUER.cnpj, 2)
    inbox.deliver(
        *letters(
            events.nfe_event("110110", ISSUER, key, sequence=1),
            events.nfe_event("110110", ISSUER, key, sequence=2),
            nfe(ISSUER, cnpj(22), 2),
            events.nfe_event("110111", ISSUER, KEY, sequence=2),
        )
    )
    await reader.run_due(mailbox_id=inbox.mailbox_id)
    companies_of = {(row[1], row[2][-3:]): row[3] for row in stored(store) if row[2]}
    assert companies_of[key, "001"] == companies_of[key, "002"] == other.id
    assert companies_of[KEY, "001"] == companies_of[KEY, "002"] != other.id


async def test_the_same_event_in_another_writing_is_a_duplicate(
    reader: Reader, inbox: Inbox, store: Store
) -> None:
    """R40: the request alone, the answer alone and both together are one event."""
    ways: tuple[events.How, ...] = ("both", "request", "answer")
    xmls = [events.nfe_event("110111", ISSUER, KEY, recipient=MINE, how=how) for how in ways]
    inbox.deliver(*letters(nfe(ISSUER, CNPJ, 1), *xmls))
    assert (await reader.run_due()).documents == 2
    assert [row[2] for row in stored(store)] == [f"110111{KEY}001", ""]
    outcomes = [row.found[0]["outcome"] for row in inbox.receipts()]
    assert sorted(outcomes) == ["duplicate", "duplicate", "imported", "imported"]
