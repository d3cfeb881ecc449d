"""The one clock: aware UTC datetimes, replaceable in tests and for a past that is made up."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

_UPTIME = Path("/proc/uptime")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _source() if _source is not None else datetime.now(UTC)


def uptime() -> float:
    """Seconds for which this machine has been at work, its sleep not counted.

    The same for all its processes, whatever is done to the day's time: the kernel's own count is
    read, which a library that makes up the time for one process does not reach.
    """
    slept = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    try:
        since_start = float(_UPTIME.read_bytes().split()[0])
    except OSError:
        return time.monotonic()
    return since_start - max(0.0, slept)


def days_ago(days: float) -> datetime:
    """So long before now; 1970, when there was nothing yet, for what is longer ago or infinite."""
    try:
        return max(_EPOCH, now() - timedelta(days=days))
    except OverflowError:
        return _EPOCH


def set_source(source: Callable[[], datetime] | None) -> Callable[[], datetime] | None:
    """Let ``source`` tell the time instead, None for the system's clock; what told it before."""
    global _source
    before, _source = _source, source
    return before
