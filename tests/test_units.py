"""The units of ``docs/systemd``: what systemd makes of them, and that they start what there is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.servers.ports import find
from tui_app.cli.parser import parse

_TOP = Path(__file__).resolve().parents[1]
_UNITS = sorted((_TOP / "docs" / "systemd").iterdir())
_INSTALLED = "/opt/carteiro"


def _said(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """An unknown name would be passed over in silence, and protect nothing."""
    verify = find("systemd-analyze")
    if verify is None:
        pytest.skip("no systemd here")
    here = [tmp_path / unit.name for unit in _UNITS]
    for unit, copy in zip(_UNITS, here, strict=True):
        copy.write_text(unit.read_text("utf-8").replace(_INSTALLED, str(_TOP)), "utf-8")
    told = subprocess.run(
        [verify, "verify", *map(str, here)], capture_output=True, text=True, check=False
    )
    ours = [line for line in told.stderr.splitlines() if str(tmp_path) in line]
    assert (told.returncode, ours) == (0, [])


def test_they_start_what_there_is_with_the_key_sealed() -> None:
    """The program's own commands, the credential by which the vault opens, and a backup a night."""
    services = [unit for unit in _UNITS if unit.suffix == ".service"]
    started = {}
    for unit in services:
        (words,) = _said(unit, "ExecStart")
        program, *arguments = words.split()
        assert program == f"{_INSTALLED}/carteiro"
        started[unit.stem] = parse(arguments).command
        assert _said(unit, "LoadCredentialEncrypted") == ["carteiro.key"]
        assert _said(unit, "LoadCredential") == []
    assert started == {"carteiro-worker": "worker", "carteiro-backup": "backup"}
    (timer,) = (unit for unit in _UNITS if unit.suffix == ".timer")
    assert timer.stem == "carteiro-backup"
    assert _said(timer, "Persistent") == ["yes"]
