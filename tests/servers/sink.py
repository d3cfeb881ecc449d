"""Postfix's smtp-sink: an SMTP server that takes everything, and keeps it when asked."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.ports import (
    Process,
    find,
    free_port,
    is_root,
    open_folder,
    unprivileged,
    wait_until,
)

BINARY = "smtp-sink"


@dataclass(frozen=True, slots=True)
class Sunk:
    """One message as it was taken: envelope addresses without brackets, ``raw`` with LF ends."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class Sink:
    """smtp-sink on 127.0.0.1:``port``; with ``keep`` each message is written to a file.

    ``options`` are smtp-sink's own, e.g. ``("-p",)`` to offer no PIPELINING or
    ``("-q", "DATA")`` to refuse a command.
    """

    def __init__(self, *options: str, keep: bool = True) -> None:
        self.folder = open_folder("sink-")
        self.host = "127.0.0.1"
        self.port = free_port()
        self._keep = keep
        self._options = options
        self._process: Process | None = None
        self._dumps = self.folder / "dumps"
        self._dumps.mkdir()

    def start(self) -> None:
        """Start, or start again on the same port."""
        binary = find(BINARY)
        assert binary is not None, "smtp-sink is not installed"
        argv = [binary, *self._options]
        if is_root():
            owner = unprivileged()
            os.chown(self._dumps, owner.pw_uid, owner.pw_gid)
            argv += ["-u", owner.pw_name]
        if self._keep:
            argv += ["-d", f"{self._dumps}/%H%M%S."]
        argv += [f"inet:127.0.0.1:{self.port}", "1000"]
        self._process = Process(argv, self.folder / "sink.log", ports=(self.port,))

    def stop(self) -> None:
        """End it; what it kept stays."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def count(self) -> int:
        """How many messages were kept."""
        return len(list(self._dumps.iterdir()))

    def messages(self) -> list[Sunk]:
        """What was kept, oldest first."""
        files = sorted(self._dumps.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [_read(path) for path in files]

    def wait_for(self, count: int, timeout: float = 20.0) -> list[Sunk]:
        """The messages as soon as there are ``count`` of them."""
        wait_until(lambda: self.count() >= count, f"{count} messages in the sink", timeout)
        return self.messages()

    def clear(self) -> None:
        """Forget what was kept, for the next test."""
        for path in self._dumps.iterdir():
            path.unlink()


def _read(path: Path) -> Sunk:
    dump = path.read_bytes()
    envelope: dict[str, list[str]] = {"Mail": [], "Rcpt": []}
    while match := re.match(rb"X-(\w+)-(?:Args|Addr|Proto): (.*)\n", dump):
        envelope.setdefault(match[1].decode(), []).append(
            re.sub(r"^<([^>]*)>.*", r"\1", match[2].decode())
        )
        dump = dump[match.end() :]
    return Sunk(envelope["Mail"][0], tuple(envelope["Rcpt"]), dump)
