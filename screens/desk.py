"""What every screen needs from the program: the services, the person, the chosen company."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from services.office import Office
    from services.registry.access import Actor
    from services.registry.companies import CompanyView
    from services.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


class Desk:
    """Opened after the first paint; until then ``ready`` is not set and screens show a skeleton."""

    mark = ""
    """Stands at the left of every top bar: what is no installation says so."""
    opening = ""
    """What the first screen says until the services are there, where that takes long."""

    def __init__(self, settings: Settings, user: str | None = None) -> None:
        self.settings = settings
        self.user = user
        self.ready = asyncio.Event()
        self._office: Office | None = None
        self._actor: Actor | None = None
        self.company: CompanyView | None = None

    @property
    def office(self) -> Office:
        """The services; only once ``ready`` is set."""
        assert self._office is not None
        return self._office

    @property
    def actor(self) -> Actor:
        """The person at the keyboard; only once ``ready`` is set."""
        assert self._actor is not None
        return self._actor

    def open(self, office: Office) -> None:
        """Take over the services; the person is known later."""
        self._office = office

    def seat(self, actor: Actor) -> None:
        """The person is known: screens may ask."""
        self._actor = actor
        self.ready.set()

    @property
    def is_open(self) -> bool:
        """True once the services are there."""
        return self._office is not None

    async def ask(
        self, service: Callable[Concatenate[Any, Actor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The answer of a reading service, asked in this person's name."""
        await self.ready.wait()
        return await self.office.ask(service, self.actor, *args, **kwargs)

    async def do(
        self, service: Callable[Concatenate[Any, Actor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The committed result of a changing service, done in this person's name."""
        await self.ready.wait()
        return await self.office.do(service, self.actor, *args, **kwargs)
