"""Recording outcomes durably, as many to a commit as have come meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from services.errors import Unavailable
from services.health import activity, facts
from services.language import _
from services.outbox.outcomes import Outcome, RecipientOutcome, finish
from services.sending import failures
from services.sending.threads import Threads
from services.store.mail import OutboxState
from services.store.models import Function

BATCH = 50
MOST_WAITING = 32
"""Outcomes not yet on record beyond which nothing more may be sent: with a host that is lost they
are lost, and those e-mails leave once more. Half of it would cost a tenth of the speed over
PostgreSQL."""
_PAUSE = 1.0

_log = logging.getLogger(__name__)


class Recorder:
    """Takes outcomes and writes them under ``owner``'s claims; ``settled`` hears of the e-mails done with.

    While the database does not answer, outcomes are kept and tried again. One that it refuses takes
    no other with it, and is on record as uncertain.
    """

    def __init__(
        self, threads: Threads, owner: str, settled: Callable[[Sequence[int]], None]
    ) -> None:
        self.recorded = 0
        self.owner = owner
        self._threads = threads
        self._settled = settled
        self._waiting: deque[Outcome] = deque()
        self._works: set[int] = set()
        self._ending = False
        self._singly = 0
        self._news = asyncio.Event()

    @property
    def full(self) -> bool:
        """True when sending has to wait for the record."""
        return len(self._waiting) >= MOST_WAITING

    def add(self, outcome: Outcome) -> None:
        """An outcome to be recorded."""
        self._waiting.append(outcome)
        self._news.set()

    def works(self, server_id: int) -> None:
        """That this mailbox took a letter; noted with the next commit."""
        self._works.add(server_id)

    def dropped(self, message_id: int) -> None:
        """That a claim was handed back: there is nothing to record."""
        self._settled((message_id,))

    def end(self) -> None:
        """Record what is left, then :meth:`run` returns."""
        self._ending = True
        self._news.set()

    async def run(self) -> None:
        """Record until :meth:`end`."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._record()
            if self._ending:
                return

    async def _record(self) -> None:
        size = 1 if self._singly else BATCH
        batch = [self._waiting[i] for i in range(min(size, len(self._waiting)))]
        works = frozenset(self._works)
        try:
            await self._threads.write(_write, batch, works, self.owner)
        except Unavailable as e:
            _log.warning("outcomes cannot be recorded yet: %s", e.message)
            await asyncio.sleep(_PAUSE)
            return
        except Exception:  # noqa: BLE001 - whatever one is refused for is no reason to lose others
            _log.exception("%d outcomes cannot be recorded as they are", len(batch))
            if len(batch) > 1:
                # Whose fault it is will be found out one by one.
                self._singly = len(batch)
                return
            batch = await self._as_uncertain(batch[0])
        for _done in batch:
            self._waiting.popleft()
        self._singly = max(0, self._singly - len(batch))
        self._works -= works
        self.recorded += len(batch)
        self._settled([outcome.claim.message_id for outcome in batch])

    async def _as_uncertain(self, outcome: Outcome) -> list[Outcome]:
        """What cannot be recorded as it is was sent all the same: it must not leave again by itself."""
        why = _("O resultado não pôde ser registrado; os detalhes estão no log")
        bare = Outcome(
            outcome.claim,
            tuple(
                RecipientOutcome(each.position, OutboxState.UNCERTAIN, why=why)
                for each in outcome.recipients
            ),
            error=why,
        )
        try:
            await self._threads.write(_write, [bare], frozenset(), self.owner)
        except Unavailable:
            await asyncio.sleep(_PAUSE)
            return []
        except Exception:  # noqa: BLE001 - it is the last that can be tried
            _log.exception("nor as uncertain: e-mail %d", outcome.claim.message_id)
        return [outcome]


def _write(session: Session, batch: Sequence[Outcome], works: frozenset[int], owner: str) -> None:
    finished = finish(session, batch, owner)
    activity.count_sent(session, batch, finished)
    failures.tell(session, finished)
    for server_id in sorted(works):
        facts.note_success(session, server_id, function=Function.SEND)
