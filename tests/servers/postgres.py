"""A private PostgreSQL cluster that gives every test a database of its own."""

from __future__ import annotations

import itertools
import os
import pwd
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.ports import find, free_port, is_root, need, wait_until
from tests.servers.server import Server

_QUICK = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def find_binary(name: str) -> str | None:
    """``initdb`` and ``postgres`` are not on Debian's PATH: the newest of /usr/lib/postgresql."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(path.parts[-3]),
    )
    return str(found[-1]) if found else find(name)


class Postgres(Server):
    """PostgreSQL on 127.0.0.1:``port``; not durable unless asked, as tests have no power cuts.

    ``beyond`` is another address to listen on, for whoever comes from its /16. Root runs it as the
    user ``postgres``. Ended at once, cutting every connection.
    """

    ENDS_ON = signal.SIGINT
    OUTPUT = "postgres.log"
    LOCKED = "locked"
    """Who must give a password, should a test make this role."""

    def __init__(self, *, durable: bool = False, beyond: str | None = None) -> None:
        super().__init__("postgres")
        self.port = free_port()
        self.ports = (self.port,)
        self.user = "postgres"
        self.log = self.folder / self.OUTPUT
        self._numbers = itertools.count(1)
        self._data = self.folder / "data"
        if is_root():
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        initdb = find_binary("initdb")
        assert initdb is not None, "postgresql is not installed"
        subprocess.run(
            [
                *self._as_owner(),
                initdb,
                f"--pgdata={self._data}",
                f"--username={self.user}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                *([] if durable else ["--no-sync"]),
            ],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
        )
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(
                f"listen_addresses = '{','.join(filter(None, ('127.0.0.1', beyond)))}'\nport = {self.port}\n"
                f"unix_socket_directories = '{self.folder}'\nmax_connections = 200\n"
                "shared_buffers = 128MB\n" + ("" if durable else _QUICK)
            )

        access = self._data / "pg_hba.conf"
        rules = access.read_text()
        if beyond is not None:
            rules += f"host all all {beyond}/16 trust\n"
        access.write_text(f"host all {self.LOCKED} 127.0.0.1/32 scram-sha-256\n{rules}")

    def argv(self) -> Sequence[str]:
        binary = find_binary("postgres")
        assert binary is not None, "postgresql is not installed"
        return [*self._as_owner(), binary, "-D", str(self._data)]

    def start(self) -> None:
        """Start, or start again on the same port with the same data."""
        super().start()
        wait_until(self._ready, "PostgreSQL takes queries")

    def _cwd(self) -> Path:
        return self.folder

    def url(self, database: str) -> str:
        """The address of a database of this cluster."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self._query(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def _ready(self) -> bool:
        return self._query("SELECT 1", check=False) == 0

    def _query(self, statement: str, *, check: bool = True) -> int:
        binary = find_binary("psql")
        assert binary is not None, "psql is not installed"
        done = subprocess.run(
            [binary, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url("postgres")],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.returncode

    def _as_owner(self) -> Sequence[str]:
        """``setpriv`` and not ``runuser``: it becomes the server, so that its pid is ours."""
        if not is_root():
            return ()
        return (
            need("setpriv", "util-linux"),
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
        )
