"""A number of bytes shared by all sessions that fetch at the same time."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress


class Budget:
    """Hands out at most ``limit`` bytes at a time, first come, first served.

    What is larger than the limit is counted as the limit, so that it goes alone rather than
    never. For one event loop.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = limit
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take_now(self, size: int) -> bool:
        """Take ``size`` bytes if they are free and nobody has been waiting for them."""
        size = min(size, self._limit)
        if self._queue or size > self._free:
            return False
        self._free -= size
        return True

    async def take(self, size: int) -> None:
        """Take ``size`` bytes as soon as they are free."""
        if self.take_now(size):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((min(size, self._limit), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.release(size)
            else:
                # Who released in the same moment has passed it over already.
                with suppress(ValueError):
                    self._queue.remove((min(size, self._limit), turn))
                self.release(0)
            raise

    def release(self, size: int) -> None:
        """Give back what was taken."""
        self._free += min(size, self._limit)
        while self._queue and self._queue[0][0] <= self._free:
            wanted, turn = self._queue.popleft()
            if not turn.done():
                self._free -= wanted
                turn.set_result(None)
