"""The watched folder, worked off: queued once whatever happens, told of what cannot be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.dispatch import printing
from services.dispatch.folder import CLAIMED, DONE, FAILED, INBOX, Folder
from services.dispatch.watch import Watch
from services.jobs import runner
from services.notifications import bell
from services.office import Office
from services.registry import audit
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from tests.dispatch.conftest import Queue, invoice
from tests.documents.generator import cnpj

TOP = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is not installed."""
    monkeypatch.setattr(printing, "is_installed", lambda: False)


@pytest.fixture
async def watch(store: Store, root: Path) -> AsyncIterator[Watch]:
    """A watch that takes a file at first sight, whole ones only."""
    made = Watch(store, root, folder=Folder(root, still=0))
    await made.run_due()
    yield made
    await made.close()


@pytest.fixture
def start(settings: Settings, root: Path) -> Iterator[Start]:
    """Start a process that works the folder off at each line it is given."""
    started: list[Process] = []

    def begin(*more: str) -> Process:
        words = [sys.executable, "-m", "tests.dispatch.watch_process", str(settings.home)]
        process = subprocess.Popen(
            [*words, settings.database_url, str(root), *more],
            cwd=TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert said(process) == "ready"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def said(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def put(root: Path, name: str, data: bytes) -> None:
    (root / INBOX).mkdir(parents=True, exist_ok=True)
    (root / INBOX / name).write_bytes(data)


def names(root: Path, room: str) -> list[str]:
    return sorted(path.name for path in (root / room).iterdir())


async def test_a_document_left_there_is_queued_with_its_danfe(
    watch: Watch, root: Path, store: Store, actor: Actor, company: CompanyView, queue: Queue
) -> None:
    """R31, R35, R55: printed by the library itself; in nobody's name; the same again sends nothing."""
    put(root, "nota.xml", invoice())
    assert (await watch.run_due()).queued == 1
    put(root, "de novo.xml", invoice())
    assert (await watch.run_due()).queued == 1
    (detail,) = queue()
    assert [a.content_type for a in detail.attachments] == ["application/xml", "application/pdf"]
    assert [r.address for r in detail.view.recipients] == ["cliente@loja.example"]
    assert names(root, DONE) == ["de novo.xml", "nota.xml"]
    with store.reading() as session:
        (entry,) = (e for e in audit.entries(session, actor) if e.action == "send")
    assert (entry.user, entry.company) == ("carteiro", company.cnpj)


@pytest.mark.usefixtures("no_pdf")
async def test_without_the_extra_the_xml_goes(
    watch: Watch, root: Path, company: CompanyView, queue: Queue
) -> None:
    """R31: and the e-mail's record says so."""
    put(root, "nota.xml", invoice())
    await watch.run_due()
    (detail,) = queue()
    assert [a.content_type for a in detail.attachments] == ["application/xml"]
    assert "extra danfe não está instalado" in (detail.note or "")


@pytest.mark.usefixtures("no_pdf")
async def test_what_cannot_be_sent_is_told_and_stops_no_other(
    watch: Watch, root: Path, store: Store, actor: Actor, company: CompanyView, queue: Queue
) -> None:
    """R28, R31: in Erros with the reason beside it, and in the bell of the company's people."""
    put(root, "a negada.xml", invoice(1, authorised=False))
    put(root, "b alheia.xml", invoice(2, issuer=cnpj(5)))
    put(root, "c outra.xml", b"<outra/>")
    put(root, "d boa.xml", invoice(3))
    handled = await watch.run_due()
    assert (handled.queued, handled.rejected) == (1, 3)
    assert names(root, DONE) == ["d boa.xml"]
    assert "não está autorizada" in (root / FAILED / "a negada.xml.txt").read_text()
    assert "não está cadastrada" in (root / FAILED / "b alheia.xml.txt").read_text()
    assert "documento fiscal" in (root / FAILED / "c outra.xml.txt").read_text()
    with store.reading() as session:
        told = {
            entry.title: entry.company_nickname
            for entry in bell.feed(session, actor)
            if entry.type == "document_rejected"
        }
    assert told == {
        "Documento não enviado: a negada.xml": "Padaria São João",
        "Documento não enviado: b alheia.xml": None,
        "Documento não enviado: c outra.xml": None,
    }


def test_killed_between_queueing_and_putting_away_it_is_sent_once(
    start: Start, root: Path, company: CompanyView, queue: Queue
) -> None:
    """R35: SIGKILL after the commit; the next process knows the document, and does not wait."""
    put(root, "nota.xml", invoice())
    first = start("stop")
    go(first)
    assert said(first) == "queued"
    first.kill()
    first.wait()
    assert names(root, INBOX) == []
    assert len(names(root, CLAIMED)) == 1
    second = start()
    go(second)
    assert said(second) == "1"
    assert (names(root, CLAIMED), names(root, DONE)) == ([], ["nota.xml"])
    assert len(queue()) == 1


def test_two_processes_share_one_folder(
    start: Start, root: Path, company: CompanyView, queue: Queue
) -> None:
    """R35: one works it off at a time, and every document is queued once."""
    count = 12
    for number in range(1, count + 1):
        put(root, f"{number:02d}.xml", invoice(number))
    both = [start(), start()]
    rounds = 0
    while names(root, INBOX) or names(root, CLAIMED):
        rounds += 1
        assert rounds < 100
        for process in both:
            go(process)
        assert sum(int(said(process)) for process in both) <= count
    assert sorted(d.view.subject for d in queue()) == sorted(
        f"NF-e {number}, série 1 – Padaria São João Ltda" for number in range(1, count + 1)
    )
    assert len(names(root, DONE)) == count


@pytest.mark.usefixtures("no_pdf")
async def test_once_waits_for_what_has_just_come(
    settings: Settings, store: Store, root: Path, company: CompanyView, queue: Queue
) -> None:
    """``worker --once``: a file that was left a moment ago, but not half of one; not when only
    reading is asked for."""
    put(root, "nota.xml", invoice(1))
    put(root, "metade.xml", invoice(2)[:500])
    office = Office(replace(settings, documents_folder=root), store)
    assert (await runner.run_once(office, ["reading"])).dispatched == 0
    done = await runner.run_once(office, ["sending"])
    assert (done.dispatched, done.rejected) == (1, 0)
    assert names(root, INBOX) == ["metade.xml"]
    assert len(queue()) == 1
    office.close_now()


async def test_a_folder_that_cannot_be_used_stops_nothing_else(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    """It is told once, and the other work is done."""
    (tmp_path / "ficheiro").touch()
    office = Office(replace(settings, documents_folder=tmp_path / "ficheiro"), store)
    done = await runner.run_once(office, ["sending"])
    office.close_now()
    ((place, why),) = done.failures
    assert place == str(tmp_path / "ficheiro")
    assert "Não foi possível usar" in why
