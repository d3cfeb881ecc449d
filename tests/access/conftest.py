"""The program behind a forced command: a checkout, a service account's home, a server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.registry import companies, people
from services.registry.companies import CompanyDraft
from services.settings import Settings
from services.store.engine import open_store
from tests.access.terminal import PtyProgram
from tests.conftest import _need
from tests.servers import sshd as ssh_server
from tests.servers.ports import find
from tests.servers.sshd import Sshd

TOP = Path(__file__).resolve().parents[2]
ACCEPTED = "AcceptEnv CARTEIRO_* TEXTUAL* USER LOGNAME HOME PATH PYTHON* XDG_* LD_* TMPDIR SSL* PG* HTTPS_PROXY"


@dataclass(frozen=True, slots=True)
class Account:
    """The service account: its home, where the state is by default, and the program."""

    home: Path
    carteiro: Path

    @property
    def settings(self) -> Settings:
        """The settings that the program finds by itself."""
        state = self.home / ".local/share/carteiro"
        return Settings(home=state, database_url=f"sqlite:///{state / 'carteiro.db'}")


@pytest.fixture(scope="session")
def carteiro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher of this checkout, with this run's environment for its own."""
    top = tmp_path_factory.mktemp("checkout")
    for room in ("tui_app", "screens", "services"):
        (top / room).symlink_to(TOP / room)
    for name in ("carteiro", "requirements.lock"):
        shutil.copy(TOP / name, top)
    with (top / "requirements.lock").open("rb") as lock:
        told = subprocess.run(["cksum"], stdin=lock, capture_output=True, text=True, check=True)
    sum_, size = told.stdout.split()[:2]
    (top / ".env").mkdir()
    (top / f".env/requirements-{sum_}-{size}-3.x").symlink_to(sys.prefix)
    return top / "carteiro"


@pytest.fixture
def account(tmp_path: Path, sqlite_template: Path, carteiro: Path) -> Account:
    """An account with a partner, its user ana, and a company, all in the default places."""
    found = Account(tmp_path / "account", carteiro)
    found.settings.home.mkdir(mode=0o700, parents=True)
    shutil.copyfile(sqlite_template, found.settings.home / "carteiro.db")
    store = open_store(found.settings)
    with store.writing() as session:
        root = people.initialise(
            session,
            partner="Contábil Sul",
            partner_key="K",
            nickname="raiz",
            email="raiz@contabil.example",
        )
        people.add_user(
            session,
            root,
            people.UserDraft(nickname="ana", name="Ana", email="ana@x.example", role="partner"),
        )
        companies.add(
            session,
            root,
            CompanyDraft(
                cnpj="11222333000181", nickname="Padaria São João", legal_name="Padaria Ltda"
            ),
        )
    store.close()
    return found


@contextmanager
def forced(
    account: Account, *, command: str | None = None, extra: str = ACCEPTED
) -> Iterator[Sshd]:
    """sshd with the recipe of docs/ssh.md, and a configuration as careless as can be."""
    command = command or f"{account.carteiro} --user ana"
    with Sshd(f'restrict,pty,command="{command}"', home=account.home, extra=extra) as server:
        yield server


@pytest.fixture
def sshd(account: Account) -> Iterator[Sshd]:
    """The literal recipe."""
    _need(ssh_server.BINARY, find(ssh_server.BINARY))
    with forced(account) as server:
        yield server


def console(
    server: Sshd, *options: str, asks: str | None = None, agent: Path | None = None, **sends: str
) -> PtyProgram:
    """ssh with a terminal, as a person connects; ``asks`` is a command that the person wants."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm-256color"}
    if agent is not None:
        environment |= {"SSH_AUTH_SOCK": str(agent), "DISPLAY": "127.0.0.1:99"}
    sends = {"LANG": "pt_BR.UTF-8", **sends}
    words = ("{at}",) if asks is None else ("{at}", asks)
    return PtyProgram(server.client("-tt", *options, *words, sends=sends), environment=environment)


def run(
    argv: list[str], *, stdin: bytes = b"", timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """A client without a terminal."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    return subprocess.run(
        argv, input=stdin, capture_output=True, env=environment, timeout=timeout, check=False
    )
