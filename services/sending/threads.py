"""The sender's own way to the database: one thread that writes, two that read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from services.store.engine import Store

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Runs functions of a session off the event loop; a unit of work begun is carried to its end."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="send-write")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="send-read")

    async def read(
        self, call: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The answer of ``call(session, …)``."""

        def work() -> T:
            with self._store.reading() as session:
                return call(session, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def write(
        self, call: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The result of ``call(session, …)`` once it is committed."""

        def work() -> T:
            with self._store.writing() as session:
                return call(session, *args, **kwargs)

        running = asyncio.get_running_loop().run_in_executor(self._writer, work)
        return await asyncio.shield(running)

    def close(self) -> None:
        """Wait for what runs."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
