"""How far long work is, on stderr, and only for a person who looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

_EVERY = 0.2


class Progress(Protocol):
    """Told how many are done, of how many."""

    def __call__(self, done: int, total: int, /) -> None: ...


@contextmanager
def progress(words: str) -> Iterator[Progress]:
    """``words`` with the count behind them, written over itself and wiped at the end.

    Nothing where stderr is no terminal: logs and pipes get results only.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    shown = 0.0

    def show(done: int, total: int) -> None:
        nonlocal shown
        if done >= total or monotonic() - shown >= _EVERY:
            shown = monotonic()
            percent = 100 * done // total if total else 100
            sys.stderr.write(f"\r\x1b[K{words} {done}/{total} ({percent} %)")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
