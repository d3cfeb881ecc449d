"""When a deferred e-mail is tried again (R33)."""

from __future__ import annotations

from datetime import timedelta

GIVE_UP = timedelta(days=5)
_PAUSES = tuple(timedelta(minutes=m) for m in (5, 15, 30, 60, 120, 240))


def pause(attempts: int) -> timedelta:
    """The pause after that many attempts: 5, 15, 30 minutes, 1, 2 and then every 4 hours."""
    return _PAUSES[min(max(attempts, 1), len(_PAUSES)) - 1]
