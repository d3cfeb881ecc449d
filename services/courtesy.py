"""The person comes first: when a key was pressed, work that can wait begins a moment later.

The process has one person at most. Whoever receives the keys says :meth:`Courtesy.came`; a job
asks before it begins a piece of work, in its loop (:meth:`Courtesy.passed`) or in its thread
(:meth:`Courtesy.wait`). Where nobody types, asking costs a look at the clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# A key's frame is out by then,
FRAME_SECONDS = 0.008
# and after a key alone what it asked for, as a list's rows, is there too.
ALONE_SECONDS = 0.03
# Keys that are no further apart have a rhythm: the next is expected when it would come.
RHYTHM_SECONDS = 0.25
# Between two of them work may begin for so long at least, whatever is typed; else in their half.
WORK_SECONDS = 0.015
_LATE = 1.5
# How often whoever waits looks again: another key may have made room for work.
_LOOK_SECONDS = 0.005
# Who pressed a key so short a time ago is about to press another.
NEAR_SECONDS = 2.0


class Courtesy:
    """Since when the person has been there; may be asked from any thread.

    What is begun just before a key comes is in its way. So work begins after a key's frame, and
    early enough to be over when the next is due: with keys 45 ms apart it begins from 8 to 23 ms
    after each, and when none has come after 68 ms. At least a third of the time is work's.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._came = self._counted = float("-inf")
        self._apart = float("inf")

    def came(self) -> None:
        """A key was pressed: hold work back for a moment, unless it has just been held back."""
        at = self._clock()
        if at - self._counted >= FRAME_SECONDS + WORK_SECONDS:
            self._counted, self._apart = at, at - self._came
        self._came = at

    def near(self) -> bool:
        """True while keys are being pressed: work is better done in small pieces."""
        return self._clock() - self._came < NEAR_SECONDS

    def seconds(self) -> float:
        """How long a piece of work should still wait before it begins; 0 most of the time."""
        since = self._clock() - self._counted
        if self._apart > RHYTHM_SECONDS:
            return max(0.0, ALONE_SECONDS - since)
        if since < FRAME_SECONDS:
            return FRAME_SECONDS - since
        apart = max(self._apart, 2 * (FRAME_SECONDS + WORK_SECONDS))
        if since < apart / 2:
            return 0.0
        return max(0.0, _LATE * apart - since)

    async def passed(self) -> None:
        """Return when work may begin."""
        while seconds := self.seconds():  # noqa: ASYNC110 - a clock's, not an event's
            await asyncio.sleep(min(seconds, _LOOK_SECONDS))

    def wait(self) -> None:
        """:meth:`passed` for threads: blocks."""
        while seconds := self.seconds():
            time.sleep(min(seconds, _LOOK_SECONDS))


person = Courtesy()
