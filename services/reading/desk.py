"""What all mailboxes that are read at the same time share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session

from services.errors import Conflict
from services.health.tokens import SignIns
from services.language import _
from services.reading.taking_apart.extractor import Extractor
from services.reading.writer import Writer
from services.settings import Settings
from services.store import leases
from services.store.engine import Store
from services.wire.budget import Budget

T = TypeVar("T")
# Messages that are fetched but not imported yet, over all mailboxes; POP has as much under way.
_HELD = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Target:
    """A mailbox to read: an e-mail server with its POP side, and its deletion policy."""

    server_id: int
    partner_id: int
    email: str
    host: str
    delete_after: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One reading's lease on a mailbox; ``owner`` is unique to it.

    ``since`` is when the reading began that a killed reader left, which this one goes on with.
    """

    name: str
    owner: str
    fence: int
    since: datetime | None = None


class Lost(Conflict):
    """Another process has taken the mailbox over: whatever is still in hand is dropped."""


@dataclass
class Desk:
    """The database hot path, the child that takes messages apart, and the bytes in memory."""

    store: Store
    settings: Settings
    writer: Writer
    extractor: Extractor
    sign_ins: SignIns
    held: Budget = field(default_factory=lambda: Budget(_HELD))
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="reading-db")
    )

    async def ask(self, question: Callable[[Session], T]) -> T:
        """The answer of a function that only reads."""
        return await self.compute(partial(self._ask, question))

    async def compute(self, work: Callable[[], T]) -> T:
        """The result of ``work``, done in a thread: the event loop is for the person."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    async def do(self, claim: Claim, work: Callable[[Session], T], *, size: int = 0) -> T:
        """The result of ``work``, committed while the claim stands; :class:`Lost` otherwise.

        ``size`` is about how many bytes it stores, where they are many.
        """

        def fenced(session: Session) -> T:
            if not leases.holds(session, claim.name, claim.owner, claim.fence):
                raise Lost(_("Outro processo assumiu a leitura desta caixa"))
            return work(session)

        return await self.writer.do(fenced, size=size)

    async def close(self) -> None:
        """Commit what waits, then end threads and child."""
        await self.compute(self.writer.close)
        self.pool.shutdown(wait=True)
        self.sign_ins.close()
        await self.extractor.close()

    def _ask(self, question: Callable[[Session], T]) -> T:
        with self.store.reading() as session:
            return question(session)
