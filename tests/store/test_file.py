"""How SQLite's file does, while others come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.settings import Settings
from services.store import file
from services.store.engine import open_store


def test_a_log_that_goes_while_one_looks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes the database last takes the log away: there is none then, and no failure."""
    store = open_store(Settings(home=home, database_url=f"sqlite:///{home / 'carteiro.db'}"))
    store.close()
    monkeypatch.setattr(Path, "exists", lambda _path: True)
    assert file.log(store) == file.Log(0, 0)
