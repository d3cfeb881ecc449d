"""A program on a terminal of its own: type, and read what a person would see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import pyte

DEADLINE = 30.0


class PtyProgram:
    """``argv`` on a pseudo-terminal of 100×30; ended at the end of the block."""

    def __init__(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
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
    def text(self) -> str:
        """What stands on the terminal now."""
        return "\n".join(self._screen.display)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

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
        ready, _w, _x = select.select([self._master], [], [], seconds)
        if ready:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return False
            self.raw += data
            # pyte knows no sequences of the kitty protocol and takes them for text.
            self._stream.feed(data.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))
        return True

    def ends(self) -> int:
        """Wait for the program's end; its exit status."""
        self.until(lambda: self._popen.poll() is not None, "the end")
        while self.read(0.05) and select.select([self._master], [], [], 0)[0]:
            pass
        return self._popen.returncode

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
