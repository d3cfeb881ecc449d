"""The one thread that writes what reading brings in: units of work are committed in groups."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from services.errors import Unavailable
from services.language import _
from services.store.engine import Store

T = TypeVar("T")
_log = logging.getLogger(__name__)
_GROUP = 8


@dataclass(slots=True)
class _Unit(Generic[T]):
    work: Callable[[Session], T]
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

    What waits while a commit is under way shares the next one: many small mailboxes cost few
    commits. A unit of work is a function of a session that may be run again: when one of a group
    raises, the group is undone and each is run alone, so that a failure touches only its own.
    When the thread itself ends, everything waiting and everything handed in later is refused with
    :class:`Unavailable`: a reading that cannot store must not delete.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._units: queue.SimpleQueue[_Unit[Any] | None] = queue.SimpleQueue()
        self._dead: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="reading-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[Session], T]) -> T:
        """The result of ``work`` once it is committed; cancelling the caller does not undo it."""
        loop = asyncio.get_running_loop()
        unit = _Unit(work, loop, loop.create_future())
        self._units.put(unit)
        if not self._thread.is_alive():
            self._refuse_waiting()
        return await asyncio.shield(unit.done)

    def close(self) -> None:
        """Commit what waits, then end the thread; blocks until it has ended."""
        self._units.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            open_ = True
            while open_:
                units = [self._units.get()]
                while len(units) < _GROUP and not self._units.empty():
                    units.append(self._units.get())
                open_ = None not in units
                self._commit([unit for unit in units if unit is not None])
        except BaseException as e:  # noqa: BLE001 - a dead writer must say so to everyone waiting
            self._dead = e
        finally:
            self._refuse_waiting()

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
                with self._store.writing() as session:
                    result = unit.work(session)
            except Exception as e:  # noqa: BLE001 - it belongs to whoever handed the work in
                unit.refuse(e)
            except BaseException as e:
                unit.refuse(e)
                raise
            else:
                unit.answer(result)

    def _refuse_waiting(self) -> None:
        error = Unavailable(_("A gravação da leitura parou; nada foi apagado no servidor"))
        error.__cause__ = self._dead
        while not self._units.empty():
            unit = self._units.get()
            if unit is not None:
                unit.refuse(error)
