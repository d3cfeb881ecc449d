"""The one clock: aware UTC datetimes, replaceable in tests and for a past that is made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _source() if _source is not None else datetime.now(UTC)


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
