"""A server of a folder and a process of its own: started, waited for, ended by its pid."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from tests.servers.ports import Process, open_folder


class Server:
    """``with Server() as server``: started, and gone with its folder in the end.

    A subclass gives :meth:`argv` and the ``ports`` on which it answers once it is up.
    """

    ENDS_ON: ClassVar[signal.Signals] = signal.SIGTERM
    OUTPUT: ClassVar[str] = "output.log"

    def __init__(self, prefix: str) -> None:
        self.folder = open_folder(f"{prefix}-")
        self.host = "127.0.0.1"
        self.ports: tuple[int, ...] = ()
        self._process: Process | None = None

    def argv(self) -> Sequence[str]:
        """What runs it in the foreground."""
        raise NotImplementedError

    def start(self) -> None:
        """Start, or start again on the same ports with what it has kept."""
        self._process = Process(
            self.argv(), self.folder / self.OUTPUT, ports=self.ports, cwd=self._cwd()
        )

    def stop(self) -> None:
        """End it, and with it every session; what it has kept stays."""
        if self._process is not None:
            self._process.stop(self.ENDS_ON)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cwd(self) -> Path | None:
        return None
