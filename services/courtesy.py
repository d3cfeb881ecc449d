"""The person comes first: when a key was pressed, work that can wait begins a moment later.

The process has one person at most. Whoever receives the keys says :meth:`Courtesy.came`; a job
asks before it begins a piece of work, in its loop (:meth:`Courtesy.passed`) or in its thread
(:meth:`Courtesy.wait`). Where nobody types, asking costs a look at the clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# A key's frame is out well before that.
HELD_SECONDS = 0.03
# After that, work has at least so long, whatever is typed: a key held down leaves it a third.
LEAST_SECONDS = 0.015
# Who pressed a key so short a time ago is about to press another.
NEAR_SECONDS = 2.0


class Courtesy:
    """Since when the person has been there; may be asked from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = self._again = -1.0
        self._came = float("-inf")

    def came(self) -> None:
        """A key was pressed: hold work back for a moment, unless it has just been held back."""
        self._came = at = self._clock()
        if at >= self._again:
            self._until = at + HELD_SECONDS
            self._again = self._until + LEAST_SECONDS

    def near(self) -> bool:
        """True while keys are being pressed: work is better done in small pieces."""
        return self._clock() - self._came < NEAR_SECONDS

    def seconds(self) -> float:
        """How long a piece of work should still wait before it begins; 0 most of the time."""
        return max(0.0, self._until - self._clock())

    async def passed(self) -> None:
        """Return when work may begin."""
        if seconds := self.seconds():
            await asyncio.sleep(seconds)

    def wait(self) -> None:
        """:meth:`passed` for threads: blocks."""
        if seconds := self.seconds():
            time.sleep(seconds)


person = Courtesy()
