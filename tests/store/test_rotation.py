"""A new master key: every secret opens by it, none by the old one, and no kill loses them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import Conflict, Refused, Unavailable
from services.store import master_key, rotation
from services.store.engine import Store, open_store
from services.store.models import DataKey, Secret

_TOP = Path(__file__).resolve().parents[2]


def quiet(_session: Session, _key: str) -> None:
    """Nobody notes it."""


@pytest.fixture
def keeping(store: Store) -> Store:
    with store.writing() as session:
        for number in (1, 2):
            store.vault.put(session, "email_server", number, "password", f"senha {number}")
    return store


def opened_anew(store: Store) -> list[str | None]:
    """The secrets as a process that starts now reads them."""
    fresh = open_store(store.settings)
    try:
        with fresh.reading() as session:
            return [fresh.vault.get(session, "email_server", n, "password") for n in (1, 2)]
    finally:
        fresh.close()


def test_everything_opens_by_the_new_key_alone(keeping: Store) -> None:
    file = keeping.settings.home / "master.key"
    before = file.read_bytes()
    done = rotation.rotate(keeping, quiet)
    assert done.secrets == 2
    assert file.read_bytes() != before
    assert file.stat().st_mode & 0o777 == 0o600
    assert Path(done.old_file or "").read_bytes() == before
    assert opened_anew(keeping) == ["senha 1", "senha 2"]
    with keeping.writing() as session:
        assert len(session.scalars(select(DataKey)).all()) == 1
        # The process that did it goes on, and so does one that had the old key in memory.
        keeping.vault.put(session, "email_server", 1, "password", "outra")
    assert opened_anew(keeping) == ["outra", "senha 2"]
    file.write_bytes(before)
    with pytest.raises(Unavailable):
        opened_anew(keeping)


def test_killed_before_the_database_has_it_the_old_one_holds(
    keeping: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_session: Session, _key: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(keeping, killed)
    assert opened_anew(keeping) == ["senha 1", "senha 2"]
    rotation.rotate(keeping, quiet)
    assert opened_anew(keeping) == ["senha 1", "senha 2"]


def test_killed_after_the_database_has_it_the_next_start_ends_it(
    keeping: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new key waited beside the old one."""
    file = keeping.settings.home / "master.key"
    before = file.read_bytes()

    def killed(_file: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(master_key, "promote", killed)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(keeping, quiet)
    assert file.read_bytes() == before
    assert opened_anew(keeping) == ["senha 1", "senha 2"]
    assert file.read_bytes() != before
    assert not file.with_name("master.key.new").exists()


def test_two_at_once_lose_no_key(keeping: Store) -> None:
    """The second would draft its key over the one under which the first seals everything."""

    def meanwhile(_session: Session, _key: str) -> None:
        with pytest.raises(Conflict):
            rotation.rotate(keeping, quiet)

    rotation.rotate(keeping, meanwhile)
    assert opened_anew(keeping) == ["senha 1", "senha 2"]


def test_a_start_between_the_database_and_the_file_leaves_the_file_to_the_rotation(
    keeping: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads by the key that waits, and the rotation ends as if nobody had looked."""
    promote = master_key.promote

    def looked_at(file: Path) -> Path | None:
        assert opened_anew(keeping) == ["senha 1", "senha 2"]
        return promote(file)

    monkeypatch.setattr(master_key, "promote", looked_at)
    done = rotation.rotate(keeping, quiet)
    assert done.old_file is not None
    monkeypatch.undo()
    assert opened_anew(keeping) == ["senha 1", "senha 2"]


def test_a_key_from_elsewhere_is_written_where_told(
    keeping: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd's credential cannot be replaced from here."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    key = credentials / "carteiro.key"
    key.write_bytes((keeping.settings.home / "master.key").read_bytes())
    key.chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    with pytest.raises(Refused) as refused:
        rotation.rotate(keeping, quiet)
    assert refused.value.field == "to"
    done = rotation.rotate(keeping, quiet, tmp_path / "nova.key")
    assert done.old_file is None
    with pytest.raises(Unavailable):
        opened_anew(keeping)
    key.write_bytes((tmp_path / "nova.key").read_bytes())
    assert opened_anew(keeping) == ["senha 1", "senha 2"]


_KILLED = """
import os, pathlib, signal, sys
from services.settings import Settings
from services.store import master_key, rotation
from services.store.engine import open_store
home, url, to, step = sys.argv[1:]
def end(*_any):
    os.kill(os.getpid(), signal.SIGKILL)
draft, promote = master_key.draft, master_key.promote
if step == "drafted":
    master_key.draft = lambda file: (draft(file), end())
if step == "committed":
    master_key.promote = end
if step == "promoted":
    master_key.promote = lambda file: (promote(file), end())
note = end if step == "sealed" else lambda session, key: None
rotation.rotate(open_store(Settings(pathlib.Path(home), url)), note, pathlib.Path(to))
"""


@pytest.mark.parametrize("step", ["drafted", "sealed", "committed", "promoted"])
def test_killed_at_any_step_the_same_command_again_ends_it(
    keeping: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The old key opens everything before the commit, and after it the one at the place told."""
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    key, to = credentials / "carteiro.key", tmp_path / "nova.key"
    (keeping.settings.home / "master.key").rename(key)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    where = (str(keeping.settings.home), keeping.settings.database_url, str(to), step)
    ended = subprocess.run([sys.executable, "-c", _KILLED, *where], cwd=_TOP, check=False)
    assert ended.returncode == -signal.SIGKILL
    if step in ("drafted", "sealed"):
        assert opened_anew(keeping) == ["senha 1", "senha 2"]
    else:
        with pytest.raises(Unavailable):
            opened_anew(keeping)
    done = rotation.rotate(keeping, quiet, to)
    assert (done.file, done.secrets) == (str(to), 2)
    key.write_bytes(to.read_bytes())
    assert opened_anew(keeping) == ["senha 1", "senha 2"]
    assert not to.with_name("nova.key.new").exists()


def test_before_the_first_password_there_is_nothing_to_rotate(store: Store) -> None:
    with pytest.raises(Refused):
        rotation.rotate(store, quiet)
    with store.reading() as session:
        assert session.scalars(select(Secret)).all() == []
