"""The programs that ours is compared with: installed when missing, run on the same servers.

Every ``run_`` gives seconds of wall clock for the whole process, start and end included, and
raises :class:`subprocess.CalledProcessError` when the peer reports a failure.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.ports import find, is_root, open_folder, unprivileged

_FOLDER = Path(__file__).parents[2] / ".env" / "peers"

_MPOPRC = """\
account default
host {host}
port {port}
user {user}
password {password}
auth user
tls off
keep off
uidls_file {folder}/uidls
delivery maildir {maildir}
"""

_GETMAILRC = """\
[retriever]
type = SimplePOP3Retriever
server = {host}
port = {port}
username = {user}
password = {password}

[destination]
type = Maildir
path = {maildir}/
user = {owner}

[options]
delete = true
read_all = true
verbose = 0
"""


@functools.cache
def from_debian(binary: str, package: str) -> str:
    """The path of a peer's binary; root installs it, others skip the benchmark."""
    path = find(binary)
    if path is None and is_root() and find("apt-get"):
        subprocess.run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", package],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        )
        path = find(binary)
    if path is None:
        pytest.skip(f"not installed: {package}")
    return path


@functools.cache
def from_registry(binary: str, requirement: str, *pins: str) -> str:
    """The path of a Python peer's program, in an environment of its own with its byte code."""
    environment = _FOLDER / requirement
    program = environment / "bin" / binary
    done = environment / "ready"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip"]
        plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        subprocess.run([*pip, "install", "-q", requirement, *pins], check=True, env=plain)
        done.touch()
    return str(program)


class Place(Protocol):
    """Where a server listens."""

    host: str
    port: int


def run_mpop(dovecot: Place, user: str, password: str, target_maildir: Path) -> float:
    """mpop empties the mailbox into the Maildir (made here), deleting what it delivered."""
    program = from_debian("mpop", "mpop")
    return _read([program, "-q", "-C"], _MPOPRC, dovecot, user, password, target_maildir)


def run_getmail6(dovecot: Dovecot, user: str, password: str, target_maildir: Path) -> float:
    """getmail empties the mailbox into the Maildir (made here), deleting what it delivered.

    It refuses to deliver as root, so that it delivers as who owns mail here, into a folder which
    that user can reach; the Maildir is moved afterwards, off the clock.
    """
    program = from_registry("getmail", "getmail6==6.20.2")
    folder = open_folder("getmail-")
    argv = [program, "-q", "-g", str(folder), "-r"]
    seconds = _read(argv, _GETMAILRC, dovecot, user, password, folder / "Maildir")
    shutil.move(folder / "Maildir", target_maildir)
    shutil.rmtree(folder)
    return seconds


def run_smtp_source(port: int, n: int, size: int, recipients: int, sessions: int) -> float:
    """smtp-source sends ``n`` messages of ``size`` bytes by ``sessions`` kept connections."""
    program = from_debian("smtp-source", "postfix")
    options = ["-d", "-s", sessions, "-m", n, "-l", size, "-r", recipients]
    addresses = ["-f", "from@example.com", "-t", "to@example.com"]
    return _timed([program, *map(str, options), *addresses, f"inet:127.0.0.1:{port}"])


def posting() -> list[str]:
    """How posting, an HTTP client on Textual, is started.

    Its own pins admit a tree-sitter with which its grammars crash.
    """
    return [from_registry("posting", "posting==2.11.1", "tree-sitter==0.25.2")]


def harlequin() -> list[str]:
    """How harlequin, a SQL console on Textual, is started: on an empty database in memory."""
    return [from_registry("harlequin", "harlequin==2.17.0")]


def _read(
    argv: list[str], config: str, dovecot: Place, user: str, password: str, maildir: Path
) -> float:
    owner = unprivileged()
    for made in (maildir, *(maildir / part for part in ("tmp", "new", "cur"))):
        made.mkdir(parents=True)
        if is_root() and config is _GETMAILRC:
            os.chown(made, owner.pw_uid, owner.pw_gid)
    with tempfile.TemporaryDirectory() as folder:
        rc = Path(folder, "rc")
        rc.touch(mode=0o600)
        rc.write_text(
            config.format(
                host=dovecot.host,
                port=dovecot.port,
                user=user,
                password=password,
                folder=folder,
                maildir=maildir,
                owner=owner.pw_name,
            )
        )
        return _timed([*argv, str(rc)])


def _timed(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - began
