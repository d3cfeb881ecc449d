"""Documents found, added up, looked into and exported (R37, R40, R43)."""

from __future__ import annotations

import io
import resource
import signal
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from services.clock import set_source
from services.errors import Conflict, Invalid, Unavailable
from services.fiscal.contents import MOST_CHARACTERS, MOST_ITEMS, contents, pretty
from services.reading import documents, exporting
from services.reading.finding import Filters
from services.reading.importing import Source, import_messages
from services.reading.period import Period, period
from services.reading.taking_apart.extract import Caps, extract
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.mail import InboundMessage
from tests.documents import events, generator, services
from tests.documents.generator import Party
from tests.reading.conftest import ISSUER, register
from tests.store_fixtures import CNPJ

MILL = Party(generator.cnpj(4), "MOINHO SÃO JOSÉ S.A.")


def arrive(store: Store, actor: Actor, server: int, xml: bytes) -> None:
    """A message with that document is imported."""
    raw = generator.mail([xml], pdf_bytes=0)
    with store.writing() as session:
        message = InboundMessage(
            partner_id=actor.partner_id, server_id=server, sha256="", size=len(raw), uidl=""
        )
        session.add(message)
        session.flush()
        source = Source(actor.partner_id, server)
        import_messages(session, source, [(message.id, extract(raw, Caps()))])


@pytest.fixture
def filled(store: Store, actor: Actor, company: CompanyView) -> list[str]:
    """Three documents of the company; their keys, oldest first."""
    server, _mailbox = register(store, actor, company, "pop.x.example", 995, "caixa")
    sent = (
        (ISSUER, 7, datetime(2026, 9, 30, 23, 59, tzinfo=UTC), Decimal("10.50")),
        (MILL, 8, datetime(2026, 10, 15, 12, 0, tzinfo=UTC), Decimal("1000.00")),
        (MILL, 9, datetime(2026, 11, 2, 12, 0, tzinfo=UTC), Decimal("0.05")),
    )
    for issuer, number, at, total in sent:
        xml = generator.nfe(issuer, CNPJ, number, issued_at=at, total=total, signed="cached")
        arrive(store, actor, server, xml)
    with store.reading() as session:
        found = documents.rows(session, actor, documents.ids(session, actor, descending=False))
        return [view.access_key for view in found.values()]


def test_found_by_each_and_all(store: Store, actor: Actor, filled: list[str]) -> None:
    """R43: by key, its beginning, CNPJ with and without mask, number, names without accents, dates."""
    wanted = {
        filled[1]: {8},
        filled[1][:25]: {8},
        MILL.cnpj: {8, 9},
        f"{MILL.cnpj[:2]}.{MILL.cnpj[2:5]}.{MILL.cnpj[5:8]}/{MILL.cnpj[8:12]}-{MILL.cnpj[12:]}": {
            8,
            9,
        },
        CNPJ: {7, 8, 9},
        "9": {9},
        "moinho sao jose": {8, 9},
        "MOINHO 8": {8},
        "padaria": {7, 8, 9},
        "ninguém": set(),
        "%": set(),
    }
    with store.reading() as session:

        def numbers(filters: Filters) -> set[int | None]:
            found = documents.rows(session, actor, documents.ids(session, actor, filters=filters))
            return {view.number for view in found.values()}

        for text, expected in wanted.items():
            assert numbers(Filters(text=text)) == expected, text
        assert numbers(Filters(period=period("10/2026"))) == {8}
        assert numbers(Filters(period=period("01/10/2026.."), text="moinho")) == {8, 9}
        assert numbers(Filters(company="joao", kind="nfe", access_key=filled[0])) == {7}
        assert numbers(Filters(company="outra")) == set()
        totals = documents.totals(session, actor, filters=Filters(text="moinho"))
        assert (totals.count, totals.amount) == (2, Decimal("1000.05"))


def test_a_sum_says_how_much_of_it_is_cancelled(
    store: Store, actor: Actor, filled: list[str]
) -> None:
    """R40: by an event that was registered, not one that was refused; a town's two notes are both."""
    party = Party(CNPJ, "PADARIA")
    refused = events.nfe_event("110111", Party(ISSUER, "F"), filled[0], recipient=party)
    with store.reading() as session:
        server = session.scalars(select(InboundMessage.server_id)).first()
    assert server is not None
    for xml in (
        refused.replace(b"<cStat>135<", b"<cStat>573<"),
        events.nfe_event("110110", MILL, filled[2], recipient=party),
        events.nfe_event("110111", MILL, filled[1], recipient=party),
        services.abrasf(MILL, party, 31),
        services.abrasf(MILL, party, 31, cancelled=True),
    ):
        arrive(store, actor, server, xml)

    def told(filters: Filters) -> tuple[int, Decimal, int, Decimal]:
        with store.reading() as session:
            found = documents.totals(session, actor, filters=filters)
        return found.count, found.amount, found.cancelled, found.cancelled_amount

    assert told(Filters(kind="NFe")) == (3, Decimal("1010.55"), 1, Decimal("1000.00"))
    assert told(Filters(kind="NFSe")) == (0, 0, 0, 0)
    assert told(Filters(kind="NFSeMunicipal")) == (2, Decimal("5000.00"), 2, Decimal("5000.00"))
    assert told(Filters(period=period("11/2026"), kind="nfe"))[2:] == (0, 0)


def test_periods_as_people_type_them() -> None:
    """R43: days, months, years, spans, the last days; what is none is refused in words."""
    set_source(lambda: datetime(2026, 11, 15, 15, 0, tzinfo=UTC))
    try:
        told = {
            "": None,
            "hoje": Period(date(2026, 11, 15), date(2026, 11, 15)),
            "7d": Period(date(2026, 11, 9), date(2026, 11, 15)),
            "2026": Period(date(2026, 1, 1), date(2026, 12, 31)),
            "02/2028": Period(date(2028, 2, 1), date(2028, 2, 29)),
            "2026-11-02": Period(date(2026, 11, 2), date(2026, 11, 2)),
            "01/11/2026 a 15/11/2026": Period(date(2026, 11, 1), date(2026, 11, 15)),
            "..10/2026": Period(None, date(2026, 10, 31)),
        }
        for text, expected in told.items():
            assert period(text) == expected, text
        for wrong in ("31/02/2026", "amanhã", "26", "..", "1/2/3/4"):
            with pytest.raises(Invalid):
                period(wrong)
    finally:
        set_source(None)


def test_into_a_zip_and_a_folder(
    store: Store, actor: Actor, filled: list[str], tmp_path: Path
) -> None:
    """R40: byte for byte, a folder a company; what is there is left alone, nothing half-written."""
    names = [f"{CNPJ}/NFe-{key}.xml" for key in filled]
    with store.reading() as session:
        ids = documents.ids(session, actor, descending=False)
        xmls = list(documents.xmls(session, actor, ids).values())
        folder = tmp_path / "pasta"
        assert exporting.put(session, actor, exporting.goal(folder), ids) == names
        assert [(folder / name).read_bytes() for name in names] == xmls
        assert exporting.put(session, actor, exporting.goal(folder), ids) == []
        archive = exporting.goal(tmp_path / "notas.zip")
        exporting.put(session, actor, archive, ids)
        assert list(tmp_path.glob("*.zip")) == []
        archive.keep()
        with zipfile.ZipFile(io.BytesIO((tmp_path / "notas.zip").read_bytes())) as packed:
            assert packed.namelist() == names
            assert packed.read(names[2]) == xmls[2]
        with pytest.raises(Conflict):
            exporting.goal(tmp_path / "notas.zip")
        left = exporting.goal(tmp_path / "parada.zip")
        exporting.put(session, actor, left, ids)
        left.drop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "notas.zip", "pasta"]


def test_half_a_file_is_never_taken_for_the_document(
    tmp_path: Path,
) -> None:
    """R37: on a full disk nothing is left that the next export would pass over as there already."""
    folder, at = exporting.Folder(tmp_path), datetime(2026, 11, 2, tzinfo=UTC)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
        with pytest.raises(Unavailable):
            folder.put("1/nota.xml", b"x" * 20_000, at)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list((tmp_path / "1").iterdir()) == []
    assert folder.put("1/nota.xml", b"x" * 20_000, at)
    assert (tmp_path / "1" / "nota.xml").stat().st_size == 20_000


def test_parties_items_and_xml_to_be_read() -> None:
    """R37: what the document says, capped; hostile or broken XML is shown as it came."""
    carrier = Party(generator.cnpj(5), "TRANSPORTES RÁPIDOS")
    xml = generator.nfe(MILL, CNPJ, 1, carrier=carrier, total=Decimal("12.30"))
    inside = contents(xml)
    assert [(p.role, p.cnpj, p.name) for p in inside.parties if p.role != "dest"] == [
        ("emit", MILL.cnpj, MILL.name),
        ("transporta", carrier.cnpj, carrier.name),
    ]
    assert inside.items
    assert inside.items[0].name.startswith("PRODUTO DE TESTE")
    laid_out = pretty(xml)
    assert "\n  <NFe" in laid_out
    assert MILL.name in laid_out
    lines = b"".join(b"<det nItem='%d'><prod><xProd>x</xProd></prod></det>" % n for n in range(500))
    many = contents(b"<NFe>" + lines + b"</NFe>")
    assert (len(many.items), many.more_items) == (MOST_ITEMS, 500 - MOST_ITEMS)
    assert len(pretty(b"<a>" + b"<b>x</b>" * 200_000 + b"</a>")) < MOST_CHARACTERS + 10
    bomb = b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    assert contents(bomb).parties == ()
    assert pretty(bomb) == bomb.decode()
