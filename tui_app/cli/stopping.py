"""Signals: Ctrl-C is heard between two pieces of work and known by what it cut; ignored ones stay so."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.errors import CarteiroError
from services.language import _


@contextmanager
def between_pieces() -> Iterator[Callable[[], None]]:
    """Gives what is to be called before each piece: after Ctrl-C it raises ``KeyboardInterrupt``.

    The piece under way is carried to its end, so that what is told of the work is what was done.
    A second Ctrl-C waits for nothing. Where Ctrl-C is ignored, as behind ``nohup``, it stays so.
    """
    pressed = False

    def note(_number: int, _frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        if sys.stderr.isatty():
            words = _("Parando ao fim deste lote; Ctrl-C de novo para já.")
            # The stream itself may be in the middle of a write of its own.
            os.write(sys.stderr.fileno(), f"\r\x1b[K{words}".encode())

    def stop() -> None:
        if pressed:
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield stop
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def heeded(*signals: int) -> list[int]:
    """Those of ``signals`` that are not ignored: behind ``nohup`` a lost terminal ends nothing."""
    return [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]


class Interrupted(CarteiroError):
    """Ctrl-C; ``message`` may say what was done until then."""

    code = "interrupted"
    exit_status = 130


def interrupted(error: BaseException) -> bool:
    """Was it Ctrl-C? What it cuts, like a statement of the database, may fail in other words."""
    met: BaseException | None = error
    while met is not None and not isinstance(met, KeyboardInterrupt):
        met = met.__cause__ or (None if met.__suppress_context__ else met.__context__)
    return met is not None
