"""Machines of their own as far as a program can see: network, process numbers, host name."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Self

from tests.servers.ports import need

_NETWORK = "10.213"
SERVERS = f"{_NETWORK}.255.1"
"""Where every machine finds the servers."""


def _ip(*words: str) -> None:
    subprocess.run([need("ip", "iproute2"), *words], check=True, capture_output=True)


@contextmanager
def servers_address() -> Iterator[None]:
    """:data:`SERVERS` is an address of this machine meanwhile."""
    _ip("address", "add", f"{SERVERS}/32", "dev", "lo")
    try:
        yield
    finally:
        _ip("address", "del", f"{SERVERS}/32", "dev", "lo")


class Machine:
    """A network namespace with one cable, and programs in process and name spaces of their own."""

    def __init__(self, number: int) -> None:
        self.name = f"carteiro-{os.getpid()}-{number}"
        self._cable = f"ct{os.getpid() % 100_000}n{number}"
        near, far = f"{_NETWORK}.{number}.1", f"{_NETWORK}.{number}.2"
        _ip("netns", "add", self.name)
        inner = f"{self._cable}i"
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", inner, "netns", self.name)
        _ip("address", "add", f"{near}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip("-n", self.name, "address", "add", f"{far}/30", "dev", inner)
        _ip("-n", self.name, "link", "set", inner, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", self.name, "route", "add", "default", "via", near)
        self._inner, self._near = inner, near
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a program there until :meth:`kill` or the end, on a terminal that takes what it draws."""
        ours, theirs = pty.openpty()
        threading.Thread(target=_take, args=(ours,), daemon=True).start()
        spaces = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts")
        named = ("sh", "-c", 'hostname "$0"; exec "$@"', self.name)
        self._programs.append(
            subprocess.Popen(
                [need("ip", "iproute2"), "netns", "exec", self.name, *spaces, *named, *argv],
                env=environment,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
            )
        )
        os.close(theirs)

    def alive(self) -> bool:
        """Does every program there still run?"""
        return all(program.poll() is None for program in self._programs)

    def kill(self) -> None:
        """SIGKILL for every program there."""
        for program in self._programs:
            program.kill()
            program.wait()

    def cut(self) -> None:
        """Pull the cable: nobody at either end is told."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """Plug it in again."""
        _ip("link", "set", self._cable, "up")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.kill()
        _ip("netns", "del", self.name)
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._cable)


class Bridge:
    """:data:`SERVERS` at ``port`` stands for 127.0.0.1 at the same port; ``with`` ends it.

    As a server does that looks after its own, it hangs up on who has not been heard of for 10 s.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server((SERVERS, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
                server = socket.create_connection(("127.0.0.1", self._port))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=_relay, args=(source, sink), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._listener.close()


def _take(terminal: int) -> None:
    """What is drawn, until nobody draws any more."""
    with suppress(OSError):
        while os.read(terminal, 65_536):
            pass
    os.close(terminal)


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with closing(sink), suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
