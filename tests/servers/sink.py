"""Postfix's smtp-sink: an SMTP server that takes everything, and keeps it when asked."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_port, is_root, need, unprivileged, wait_until
from tests.servers.server import Server

BINARY = "smtp-sink"


@dataclass(frozen=True, slots=True)
class Sunk:
    """One message as it was taken: envelope addresses without brackets, ``raw`` with LF ends.

    ``helo`` is the name that the client gave itself.
    """

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    helo: str


class Sink(Server):
    """smtp-sink on 127.0.0.1:``port``; with ``keep`` each message is written to a file.

    ``options`` are smtp-sink's own, e.g. ``("-p",)`` to offer no PIPELINING or
    ``("-q", "DATA")`` to refuse a command.
    """

    def __init__(self, *options: str, keep: bool = True) -> None:
        super().__init__("sink")
        self.port = free_port()
        self.ports = (self.port,)
        self._keep = keep
        self._options = options
        self._dumps = self.folder / "dumps"
        self._dumps.mkdir()
        if is_root():
            owner = unprivileged()
            os.chown(self._dumps, owner.pw_uid, owner.pw_gid)

    def argv(self) -> Sequence[str]:
        argv = [need(BINARY, "smtp-sink"), *self._options]
        if is_root():
            argv += ["-u", unprivileged().pw_name]
        if self._keep:
            argv += ["-d", f"{self._dumps}/%H%M%S."]
        return [*argv, f"inet:{self.host}:{self.port}", "1000"]

    def count(self) -> int:
        """How many messages were kept."""
        return len(self._kept())

    def messages(self) -> list[Sunk]:
        """What was kept, oldest first."""
        return [_read(path) for path in self._kept()]

    def wait_for(self, count: int, timeout: float = 20.0) -> list[Sunk]:
        """The messages as soon as there are ``count`` of them."""
        wait_until(lambda: self.count() >= count, f"{count} messages in the sink", timeout)
        return self.messages()

    def _kept(self) -> list[Path]:
        """The files, oldest first, but for those of a transaction whose sender fell silent in it."""
        there = [(path.stat(), path) for path in self._dumps.iterdir()]
        whole = [(found.st_mtime_ns, path) for found, path in there if found.st_size]
        return [path for _at, path in sorted(whole)]

    def clear(self) -> None:
        """Forget what was kept, for the next test."""
        for path in self._dumps.iterdir():
            path.unlink()


def _read(path: Path) -> Sunk:
    dump = path.read_bytes()
    envelope: dict[str, list[str]] = {"Helo": [], "Mail": [], "Rcpt": []}
    while match := re.match(rb"X-(\w+)-(?:Args|Addr|Proto): (.*)\n", dump):
        envelope.setdefault(match[1].decode(), []).append(
            re.sub(r"^<([^>]*)>.*", r"\1", match[2].decode())
        )
        dump = dump[match.end() :]
    return Sunk(envelope["Mail"][0], tuple(envelope["Rcpt"]), dump, envelope["Helo"][0])
