"""The one thread that writes what reading brings in: units of work are committed in groups."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from services.courtesy import person
from services.errors import Unavailable
from services.language import _
from services.store.engine import Store, is_ring

T = TypeVar("T")
_log = logging.getLogger(__name__)
_GROUP = 8
# Bytes after which the log is carried over into the database file beside the next commits, and
# after how many of them and seconds without work it is done in the pause.
_CARRY_OVER = 96 * 2**20
_CARRY_LEFT = 4 * 2**20
_PAUSE_SECONDS = 1.0
# How often a unit is run again for such a reason.
_RINGS = 3


@dataclass(slots=True)
class _Unit(Generic[T]):
    work: Callable[[Session], T]
    size: int
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[T]

    def answer(self, result: T) -> None:
        self._call(partial(self._settle, self.done.set_result, result))

    def refuse(self, error: BaseException) -> None:
        self._call(partial(self._settle, self.done.set_exception, error))

    def _settle(self, settle: Callable[[Any], None], value: object) -> None:
        if not self.done.done():
            settle(value)

    def _call(self, tell: Callable[[], object]) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(tell)


class Writer:
    """Commits units of work in the order in which they were handed in.

    What waits while a commit is under way shares the next one, and so does what is handed in at
    the same time: many small mailboxes cost few commits. A unit of work is a function of a session
    that may be run again: when one of a group raises, the group is undone and each is run alone, so
    that a failure touches only its own.
    When the thread itself ends, everything waiting and everything handed in later is refused with
    :class:`Unavailable`: a reading that cannot store must not delete.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._units: queue.SimpleQueue[list[_Unit[Any]] | None] = queue.SimpleQueue()
        self._waiting: deque[_Unit[Any]] = deque()
        self._coming: list[_Unit[Any]] = []
        self._dead: BaseException | None = None
        self._ended = False
        self._refusing = threading.Lock()
        self._uncarried = 0
        self._carrying: threading.Thread | None = None
        self._thread = threading.Thread(target=self._run, name="reading-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[Session], T], *, size: int = 0) -> T:
        """The result of ``work`` once it is committed; cancelling the caller does not undo it.

        ``size`` is about how many bytes it stores, where they are many.
        """
        loop = asyncio.get_running_loop()
        unit = _Unit(work, size, loop, loop.create_future())
        self._coming.append(unit)
        if len(self._coming) == 1:
            # Whoever was answered by the same commit may be about to hand in more.
            loop.call_soon(loop.call_soon, self._hand_over)
        return await asyncio.shield(unit.done)

    def _hand_over(self) -> None:
        # All at once: the thread is not to begin with the first while others follow.
        units, self._coming = self._coming, []
        self._units.put(units)
        if self._ended:
            self._refuse_waiting()

    def close(self) -> None:
        """Commit what waits, then end the thread; blocks until it has ended."""
        self._units.put(None)
        self._thread.join()
        if self._carrying is not None:
            self._carrying.join()

    def _run(self) -> None:
        try:
            open_ = True
            while open_ or self._waiting:
                open_ = open_ and self._take()
                person.wait()
                group = list(islice(self._waiting, _GROUP))
                self._commit(group)
                # Until here they wait: should the thread end over one, all are refused.
                for _each in group:
                    self._waiting.popleft()
                self._uncarried += sum(unit.size for unit in group)
                if self._uncarried >= _CARRY_OVER:
                    self._carry_over()
        except BaseException as e:  # noqa: BLE001 - a dead writer must say so to everyone waiting
            self._dead = e
        finally:
            self._ended = True
            self._refuse_waiting()

    def _take(self) -> bool:
        """Take over what was handed in, waiting for it when there is none; False at the end."""
        while not (self._waiting and self._units.empty()):
            units = self._units.get() if self._waiting else self._next()
            if units is None:
                return False
            self._waiting += units
        return True

    def _commit(self, group: list[_Unit[Any]]) -> None:
        if len(group) > 1:
            try:
                with self._store.writing() as session:
                    results = [unit.work(session) for unit in group]
            except Exception:  # noqa: BLE001 - whose it is will be found out one by one
                _log.debug("a group of %d units was undone", len(group), exc_info=True)
            else:
                for unit, result in zip(group, results, strict=True):
                    unit.answer(result)
                return
        for unit in group:
            try:
                result = self._alone(unit)
            except Exception as e:  # noqa: BLE001 - it belongs to whoever handed the work in
                unit.refuse(e)
            except BaseException as e:
                unit.refuse(e)
                raise
            else:
                unit.answer(result)

    def _alone(self, unit: _Unit[T]) -> T:
        """Run one unit; again where PostgreSQL ended it for two that waited for each other."""
        for _again in range(_RINGS):
            try:
                with self._store.writing() as session:
                    return unit.work(session)
            except Unavailable as e:
                if not is_ring(e):
                    raise
        with self._store.writing() as session:
            return unit.work(session)

    def _next(self) -> list[_Unit[Any]] | None:
        """Wait for work; when there is none for a while, use the pause."""
        try:
            return self._units.get(timeout=_PAUSE_SECONDS if self._uncarried else None)
        except queue.Empty:
            if self._uncarried >= _CARRY_LEFT:
                self._carry_over()
            return self._units.get()

    def _carry_over(self) -> None:
        """See to it that no commit has to wait while the log is carried over."""
        if self._carrying is None or not self._carrying.is_alive():
            self._uncarried = 0
            self._carrying = threading.Thread(
                target=self._checkpoint, name="reading-checkpoint", daemon=True
            )
            self._carrying.start()

    def _checkpoint(self) -> None:
        try:
            self._store.checkpoint()
        except Exception:  # noqa: BLE001 - it only costs speed: SQLite does it later by itself
            _log.debug("the log was not carried over", exc_info=True)

    def _refuse_waiting(self) -> None:
        error = Unavailable(_("A gravação da leitura parou; nada foi excluído do servidor"))
        error.__cause__ = self._dead
        # Whoever hands in as the thread ends refuses too.
        with self._refusing:
            while not self._units.empty():
                self._waiting += self._units.get() or ()
            while self._waiting:
                self._waiting.popleft().refuse(error)
