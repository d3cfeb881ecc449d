"""Secrets: sealed, bound to their place, never opened by another key, never in the clear."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import select, update

from services.errors import Unavailable
from services.settings import Settings
from services.store import secret
from services.store.engine import Store, open_store
from services.store.models import DataKey, Secret

PLAIN = "correct horse battery staple"


def put(store: Store, owner: int = 1, value: str = PLAIN) -> None:
    with store.writing() as session:
        secret.put(session, "email_server", owner, "password", value)


def get(store: Store, owner: int = 1) -> str | None:
    with store.reading() as session:
        return secret.get(session, "email_server", owner, "password")


def test_kept_and_forgotten(store: Store, settings: Settings) -> None:
    """The same secret comes back, in another process's store too; dropped, it is gone."""
    put(store)
    other = open_store(settings)
    assert get(store) == get(other) == PLAIN
    other.close()
    put(store, value="ação")
    assert get(store) == "ação"
    with store.writing() as session:
        secret.drop(session, "email_server", 1)
    assert get(store) is None


def test_nothing_in_the_clear(store: Store, settings: Settings, home: Path) -> None:
    """Neither the rows nor any file of the state folder hold the secret; the key file is 0600."""
    put(store)
    with store.reading() as session:
        row = session.scalars(select(Secret)).one()
        assert PLAIN.encode() not in row.ciphertext
    store.close()
    for file in home.iterdir():
        assert PLAIN.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_a_moved_row_does_not_open(store: Store) -> None:
    """The ciphertext belongs to its place: put under another owner it is refused."""
    put(store)
    with store.writing() as session:
        session.execute(update(Secret).values(owner_id=2))
    with pytest.raises(Unavailable, match="por fora"):
        get(store, 2)


def test_another_master_key_opens_nothing(store: Store, settings: Settings, home: Path) -> None:
    """The canary tells; nothing is encrypted under the wrong key either."""
    put(store)
    key = home / "master.key"
    right = key.read_bytes()
    key.unlink()
    fresh = open_store(settings)
    for attempt in (lambda: get(fresh), lambda: put(fresh, 2)):
        with pytest.raises(Unavailable, match="não foi encontrada"):
            attempt()
    assert not key.exists()
    other = Settings(home=home / "other", database_url=f"sqlite:///{home / 'other' / 'c.db'}")
    elsewhere = open_store(other)
    put(elsewhere)
    elsewhere.close()
    key.write_bytes((home / "other" / "master.key").read_bytes())
    key.chmod(0o600)
    for attempt in (lambda: get(fresh), lambda: put(fresh, 2)):
        with pytest.raises(Unavailable, match="não é a deste banco"):
            attempt()
    key.write_bytes(right)
    assert get(fresh) == PLAIN
    fresh.close()


def test_a_key_that_others_can_read_is_refused(
    store: Store, settings: Settings, home: Path
) -> None:
    """0600 or nothing."""
    put(store)
    (home / "master.key").chmod(0o640)
    fresh = open_store(settings)
    with pytest.raises(Unavailable, match="chmod 600"):
        get(fresh)
    fresh.close()


def test_a_rolled_back_first_secret_leaves_a_working_vault(store: Store) -> None:
    """The data key of a transaction that failed is not used again."""

    def fail() -> None:
        with store.writing() as session:
            secret.put(session, "email_server", 1, "password", "x")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    put(store)
    assert get(store) == PLAIN
    with store.reading() as session:
        assert len(session.scalars(select(DataKey)).all()) == 1


def test_systemd_credential_comes_first(
    store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of places: the service manager's credential before the key file."""
    import base64

    key = tmp_path / "carteiro.key"
    key.write_bytes(base64.b64encode(os.urandom(32)))
    key.chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    put(store)
    assert get(store) == PLAIN
    assert not (settings.home / "master.key").exists()
    with store.reading() as session:
        assert store.vault.check(session) == "systemd"
