"""Which variables count, and when: over SSH with ``--user`` none that a client may have sent (R54)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, bare, carteiro
from tui_app import forced

TOP = Path(__file__).resolve().parents[2]
__all__ = ["bare", "carteiro"]

OWN = {"PATH": "/usr/bin", "HOME": "/srv/c", "SSH_CONNECTION": "::1 1 ::1 22", "LC_ALL": "C.UTF-8"}
SENT = {
    "CARTEIRO_DATABASE_URL": "sqlite:////tmp/x.db",
    "CARTEIRO_HOME": "/tmp/x",
    "SSH_ORIGINAL_COMMAND": "sh",
    "SSH_AUTH_SOCK": "/tmp/agent",
    "HTTPS_PROXY": "http://evil.example",
    "SSL_CERT_FILE": "/tmp/ca.pem",
    "PGHOST": "evil.example",
    "CREDENTIALS_DIRECTORY": "/tmp",
    "PYTHON_KEYRING_BACKEND": "evil.Keyring",
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the account's own, empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_what_is_kept(places: Path) -> None:
    """The terminal and the language are the person's; all else goes, and Carteiro's is named."""
    environment = OWN | SENT
    told = forced.forget_client("/etc/carteiro.toml", environment)
    assert environment == OWN
    assert told == ["CARTEIRO_DATABASE_URL", "CARTEIRO_HOME"]


@pytest.mark.parametrize(
    "own", [".config/carteiro/carteiro.toml", ".local/share/carteiro/carteiro.db"]
)
def test_an_account_with_places_of_its_own_keeps_to_them(places: Path, own: str) -> None:
    """R54: the state folder is not the client's to name."""
    (places / own).parent.mkdir(parents=True)
    (places / own).touch()
    environment = OWN | SENT
    assert "CARTEIRO_HOME" in forced.forget_client(None, environment)
    assert environment == OWN


def test_an_account_without_any_takes_the_commands(places: Path) -> None:
    """``command="env CARTEIRO_HOME=/srv/x carteiro --user ana"``: the folder, and nothing beside it."""
    environment = OWN | SENT
    assert forced.forget_client(None, environment) == ["CARTEIRO_DATABASE_URL"]
    assert environment == OWN | {"CARTEIRO_HOME": "/tmp/x"}


def test_without_user_the_environment_is_the_persons_own(
    carteiro: Run, monkeypatch: pytest.MonkeyPatch, places: Path
) -> None:
    """An administrator's own login: variables count, and so they do without SSH."""
    assert carteiro("--user", "ana", "company", "list").status == 0
    monkeypatch.setenv("SSH_CONNECTION", OWN["SSH_CONNECTION"])
    assert "padaria" in carteiro("company", "list").out.casefold()


def over_ssh(places: Path, *more: str, leader: bool) -> subprocess.CompletedProcess[str]:
    """``--user`` with a carteiro.toml that names an empty place, as a command or as typed."""
    file = places / "carteiro.toml"
    file.write_text(f'home = "{places / "other"}"\n')
    words = (sys.executable, "-m", "tui_app", "company", "list", "--user", "ana")
    return subprocess.run(
        (*words, "--config", str(file), *more),
        env=os.environ | {"SSH_CONNECTION": OWN["SSH_CONNECTION"], "PYTHONPATH": str(TOP)},
        start_new_session=leader,
        preexec_fn=None if leader else os.setpgrp,
        capture_output=True,
        text=True,
        check=False,
    )


def test_user_over_ssh_asks_the_file(carteiro: Run, places: Path) -> None:
    """R54: the database of carteiro.toml is opened; the variables are named as without effect."""
    done = over_ssh(places, leader=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "sem efeito: CARTEIRO_DATABASE_URL, CARTEIRO_HOME\n" in done.stderr
    assert "carteiro init" in done.stderr
    done = over_ssh(places, "--json", leader=True)
    assert "carteiro init" in json.loads(done.stderr)["error"]["message"]


def test_whoever_types_it_is_told_before_another_database_is_opened(
    carteiro: Run, places: Path
) -> None:
    """R54: at a shell of one's own a variable is meant; acting elsewhere would be worse."""
    done = over_ssh(places, "--json", leader=False)
    assert done.returncode == 1
    told = json.loads(done.stderr)["error"]["message"]
    assert "--config" in told
    assert "CARTEIRO_DATABASE_URL, CARTEIRO_HOME" in told
    assert not (places / "other").exists()


def test_a_mailboxs_user_is_not_that_user(
    carteiro: Run, monkeypatch: pytest.MonkeyPatch, places: Path
) -> None:
    """``mailbox add --user`` is a login name: over SSH it changes nothing of the settings."""
    monkeypatch.setenv("SSH_CONNECTION", OWN["SSH_CONNECTION"])
    refused = carteiro("mailbox", "edit", "99", "--user", "x", "--json")
    assert refused.error["code"] == "not_found"
