"""The main job from outside: command line, worker, Dovecot, smtp-sink, both databases."""

from __future__ import annotations

import email
import json
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.documents import generator
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink

TOP = Path(__file__).resolve().parents[2]
CNPJ = "11222333000181"
MESSAGES = 50


class Program:
    """`carteiro` as a person or a script runs it."""

    def __init__(self, home: Path, database_url: str, ca_file: Path) -> None:
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CARTEIRO_")},
            "CARTEIRO_HOME": str(home),
            "CARTEIRO_DATABASE_URL": database_url,
            "CARTEIRO_CA_FILE": str(ca_file),
            "PYTHONPATH": str(TOP),
        }

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tui_app", *words]

    def run(self, *words: str, stdin: str = "") -> Any:
        """What a command answers as JSON; it must succeed."""
        done = self.try_run(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def try_run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*words, "--json"),
            input=stdin,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv(*words),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def program(home: Path, database_url: str, dovecot: Dovecot) -> Program:
    return Program(home, database_url, dovecot.ca_file)


def register(program: Program, dovecot: Dovecot, sink: Sink, user: str) -> tuple[int, int]:
    """Partner, company and its two mailboxes; 50 documents wait in the one for reading."""
    program.run("init", "--partner", "Revenda", "--partner-key", "K1", "--user", "ana")
    program.run(
        "company", "add", "--cnpj", CNPJ, "--nickname", "padaria", "--legal-name", "Padaria Ltda",
        "--document-import", "on", "--notification-email", "dono@example.com; fisco@example.com",
    )  # fmt: skip
    send = program.run(
        "mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "saida",
        "--sender-name", "Padaria São João", "--email", "saida@example.com", "--smtp-host", sink.host,
        "--smtp-port", str(sink.port), "--smtp-security", "none", "--no-auth", "--password-stdin",
        stdin="unused\n",
    )  # fmt: skip
    dovecot.add_user(user, "segredo")
    for number in range(1, MESSAGES + 1):
        xml = generator.nfe(generator.cnpj(7), CNPJ, number, signed="cached")
        dovecot.deliver(user, generator.mail([xml], pdf_bytes=2_000, seed=number))
    read = program.run(
        "mailbox", "add", "--company", CNPJ, "--function", "read", "--nickname", "entrada",
        "--email", f"{user}@example.com", "--user", user, "--pop-host", "localhost",
        "--pop-port", str(dovecot.tls_port), "--pop-security", "tls", "--password-stdin",
        stdin="segredo\n",
    )  # fmt: skip
    return send["id"], read["id"]


def documents(program: Program) -> list[str]:
    found: list[dict[str, Any]] = program.run("document", "list")
    return sorted(d["access_key"] for d in found)


def expected() -> list[str]:
    issuer = generator.cnpj(7)
    return sorted(generator.access_key(issuer, n) for n in range(1, MESSAGES + 1))


def check_mail(sink: Sink, times: Sequence[int] = (1,)) -> None:
    """The notice left, in the company's name, with all recipients visible to each other (R27)."""
    messages = sink.wait_for(1)
    assert len(messages) in times
    assert set(messages[0].recipients) == {"dono@example.com", "fisco@example.com"}
    seen = email.message_from_bytes(messages[0].raw)
    assert "dono@example.com" in str(seen["To"])
    assert "fisco@example.com" in str(seen["To"])
    assert "saida@example.com" in str(seen["From"])
    assert len({email.message_from_bytes(m.raw)["Message-ID"] for m in messages}) == 1


def notify(program: Program) -> None:
    program.run(
        "notify", "--company", CNPJ, "--type", "general", "--subject", "Olá, João", "--body",
        "Corpo com acento e emoji 🎉", "--key", "k1",
    )  # fmt: skip


def test_from_nothing_to_documents_and_a_notice(
    program: Program, dovecot: Dovecot, sink: Sink, request: pytest.FixtureRequest
) -> None:
    """R10, R26, R27, R36, R38, R52: register, read, announce, send, ring."""
    user = f"main{abs(hash(request.node.nodeid)) % 10**8}"
    register(program, dovecot, sink, user)
    notify(program)
    program.run("worker", "--once")
    assert documents(program) == expected()
    assert dovecot.messages(user) == []
    check_mail(sink)
    assert [m["state"] for m in program.run("outbox", "list")] == ["sent"]
    kinds = {entry["type"] for entry in program.run("bell", "list")}
    assert {"general", "document_imported"} <= kinds
    receipt = program.run("receipt", expected()[0])
    receipt = receipt[0] if isinstance(receipt, list) else receipt
    assert receipt["deleted_at"] is not None
    program.run("worker", "--once")
    assert documents(program) == expected()


def test_killed_at_random_ten_times(
    program: Program, dovecot: Dovecot, sink: Sink, request: pytest.FixtureRequest
) -> None:
    """R33, R38: SIGKILL at random on the way; every document once, one e-mail."""
    user = f"kill{abs(hash(request.node.nodeid)) % 10**8}"
    register(program, dovecot, sink, user)
    notify(program)
    chance = random.Random(20261124)
    for _round in range(10):
        worker = program.start("worker", "--once")
        assert worker.stdout is not None
        # A pipe that ends is the worker having finished by itself; else the dice decide.
        select.select([worker.stdout], [], [], chance.uniform(0.05, 2.5))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
    deadline_rounds = 60
    for _round in range(deadline_rounds):
        program.run("worker", "--once")
        states = {m["state"] for m in program.run("outbox", "list")}
        if (
            len(documents(program)) == MESSAGES
            and not dovecot.messages(user)
            and states == {"sent"}
        ):
            break
        select.select([], [], [], 2.0)  # a dead worker's claims run out within 60 s
    assert documents(program) == expected()
    assert dovecot.messages(user) == []
    # Killed between the final dot and its record, a second copy with the same Message-ID may leave.
    check_mail(sink, times=(1, 2))


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("company", "add", "--cnpj", "11222333000180", "--nickname", "x", "--legal-name", "X"), "cnpj"),
        (("company", "add", "--cnpj", CNPJ, "--nickname", "a\r\nb", "--legal-name", "X"), "nickname"),
        (("company", "add", "--cnpj", CNPJ, "--nickname", "x", "--legal-name", "X",
          "--notification-email", "not an address"), "notification_email"),
    ],
)  # fmt: skip
def test_bad_input_names_the_field(program: Program, words: tuple[str, ...], field: str) -> None:
    """Exit 1, the field named, nothing saved."""
    program.run("init", "--partner", "Revenda", "--partner-key", "K1", "--user", "ana")
    done = program.try_run(*words)
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["field"] == field
    assert program.run("company", "list") == []
