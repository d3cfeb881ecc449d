"""The one door: builds and closes everything, and hands screens, command line and worker the same services."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from services.registry import access
from services.registry.access import Actor
from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.wake import watch

if TYPE_CHECKING:
    from services.health.tokens import SignIns

P = ParamSpec("P")
T = TypeVar("T")
Service = Callable[Concatenate[Session, P], T]


class Office:
    """Everything that one process needs of Carteiro, opened once.

    A service is a plain function whose first parameter is a session; :meth:`ask` runs it for
    reading and :meth:`do` as a unit of work, each in a thread pool of its own, so that the event
    loop stays with the person. The ``_now`` forms do the same without a loop, for the command line.
    Who asks is looked up again each time: what the partner takes away is gone at once (R53).
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.actor: Actor | None = None
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="db-read")
        self._writer = ThreadPoolExecutor(2, thread_name_prefix="db-write")
        self._listeners: list[Callable[[], None]] = []
        self._watch: asyncio.Task[None] | None = None

    @cached_property
    def sign_ins(self) -> SignIns:
        """Microsoft sign-ins for whoever tests a mailbox."""
        from services.health.tokens import SignIns

        return SignIns(self.store, self.settings)

    async def ask(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of a service that only reads."""
        call = functools.partial(self.ask_now, service, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    async def do(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a service that changes something, once it is committed.

        A cancelled caller does not undo it: the change is carried to its end.
        """
        call = functools.partial(self.do_now, service, *args, **kwargs)
        work = asyncio.get_running_loop().run_in_executor(self._writer, call)
        return await asyncio.shield(work)

    def ask_now(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`ask`, blocking."""
        with self.store.reading() as session:
            return _called(service, session, args, kwargs)

    def do_now(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`do`, blocking."""
        with self.store.writing() as session:
            return _called(service, session, args, kwargs)

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` on the event loop after every commit, here or elsewhere (R52).

        Returns what ends it. Needs a running loop at the first call.
        """
        self._listeners.append(listener)
        if self._watch is None:
            self._watch = asyncio.create_task(watch(self.store, self._changed), name="wake-up")
        return lambda: self._listeners.remove(listener)

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    async def close(self) -> None:
        """Stop listening, let running units of work end, close the database."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        self.close_now()

    def close_now(self) -> None:
        """:meth:`close` without a loop."""
        if "sign_ins" in self.__dict__:
            self.sign_ins.close()
        self._readers.shutdown(wait=True)
        self._writer.shutdown(wait=True)
        self.store.close()


def _called(
    service: Callable[..., T], session: Session, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    """The service's answer, for the person who asks as the partner has it now (R53)."""
    if args and isinstance(args[0], Actor):
        args = (access.current(session, args[0]), *args[1:])
    return service(session, *args, **kwargs)


def open_office(settings: Settings) -> Office:
    """Open the database of ``settings``; raises ``Unavailable`` saying what is missing."""
    return Office(settings, open_store(settings))
