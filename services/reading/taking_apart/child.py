"""The process in which strangers' messages are taken apart; started by the extractor only.

It holds no secret and no connection, has little memory and yields to everybody else.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import resource
import signal
import struct
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import BinaryIO

from services.fiscal.checks import check
from services.fiscal.danfe import Danfe
from services.fiscal.labels import CHECKS, Check, Checks
from services.fiscal.printing import render
from services.reading.taking_apart import frames
from services.reading.taking_apart.extract import Extracted, extract
from services.reading.taking_apart.findings import Preview
from services.reading.taking_apart.preview import look
from services.reading.taking_apart.problems import Caps, Problem
from services.reading.taking_apart.shared import opened, received

MEMORY = 700 * 1024 * 1024
# What does not fit into the shared memory: a pipe of 64 KB would be filled and emptied often.
_PIPE = 1024 * 1024
_PR_SET_PDEATHSIG = 1
_NICENESS = 10


def main() -> None:
    """Answer requests from standard input until its end.

    The first argument is the shared memory, the second, if any, the file of trusted issuers.
    """
    _give_up_privileges()
    for end in (sys.stdin, sys.stdout):
        with suppress(OSError):
            fcntl.fcntl(end.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
    # What is there now stays: the collector need not go through it in the midst of messages.
    gc.freeze()
    memory = opened(int(sys.argv[1]))
    trusted_file = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    source = sys.stdin.buffer
    target = sys.stdout.buffer
    _send(target, [frames.READY])
    while (head := source.read(frames.REQUEST.size)) and len(head) == frames.REQUEST.size:
        kind, shared, count = frames.REQUEST.unpack(head)
        sizes = struct.unpack(f"<{count}Q", source.read(8 * count))
        items = received(memory, sizes) if shared else map(source.read, sizes)
        if kind == frames.EXTRACT:
            _send(target, frames.extracted_reply([_extract(item) for item in items]))
        elif kind == frames.PREVIEW:
            _send(target, frames.previews_reply([_look(item) for item in items]))
        elif kind == frames.CHECK:
            _send(target, frames.checks_reply([_check(item, trusted_file) for item in items]))
        else:
            _send(target, frames.printed_reply([_print(item) for item in items]))


def _extract(raw: bytes) -> Extracted:
    try:
        return extract(raw, Caps())
    except MemoryError:
        return Extracted(problems=(Problem("too_large", "MemoryError"),))
    except Exception as error:  # noqa: BLE001 - one bad message never stops the others (R41)
        return Extracted(problems=(Problem("poison", type(error).__name__),))


def _check(xml: bytes, trusted_file: Path | None) -> Checks:
    try:
        return check(xml, trusted_file)
    except Exception as error:  # noqa: BLE001 - a label is owed for every document (R40)
        return Checks(*[Check("unverifiable", "given_up", type(error).__name__)] * len(CHECKS))


def _print(xml: bytes) -> Danfe:
    try:
        # What a library says in passing would be taken for our answer.
        with redirect_stdout(sys.stderr):
            return render(xml)
    except Exception:  # noqa: BLE001 - a document without a DANFE is sent all the same (R31)
        return Danfe(why="failed")


def _look(raw: bytes) -> Preview:
    try:
        return look(raw, Caps())
    except Exception:  # noqa: BLE001 - a look that fails shows nothing (R41)
        return Preview(whole=False)


def _send(target: BinaryIO, pieces: list[bytes]) -> None:
    target.write(b"".join(pieces))
    target.flush()


def _give_up_privileges() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _yield_to_others()


def _yield_to_others() -> None:
    """Be last for a core: as a process, and as the session that Linux shares cores out to.

    A session of its own has as much of a core as the console's whatever the niceness of what is
    in it, until the session is given a niceness (sched(7), autogroup).
    """
    os.nice(_NICENESS)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS))


if __name__ == "__main__":
    main()
