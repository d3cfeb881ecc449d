"""The command line run in this process, over a database of the test's own."""

from __future__ import annotations

import io
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services import language
from services.settings import Settings
from tui_app.__main__ import main


@dataclass(frozen=True)
class Ran:
    """What a command left: exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error that ``--json`` told, on stderr."""
        assert self.out == ""
        assert self.err.count("\n") == 1
        return json.loads(self.err)["error"]


ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Ran]


@pytest.fixture
def bare(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """``bare("company", "list", stdin="…")`` on a migrated database without a partner."""
    monkeypatch.setenv("CARTEIRO_HOME", str(settings.home))
    monkeypatch.setenv("CARTEIRO_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")

    def run(*argv: str, stdin: str | bytes = "") -> Ran:
        given = stdin.encode(errors="surrogateescape") if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
        capsys.readouterr()
        try:
            status = main(argv)
        except SystemExit as e:
            status = int(e.code or 0)
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    yield run
    language.choose("pt_BR")
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, logging.FileHandler)]:
        if str(settings.home) in handler.baseFilename:
            root.removeHandler(handler)
            handler.close()


@pytest.fixture
def carteiro(bare: Run) -> Run:
    """The same after ``init``, with one company."""
    assert bare("init", "--partner", "Contábil", "--partner-key", "K", "--user", "ana").status == 0
    made = bare(
        *("company", "add", "--cnpj", "11.222.333/0001-81", "--nickname", "Padaria São João"),
        *("--legal-name", "Padaria Ltda", "--notification-email", "dono@padaria.com.br"),
        *("--document-import", "on"),
    )
    assert made.status == 0, made.err
    return bare


def spawn(*words: str, **more: Any) -> subprocess.Popen[bytes]:
    """The program as a process that Ctrl-C reaches, also where the run itself is in a background."""
    return subprocess.Popen(
        [sys.executable, "-m", "tui_app", *words],
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **more,
    )
