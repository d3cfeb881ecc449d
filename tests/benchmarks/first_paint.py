"""Cold start to first paint, as the person at a terminal of 120 by 40 sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# Control strings, control sequences, two-byte escapes: all that draws nothing by itself.
_ESCAPES = re.compile(
    rb"\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]", re.DOTALL
)
_ENOUGH = 10

BARE = (sys.executable, str(Path(__file__).with_name("bare_textual.py")))


def first_paint(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 30.0,
) -> float:
    """Seconds from starting ``argv`` to the first frame that shows at least ten characters.

    The program is then ended. :class:`AssertionError` with what came when it ends before or
    ``timeout`` passes.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    base = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(
        argv,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        cwd=cwd,
        env={**base, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})},
    )
    os.close(theirs)
    try:
        return _painted(ours, began, timeout)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)


def median_first_paint(
    argv: Sequence[str], *, runs: int = 7, environment: Mapping[str, str] | None = None
) -> float:
    """The median of ``runs`` after one that is not counted."""
    first_paint(argv, environment=environment)
    return statistics.median(first_paint(argv, environment=environment) for _ in range(runs))


def _painted(terminal: int, began: float, timeout: float) -> float:
    seen = b""
    while True:
        left = timeout - (time.perf_counter() - began)
        ready, _, _ = select.select([terminal], [], [], max(left, 0))
        assert ready, f"no frame within {timeout} s: {seen[-500:]!r}"
        try:
            more = os.read(terminal, 65536)
        except OSError:  # what Linux says at the end of a pty
            more = b""
        assert more, f"ended before its first frame: {seen[-2000:].decode(errors='replace')}"
        at = time.perf_counter() - began
        seen += more
        # An interface that has entered its own screen, not a line printed before it.
        _, entered, frame = seen.partition(b"\x1b[?1049h")
        if entered and _shown(frame) >= _ENOUGH:
            return at


def _shown(frame: bytes) -> int:
    return sum(len(word) for word in _ESCAPES.sub(b"", frame).split())
