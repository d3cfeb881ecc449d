"""``company``: many at once, from files and to files."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from services.fiscal.cnpj import check_digits
from services.registry import access, companies
from services.registry.companies import CompanyDraft
from services.store.engine import Store
from tests.cli.conftest import Run, spawn

CNPJ = "11222333000181"
Importing = Callable[[], tuple[subprocess.Popen[bytes], int]]
HEAD = "cnpj;apelido;razao_social;matriz;importacao_documentos"


def number(root: int, order: int = 1) -> str:
    base = f"{root:08d}{order:04d}"
    return base + check_digits(base)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two branches, their headquarters behind them, and the company that is there."""
    path = tmp_path / "empresas.csv"
    path.write_bytes(
        "\r\n".join(
            (
                HEAD,
                f"{number(9, 2)};Filial;Água Ltda;{number(9)};sim",
                f"{number(9)};Água;Água Ltda;;sim",
                f"{CNPJ};Padaria São João;Padaria Ltda;;não",
            )
        ).encode("cp1252")
    )
    return path


def test_dry_run_then_import(carteiro: Run, file: Path) -> None:
    """The contract's document; the dry run changes nothing; a second time all is the same."""
    words = ("company", "import", str(file), "--json")
    dry = carteiro(*words, "--dry-run")
    assert dry.status == 0
    counts = {"added": 2, "changed": 1, "same": 0, "errors": 0}
    assert {name: dry.json[name] for name in counts} == counts
    assert dry.json["lines"][2] == {
        "number": 4,
        "action": "edit",
        "cnpj": CNPJ,
        "nickname": "Padaria São João",
        "changes": {"document_import": {"before": True, "after": False}},
        "errors": [],
    }
    assert len(carteiro("company", "list", "--json").json) == 1
    done = carteiro(*words).json
    assert {name: done[name] for name in counts} == counts
    again = carteiro(*words).json
    assert {name: again[name] for name in counts} == {
        "added": 0,
        "changed": 0,
        "same": 3,
        "errors": 0,
    }
    told = carteiro("company", "import", "-", "--dry-run", stdin=file.read_bytes())
    assert "3 já estavam assim" in told.out
    assert "\r" not in told.err


def test_wrong_lines(carteiro: Run, file: Path) -> None:
    """Exit 1 with line, field and reason; nothing goes in unless the wrong ones are skipped."""
    with file.open("ab") as more:
        more.write(b"\r\n11222333000182;\x9b\x1b[2J;X\r\n1,1E+13;X;X\r\n")
    refused = carteiro("company", "import", str(file), "--json")
    assert (refused.status, refused.json["added"], refused.json["errors"]) == (1, 0, 2)
    assert [
        (line["number"], error["field"])
        for line in refused.json["lines"]
        for error in line["errors"]
    ] == [(5, "cnpj"), (5, "nickname"), (6, "cnpj")]
    told = carteiro("company", "import", str(file))
    assert (told.status, "--skip-errors" in told.out) == (1, True)
    assert "Linha 6: 1,1E+13 X: cnpj:" in told.out
    assert not any(128 <= ord(c) < 160 or c == "\x1b" for c in told.out)
    assert len(carteiro("company", "list", "--json").json) == 1
    partly = carteiro("company", "import", str(file), "--skip-errors", "--json")
    assert (partly.status, partly.json["added"], partly.json["changed"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "vazio"), (b"nome\r\nx", "primeira linha"), (b"cnpj;cor\r\n", "cor")],
)
def test_no_such_file(carteiro: Run, tmp_path: Path, data: bytes, words: str) -> None:
    """One clear reason, with the field."""
    path = tmp_path / "x.csv"
    refused = carteiro("company", "import", str(path), "--json")
    assert (refused.status, refused.error["field"]) == (1, "file")
    path.write_bytes(data)
    refused = carteiro("company", "import", str(path), "--json")
    assert (refused.status, refused.error["field"]) == (1, "file")
    assert words in refused.error["message"]


def test_export_and_back(carteiro: Run, file: Path, tmp_path: Path) -> None:
    """What is written is the same when it is read; no file is overwritten unasked."""
    carteiro("company", "import", str(file))
    target = tmp_path / "saida.csv"
    made = carteiro("company", "export", str(target), "--json")
    assert made.json == {"file": str(target), "companies": 3}
    assert carteiro("company", "import", str(target), "--json").json["same"] == 3
    again = carteiro("company", "export", str(target), "--json")
    assert (again.status, again.error["field"]) == (5, "file")
    assert carteiro("company", "export", str(target), "--force", "--filter", "agua").status == 0
    assert carteiro("company", "import", str(target), "--json").json["same"] == 2


def test_switch(carteiro: Run, file: Path) -> None:
    """R14: for all, for those that match, for some; what is so already is told."""
    carteiro("company", "import", str(file))
    words = ("company", "switch", "--invoicy-mail", "on", "--json")
    assert carteiro(*words, "--filter", "agua").json == {"changed": 2, "same": 0, "refused": []}
    assert carteiro(*words, "--all").json == {"changed": 1, "same": 2, "refused": []}
    off = ("company", "switch", "--invoicy-mail", "off", "--document-import", "on")
    told = carteiro(*off, "11.222.333/0001-81", number(9))
    assert "2 empresas alteradas" in told.out
    found = carteiro("company", "list", "--invoicy-mail", "on", "--json").json
    assert [company["cnpj"] for company in found] == [number(9, 2)]
    assert len(carteiro("company", "list", "--document-import", "on", "--json").json) == 3
    assert "condições" in carteiro("company", "list", "--document-import", "off").out
    assert carteiro(*words, number(5)).status == 4
    for wrong in ((), ("--all", CNPJ), ("--all", "--filter", "x"), ("--filter", "")):
        assert carteiro(*words, *wrong).status == 2
    assert carteiro("company", "switch", "--all").status == 2


def test_sender_name(carteiro: Run) -> None:
    """The name under which the relay sends for a company (R14)."""
    words = ("company", "edit", CNPJ, "--json", "--sender-name")
    assert carteiro(*words, "Padaria do João").json["sender_name"] == "Padaria do João"
    for wrong in ("a\nb", "a" * 201):
        refused = carteiro(*words, wrong)
        assert (refused.status, refused.error["field"]) == (1, "sender_name")
    assert carteiro(*words, "").json["sender_name"] == ""


def test_company_users(carteiro: Run, file: Path, tmp_path: Path) -> None:
    """R53: a company user takes out what it sees, and changes nothing."""
    carteiro("company", "import", str(file))
    user = ("user", "add", "--nickname", "rui", "--name", "R", "--email", "r@x.com")
    carteiro(*user, "--role", "company", "--company", CNPJ)
    for words in (
        ("company", "import", str(file)),
        ("company", "import", str(file), "--dry-run"),
        ("company", "switch", "--all", "--invoicy-mail", "on"),
    ):
        assert carteiro("--user", "rui", *words).status == 3
    made = carteiro("--user", "rui", "company", "export", str(tmp_path / "x.csv"), "--json")
    assert made.json["companies"] == 1


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Importing]:
    """Begins the import of 1.000 companies: a process that Ctrl-C reaches, and its terminal."""
    path = tmp_path / "muitas.csv"
    lines = [f"{number(n)};Empresa {n};Empresa {n} Ltda;;sim" for n in range(1, 1_001)]
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    with ExitStack() as ends:

        def begin() -> tuple[subprocess.Popen[bytes], int]:
            terminal, theirs = pty.openpty()
            ends.callback(os.close, terminal)
            words = ("company", "import", str(path))
            process = ends.enter_context(spawn(*words, stdout=subprocess.DEVNULL, stderr=theirs))
            ends.callback(process.kill)
            os.close(theirs)
            return process, terminal

        yield begin


def told(terminal: int, words: str = "") -> str:
    """What comes up to ``words``, or else to the end."""
    shown = b""
    while not words or words.encode() not in shown:
        try:
            piece = os.read(terminal, 4_096)
        except OSError:
            break
        shown += piece
    text = shown.decode()
    assert words in text, text
    return text


@contextmanager
def held_up(store: Store) -> Iterator[None]:
    """Whoever registers companies waits: another process is registering the first of them."""
    with store.writing() as session:
        ana = access.identify(session, nickname="ana", owns_state=True)
        companies.add(session, ana, CompanyDraft(number(1), "Outra", "Outra Ltda"))
        yield


def test_progress_is_for_terminals_and_stops_between_chunks(
    carteiro: Run, store: Store, importing: Importing
) -> None:
    """Counted on the terminal; Ctrl-C lets the chunk under way end and says how many are in."""
    with held_up(store):
        process, terminal = importing()
        assert "Conferindo linhas" in told(terminal, "Importando empresas 0/1000")
        process.send_signal(signal.SIGINT)
    shown = told(terminal)
    assert process.wait() == 130, shown
    assert "499 de 1000 linhas já foram importadas" in shown
    assert len(json.loads(carteiro("company", "list", "--json").out)) == 1 + 1 + 499


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_second_ctrl_c_waits_for_nothing(
    carteiro: Run, store: Store, importing: Importing
) -> None:
    """What is under way is undone, whatever the database says of a statement that was cut."""
    with held_up(store):
        process, terminal = importing()
        told(terminal, "Importando empresas 0/1000")
        process.send_signal(signal.SIGINT)
        told(terminal, "Ctrl-C de novo")
        process.send_signal(signal.SIGINT)
        shown = told(terminal)
        assert process.wait() == 130, shown
    assert "0 de 1000 linhas já foram importadas" in shown
    assert len(json.loads(carteiro("company", "list", "--json").out)) == 1 + 1
