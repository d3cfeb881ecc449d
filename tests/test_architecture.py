"""What design.md forbids, seen from a process of its own as well as by the import contracts."""

from __future__ import annotations

import subprocess
import sys

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
