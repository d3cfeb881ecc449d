"""Free ports of the loopback interface, and the life of a server process on one."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path


class ServerDied(AssertionError):
    """A server ended or did not answer in time; the message holds the end of its log."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find(binary: str) -> str | None:
    """The path of a server's binary, looked for in the sbin folders too; None where missing."""
    folders = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
    return shutil.which(binary, path=folders)


def need(binary: str, package: str) -> str:
    """The path of a server's binary; fails naming the ``package`` that has it."""
    found = find(binary)
    assert found is not None, f"{package} is not installed"
    return found


def is_root() -> bool:
    """True where the servers can be given users of their own."""
    return os.geteuid() == 0


def unprivileged() -> pwd.struct_passwd:
    """Who owns mail and dumps: ``nobody`` for root, otherwise ourselves."""
    return pwd.getpwnam("nobody") if is_root() else pwd.getpwuid(os.geteuid())


def open_folder(prefix: str) -> Path:
    """A new temporary folder with a short name that every user may pass through.

    Servers drop root, and a path of a Unix socket holds about 100 bytes: pytest's own
    temporary folders are too private and too deep for both.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


def wait_until(holds: Callable[[], bool], what: str, timeout: float = 20.0) -> None:
    """Return as soon as ``holds()``; :class:`AssertionError` naming ``what`` after ``timeout`` s."""
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.01)


def answers(port: int) -> bool:
    """True when something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A server in the foreground of a session of its own, its output in a file.

    The output must not be ours: a daemon that inherits pytest's stdout keeps it open.
    """

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        ports: Sequence[int],
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._log = log
        self._name = Path(argv[0]).name
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=environment,
                cwd=cwd,
            )
        try:
            for port in ports:
                wait_until(partial(self._up, port), f"{self._name} answers on {port}")
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._popen.pid

    def _up(self, port: int) -> bool:
        if self._popen.poll() is not None:
            tail = self._log.read_text(errors="replace")[-2000:]
            raise ServerDied(f"{self._name} ended with {self._popen.returncode}:\n{tail}")
        return answers(port)

    def stop(self, signal_: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal that ends it and wait for its end."""
        self._popen.send_signal(signal_)
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
