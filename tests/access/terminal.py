"""A program on a terminal of its own: type, and read what a person would see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyte

DEADLINE = 30.0
_KITTY = re.compile(rb"\x1b\[(>[0-9]+|<)u")


class PtyProgram:
    """``argv`` on a pseudo-terminal; ended at the end of the block."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (100, 30),
    ) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._master, slave = pty.openpty()
        self.resize(*size)
        self.modes_before = termios.tcgetattr(self._master)
        self._popen = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        """The process on the terminal."""
        return self._popen.pid

    @property
    def handle(self) -> int:
        """The other side of the terminal, to be read and written directly."""
        return self._master

    @property
    def text(self) -> str:
        """What stands on the terminal now."""
        return "\n".join(self.screen.display)

    @property
    def modes(self) -> list[Any]:
        """How the terminal takes keys, as ``termios`` tells it."""
        return termios.tcgetattr(self._master)

    @property
    def asleep(self) -> bool:
        """Has the program been stopped?"""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def resize(self, columns: int, lines: int) -> None:
        """Another size, of which the program is told by a signal."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def forget(self) -> None:
        """Wipe the picture, which only a program that draws it whole brings back."""
        self.screen.reset()

    def send(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._popen.send_signal(number)

    def type(self, text: str, encoding: str = "utf-8") -> None:
        """Press keys."""
        os.write(self._master, text.encode(encoding))

    def shows(self, *words: str) -> None:
        """Wait until all ``words`` are to be read."""
        self.until(lambda: all(w in self.text for w in words), f"{words}")

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Go on reading until ``holds()``; fails with what is on the terminal."""
        end = time.monotonic() + DEADLINE
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"never came: {what}\n{self.text}\n{self.raw[-2000:]!r}")
            self.read(0.05)

    def read(self, seconds: float) -> bool:
        """Take in what comes within that time; False once the terminal is closed."""
        if self._told(seconds):
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return False
            self.raw += data
            # pyte knows no sequences of the kitty protocol and takes them for text.
            self._stream.feed(_KITTY.sub(b"", data))
        return True

    def ends_unseen(self) -> int:
        """Wait for the program's end without reading what it draws; its exit status."""
        return self._popen.wait(DEADLINE)

    def ends(self) -> int:
        """Wait for the program's end; its exit status."""
        self.until(lambda: self._popen.poll() is not None, "the end")
        while self.read(0.05) and self._told(0):
            pass
        return self._popen.returncode

    def _told(self, seconds: float) -> bool:
        """Is there something to take in, within that time?"""
        waiting = select.poll()
        waiting.register(self._master, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def kill(self) -> None:
        """End the program as a broken connection does: without a word."""
        self._popen.kill()
        self._popen.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait()
        os.close(self._master)


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
