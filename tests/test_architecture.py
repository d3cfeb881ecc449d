"""What design.md forbids, seen from a process of its own as well as by the import contracts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def _loaded_by(module: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(told.stdout.split())


@pytest.mark.parametrize("room", ["services.office"])
def test_services_come_without_the_interface(room: str) -> None:
    """The worker and the command line never pay for textual, nor can a service touch a screen."""
    assert {"textual", "rich"}.isdisjoint(_loaded_by(room))


@pytest.mark.parametrize("room", ["services.settings", "services.language", "services.errors"])
def test_the_ground_floor_loads_no_heavy_library(room: str) -> None:
    """Every start reads these first."""
    heavy = {"sqlalchemy", "apscheduler", "alembic", "cryptography", "lxml", "keyring", "textual"}
    assert heavy.isdisjoint(_loaded_by(room))


def test_work_beside_the_keys_is_handed_over_as_a_function() -> None:
    """A coroutine whose worker is cancelled before it begins is awaited by nobody: one module
    begins workers, and it takes functions."""
    root = Path(__file__).parent.parent
    begun = {
        path.relative_to(root).as_posix()
        for room in ("screens", "tui_app")
        for path in (root / room).rglob("*.py")
        if "run_worker(" in path.read_text(encoding="utf-8")
    }
    assert begun == {"screens/background.py"}
