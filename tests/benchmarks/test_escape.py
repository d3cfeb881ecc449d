"""From the byte of a lone Esc to the first byte of the picture without what it closes."""

from __future__ import annotations

import os
import select
import time

from tests.benchmarks.list_keys import read_until_quiet
from tests.terminals.conftest import Start, start, world  # noqa: F401 - found by name

COLD, TIMES = 3, 30
LIMIT_MS = 60


def _escape(fd: int) -> float:
    """Milliseconds until something is drawn."""
    began = time.perf_counter()
    os.write(fd, b"\x1b")
    assert select.select([fd], [], [], 5)[0]
    took = (time.perf_counter() - began) * 1000
    read_until_quiet(fd, 0.3)
    return took


def test_esc_is_answered_within_60_ms(start: Start) -> None:  # noqa: F811 - the fixture
    """At p95, on a dialog and on a list, on a terminal without the kitty protocol."""
    console = start(size=(120, 40))
    for place, opens in (("dialog", b"c"), ("list", b"4")):
        taken = []
        for _n in range(COLD + TIMES):
            os.write(console.handle, opens)
            read_until_quiet(console.handle, 0.5)
            taken.append(_escape(console.handle))
        taken = sorted(taken[COLD:])
        p95 = taken[int(TIMES * 0.95)]
        print(f"{place}: Esc {taken[TIMES // 2]:.1f} ms at p50, {p95:.1f} ms at p95")
        assert p95 <= LIMIT_MS
