"""The jobs end to end: commands register, a worker sends and reads, and may be killed at any time."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from services.clock import now
from services.jobs import runner
from services.office import Office
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import Document, OutboxMessage
from services.store.models import Lease
from tests.cli.conftest import Run
from tests.documents import generator
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink

ROOT = Path(__file__).resolve().parents[2]
CNPJ = "11222333000181"
PASSWORD = "segredo"
_numbers = itertools.count(1)


class Installation:
    """A state folder used only by way of the command line, once registered in processes of its own."""

    def __init__(self, settings: Settings, ca_file: Path) -> None:
        self.user = f"jobs{next(_numbers)}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(settings.home),
            "CARTEIRO_HOME": str(settings.home),
            "CARTEIRO_DATABASE_URL": settings.database_url,
            "CARTEIRO_CA_FILE": str(ca_file),
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tui_app", *words],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, stdin: str = "") -> Any:
        with self.start(*words, "--json") as process:
            out, err = process.communicate(stdin, timeout=120)
        assert process.returncode == 0, err
        return json.loads(out)


@pytest.fixture
def installation(settings: Settings, bare: Run, dovecot: Dovecot, sink: Sink) -> Installation:
    """A company with a sending mailbox on the sink and a reading mailbox on Dovecot."""

    def command(*words: str, stdin: str = "") -> None:
        done = bare(*words, stdin=stdin)
        assert done.status == 0, done.err

    made = Installation(settings, dovecot.authority.ca_file)
    command("init", "--partner", "P", "--partner-key", "K", "--user", "ana")
    command(
        *("company", "add", "--cnpj", CNPJ, "--nickname", "Padaria", "--legal-name", "Padaria"),
        *("--notification-email", "a@dest.example;b@dest.example", "--document-import", "on"),
    )
    command(
        *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "Envio"),
        *("--sender-name", "Padaria", "--email", "notas@padaria.example", "--no-auth"),
        *("--smtp-host", sink.host, "--smtp-port", str(sink.port), "--smtp-security", "none"),
    )
    user = made.user
    dovecot.add_user(user, PASSWORD)
    for number in range(1, 21):
        xml = generator.nfe(generator.cnpj(2), CNPJ, number, signed="cached")
        dovecot.deliver(user, generator.mail([xml], pdf_bytes=500, seed=number))
    command(
        *("mailbox", "add", "--company", CNPJ, "--function", "read", "--nickname", "Leitura"),
        *("--email", "xml@padaria.example", "--user", user, "--password-stdin"),
        *("--pop-host", dovecot.host, "--pop-port", str(dovecot.port)),
        *("--pop-security", "starttls"),
        stdin=PASSWORD + "\n",
    )
    command(
        *("notify", "--company", CNPJ, "--type", "general", "--subject", "Olá", "--body", "Oi"),
        *("--key", "once"),
    )
    return made


def wait_until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def documents(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Document)) or 0


def run_out(store: Store) -> None:
    """The time of what a killed worker held is over; that it passes by itself is shown elsewhere."""
    with store.writing() as session:
        session.execute(update(Lease).values(until=now()))
        held = update(OutboxMessage).where(OutboxMessage.lease_until.is_not(None))
        session.execute(held.values(lease_until=now()))


def all_well(made: Installation, dovecot: Dovecot, sink: Sink) -> None:
    """20 documents with their checks, the mailbox empty, one e-mail to both, the bell tells."""
    found = made.run("document", "list")
    assert len(found) == len({d["access_key"] for d in found}) == 20
    assert all(d["checks"]["access_key"] == "ok" for d in found), found[0]
    assert dovecot.messages(made.user) == []
    (sent,) = sink.wait_for(1)
    assert {r.strip("<>") for r in sent.recipients} == {"a@dest.example", "b@dest.example"}
    (queued,) = made.run("outbox", "list")
    assert queued["state"] == "sent"
    types = [entry["type"] for entry in made.run("bell", "list")]
    assert {"general", "document_imported"} <= set(types)
    receipt = made.run("receipt", found[0]["access_key"])[0]
    assert receipt["deleted_at"] is not None
    assert receipt["found"][0]["outcome"] == "imported"


def test_once(installation: Installation, dovecot: Dovecot, sink: Sink) -> None:
    """R36, R38, R43: ``worker --once`` does what is due and ends; a second time nothing is."""
    done = installation.run("worker", "--once")
    assert (done["sent"], done["documents"], done["checked"]) == (1, 20, 20)
    all_well(installation, dovecot, sink)
    again = installation.run("worker", "--once")
    assert (again["sent"], again["documents"]) == (0, 0)


def test_only(installation: Installation, sink: Sink) -> None:
    """``--only sending`` leaves the mailboxes alone."""
    done = installation.run("worker", "--once", "--only", "sending")
    assert (done["sent"], done["mailboxes"]) == (1, 0)


def test_worker_ends_when_told(
    installation: Installation, dovecot: Dovecot, sink: Sink, store: Store
) -> None:
    """It works until SIGTERM, ends with 0, and leaves nothing claimed."""
    with installation.start("worker") as worker:
        wait_until(lambda: documents(store) == 20 and len(sink.messages()) == 1, "all done")
        wait_until(
            lambda: all(d["checks"]["schema"] for d in installation.run("document", "list")),
            "checked",
        )
        worker.send_signal(signal.SIGTERM)
        _out, err = worker.communicate(timeout=60)
    assert (worker.returncode, err) == (0, "")
    all_well(installation, dovecot, sink)


def test_killed_ten_times(
    installation: Installation, dovecot: Dovecot, sink: Sink, store: Store
) -> None:
    """R33: SIGKILL at random moments: every document once, the e-mail not lost, one duplicate at most."""
    chance = random.Random(7)
    for _ in range(10):
        with installation.start("worker", "--once") as worker:
            try:
                worker.wait(chance.uniform(0.2, 1.6))
            except subprocess.TimeoutExpired:
                worker.kill()
            worker.communicate()
    run_out(store)
    installation.run("worker", "--once")
    wait_until(
        lambda: (
            installation.run("worker", "--once")["documents"] == 0
            and documents(store) == 20
            and dovecot.messages(installation.user) == []
        ),
        "all read",
        120,
    )
    found = installation.run("document", "list")
    assert len(found) == len({d["access_key"] for d in found}) == 20
    wait_until(
        lambda: (
            installation.run("worker", "--once") is not None
            and installation.run("outbox", "list")[0]["state"] in ("sent", "uncertain")
        ),
        "sent",
        120,
    )
    assert 1 <= len(sink.wait_for(1)) <= 2
    assert len({m.raw.partition(b"Message-ID:")[2].split(b"\r\n")[0] for m in sink.messages()}) == 1


async def test_in_the_running_loop(
    installation: Installation, dovecot: Dovecot, sink: Sink, store: Store, settings: Settings
) -> None:
    """The console's way: start on a running loop, drain at the end; the top bar is told."""
    office = Office(replace(settings, ca_file=dovecot.authority.ca_file), store)
    jobs = runner.Jobs(office)
    jobs.start()
    words: set[str] = set()
    async with asyncio.timeout(60):
        while documents(store) < 20 or not sink.messages():
            words.add(jobs.activity.words)
            await asyncio.sleep(0.05)
    assert any("1" in each for each in words)
    await jobs.drain(10)
    await jobs.drain(10)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 20


def test_mailbox_test(installation: Installation, dovecot: Dovecot) -> None:
    """R8, R19: every step told; a password that is refused names its field and exits 1."""
    sending, reading = installation.run("mailbox", "list", "--company", CNPJ)
    for mailbox in (sending, reading):
        steps = installation.run("mailbox", "test", str(mailbox["id"]))
        assert all(step["ok"] for step in steps)
        assert set(steps[0]) == {"step", "ok", "detail", "explanation", "field", "ms", "protocol"}
    dovecot.change_password(installation.user, "outra")
    with installation.start("mailbox", "test", str(reading["id"]), "--json") as process:
        out, _err = process.communicate(timeout=60)
    failed = [step for step in json.loads(out) if not step["ok"]]
    assert (process.returncode, failed[0]["step"], failed[0]["field"]) == (1, "login", "password")
    assert PASSWORD not in out
