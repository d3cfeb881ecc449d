"""What the demonstration is made of holds by the program's own rules."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from services.fiscal import checks, cnpj
from services.settings import Settings
from tui_app.demo import demo, nfe
from tui_app.demo.certificates import Authority
from tui_app.demo.home import Home
from tui_app.demo.names import firms, suppliers

TraceFunction = Callable[[FrameType, str, Any], Any]


def test_documents_pass_every_check(tmp_path: Path) -> None:
    """R40: access key, schema, signature and certificate are right, by a CNPJ with letters too."""
    authority = Authority(tmp_path)
    lettered = next(firm for firm in firms() if not firm.cnpj.isdigit())
    for number, issuer in enumerate((suppliers()[0], lettered.party), 1):
        made = nfe.make(authority, issuer, lettered.party, number, datetime.now(UTC))
        found = checks.check(made.xml)
        labels = found.named()
        assert labels.pop("chain").code == "unasked"
        assert [(each.code, each.reason) for each in labels.values()] == [("ok", "")] * 5


def test_companies_are_distinct_and_valid() -> None:
    """Forty companies, headquarters before their branches, every CNPJ right and given once; with and
    without each extension and the permission to register."""
    everybody = firms()
    assert len({firm.cnpj for firm in everybody}) == len({f.nickname for f in everybody}) == 40
    known = set()
    for firm in everybody:
        assert cnpj.is_valid(firm.cnpj)
        assert firm.headquarters is None or firm.headquarters in known
        known.add(firm.cnpj)
    assert len({firm.headquarters for firm in everybody}) > 2
    for switch in ("document_import", "invoicy_mail", "may_register"):
        assert {getattr(firm, switch) for firm in everybody} == {True, False}


def test_folder_is_private_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed demonstration left goes at the next start; what another one holds stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, held = tmp_path / "carteiro-demo-left", tmp_path / "carteiro-demo-held"
    for folder in (left, held):
        folder.mkdir()
        (folder / "carteiro.db").touch()
    lock = os.open(held, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "carteiro-demo-link").symlink_to(outside)
    try:
        home = Home()
        home.make()
        assert home.path.stat().st_mode & 0o777 == 0o700
        assert not left.exists()
        assert held.exists()
        home.remove()
    finally:
        os.close(lock)
    assert not home.path.exists()
    assert outside.exists()


def test_ended_at_any_line_of_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal that comes while the folder is made leaves none behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = Path(demo.__file__).parent
    cut = {folder / "demo.py": 0, folder / "home.py": 0}

    def ended(frame: FrameType, event: str, _arg: object) -> TraceFunction | None:
        file = Path(frame.f_code.co_filename)
        if file not in cut or frame.f_code.co_name in ("__exit__", "remove"):
            return None
        if event == "line":
            lines.append((file.name, frame.f_lineno))
            if len(lines) > after:
                cut[file] += 1
                raise SystemExit(143)
        return ended

    after = 0
    while not any(tmp_path.iterdir()):
        lines: list[tuple[str, int]] = []
        before = sys.gettrace()
        sys.settrace(ended)
        try:
            with demo.Demo(Settings(home=tmp_path / "persons", database_url="")):
                break
        except SystemExit:
            after += 1
        finally:
            sys.settrace(before)
    assert not any(tmp_path.iterdir()), lines
    assert min(cut.values()) > 10


def test_needs_nothing_of_the_tests() -> None:
    """The demonstration runs where only the program is installed."""
    modules = "tui_app.demo.console, tui_app.demo.headless, tui_app.demo.history"
    code = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"tests", "pytest", "trustme"})
