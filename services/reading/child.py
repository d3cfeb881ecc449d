"""The process in which strangers' messages are taken apart; started by the extractor only.

It holds no secret and no connection, has little memory and yields to everybody else.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from services.fiscal.checks import check
from services.reading import frames
from services.reading.extract import Extracted, extract
from services.reading.problems import Caps, Problem

MEMORY = 700 * 1024 * 1024
# A pipe of 64 KB would be filled and emptied forty times for a chunk of messages.
_PIPE = 1024 * 1024
_PR_SET_PDEATHSIG = 1
_NICENESS = 5


def main() -> None:
    """Answer requests from standard input until its end."""
    _give_up_privileges()
    for end in (sys.stdin, sys.stdout):
        with suppress(OSError):
            fcntl.fcntl(end.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
    source = sys.stdin.buffer
    target = sys.stdout.buffer
    _send(target, [frames.READY])
    while (head := source.read(frames.REQUEST.size)) and len(head) == frames.REQUEST.size:
        kind, count = frames.REQUEST.unpack(head)
        sizes = struct.unpack(f"<{count}Q", source.read(8 * count))
        if kind == frames.EXTRACT:
            _send(target, frames.extracted_reply([_extract(source.read(n)) for n in sizes]))
        else:
            _send(target, frames.checks_reply([check(source.read(n)) for n in sizes]))


def _extract(raw: bytes) -> Extracted:
    try:
        return extract(raw, Caps())
    except MemoryError:
        return Extracted(problems=(Problem("too_large", "MemoryError"),))
    except Exception as error:  # noqa: BLE001 - one bad message never stops the others (R41)
        return Extracted(problems=(Problem("poison", type(error).__name__),))


def _send(target: BinaryIO, pieces: list[bytes]) -> None:
    target.write(b"".join(pieces))
    target.flush()


def _give_up_privileges() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)


if __name__ == "__main__":
    main()
