"""Writing to a terminal that may stand still: nobody waits for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_MOST = 262_144
"""Bytes that a terminal may be behind: some whole pictures of the largest."""


class Outlet:
    """A thread writes; what a terminal has no room for is dropped.

    Over SSH a network that dies in silence takes nothing and tells nothing: who waited for it
    would wait with the jobs in hand. ``again`` is called, in the thread, once a terminal that was
    too far behind has taken the rest, to draw the whole picture.
    """

    def __init__(self, handle: int, again: Callable[[], None]) -> None:
        self._handle = handle
        self._again = again
        self._waiting = bytearray()
        self._writing = self._behind = self._closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="terminal-output", daemon=True).start()

    def write(self, data: bytes) -> None:
        """Hand over; returns at once."""
        with self._changed:
            if self._closed:
                return
            if self._waiting and len(self._waiting) + len(data) > _MOST:
                self._behind = True
            if not self._behind:
                self._waiting += data
                self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Wait until all is written, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._writing, seconds)

    def close(self) -> None:
        """Write nothing more; what waits is dropped."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while (data := self._next()) is not None:
            try:
                while data:
                    data = data[os.write(self._handle, data) :]
            except OSError:  # the terminal is gone, of which a signal tells
                self.close()
            if self._caught_up():
                self._again()

    def _next(self) -> bytes | None:
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            data = bytes(self._waiting)
            self._waiting.clear()
            self._writing = True
            return data

    def _caught_up(self) -> bool:
        with self._changed:
            caught_up = self._behind and not self._waiting and not self._closed
            if caught_up:
                self._behind = False
            return caught_up
