"""``carteiro extra`` where the launcher is not what heard it first (R31)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_app.cli import extra

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def launcher(path: Path, status: int) -> Path:
    """One that only says how it was called."""
    path.write_text(f'#!/bin/sh\necho "carteiro: $* $LC_ALL" >&2\nexit {status}\n')
    path.chmod(0o755)
    return path


def test_the_launcher_does_it(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R31: it is handed on, in the language in force; what failed is an error like any other."""
    monkeypatch.setattr(extra, "_LAUNCHER", launcher(tmp_path / "carteiro", 0))
    done = bare("--lang", "en", "extra", "danfe")
    assert (done.status, done.out, done.err) == (0, "carteiro: extra danfe en.UTF-8\n", "")
    assert bare("extra", "none", "--json").json == {"extra": "none"}
    monkeypatch.setattr(extra, "_LAUNCHER", launcher(tmp_path / "carteiro", 1))
    failed = bare("extra", "danfe", "--json")
    assert (failed.status, failed.error["code"]) == (1, "unavailable")
    assert "extra danfe" in failed.error["message"]


def test_without_a_launcher(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R31: installed with pip, it says who installs the extra there."""
    monkeypatch.setattr(extra, "_LAUNCHER", tmp_path / "carteiro")
    refused = bare("extra", "danfe")
    assert refused.status == 1
    assert "pip install .[danfe]" in refused.err
    assert bare("extra", "pdf").status == 2
