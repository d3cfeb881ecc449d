"""Fetching, keeping and importing at the same time, batch behind batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from services.courtesy import person
from services.failure import WireError
from services.language import _
from services.reading.arrivals import Arrival, Kept, keep, note_too_large
from services.reading.desk import Claim, Desk, Target
from services.reading.importing import Imported, Source
from services.reading.memory import Wanted
from services.reading.recovery import import_safely, open_all
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.reading.under_way import Meter
from services.wire.pop3 import Pop3Session, Retrieved, TooLarge

MAX_MESSAGE = 40 * 2**20
_BATCH_MESSAGES = 32
_BATCH_BYTES = 3 * 2**20
_BATCH_SECONDS = 1.0


@dataclass(slots=True)
class _Batch:
    """Messages on their way, with the tasks that take them apart and sum them up, and where they are kept."""

    arrivals: list[Arrival] = field(default_factory=list)
    size: int = 0
    since: float = 0.0
    opening: asyncio.Task[list[Extracted | Problem]] | None = None
    digests: asyncio.Task[list[str]] | None = None
    kept: list[Kept] = field(default_factory=list)

    def full(self, at: float) -> bool:
        return (
            len(self.arrivals) >= _BATCH_MESSAGES
            or self.size >= _BATCH_BYTES
            or at - self.since > _BATCH_SECONDS
        )


class Intake:
    """The way of one session's messages into the database.

    ``kept`` are those that are stored and imported: they, and only they, may be deleted on the
    server. ``noted`` counts what is too large and was put into quarantine without its content.
    """

    def __init__(self, desk: Desk, target: Target, claim: Claim, meter: Meter, before: int) -> None:
        """``before`` is how many messages earlier sessions of this reading kept."""
        self._desk = desk
        self._target = target
        self._claim = claim
        self._meter = meter
        self._done = before
        self._group = asyncio.TaskGroup()
        self._held = 0
        self._fetched: asyncio.Queue[_Batch | None] = asyncio.Queue(1)
        self._stored: asyncio.Queue[_Batch | None] = asyncio.Queue(1)
        self.kept: list[Kept] = []
        self.noted = 0
        self.imported = Imported()

    async def run(self, pop: Pop3Session, wanted: Sequence[Wanted]) -> None:
        """Fetch ``wanted``; what has arrived before the session broke is still imported.

        Raises :class:`WireError` for a broken session, and whatever the database says.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._keep_all())
                group.create_task(self._import_all())
                cut = await self._fetch(pop, wanted)
                await self._fetched.put(None)
        except BaseExceptionGroup as e:
            raise e.exceptions[0] from e
        finally:
            self._give_back(self._held)
        if cut is not None:
            raise cut

    async def _fetch(self, pop: Pop3Session, wanted: Sequence[Wanted]) -> WireError | None:
        """Hand over batches until the end, or until the session breaks: then why."""
        clock = asyncio.get_running_loop().time
        places = {item.number: item for item in wanted}
        expected = [item for item in wanted if item.size <= MAX_MESSAGE]
        answered = 0
        batch = _Batch(since=clock())
        cut: WireError | None = None
        try:
            items = pop.retrieve(
                [item.number for item in wanted],
                [item.size for item in wanted],
                max_bytes=MAX_MESSAGE,
            )
            async with aclosing(items):
                async for item in items:
                    await person.passed()
                    place = places[item.number]
                    answered += place.size <= MAX_MESSAGE
                    if isinstance(item, TooLarge):
                        await self._too_large(place, item.size)
                    elif isinstance(item, Retrieved):
                        batch = await self._add(batch, place, item.data)
                        if batch.full(clock()):
                            batch = await self._flush(batch)
        except WireError as e:
            cut = e
            if e.failure.kind == "size" and answered < len(expected):
                # A message without an end: the next session must get past it.
                await self._too_large(expected[answered], MAX_MESSAGE + 1)
        await self._flush(batch)
        return cut

    async def _add(self, batch: _Batch, place: Wanted, raw: bytes) -> _Batch:
        size = len(raw)
        if not self._desk.held.take_now(size):
            # Whoever waits must hold nothing that is not on its way: others wait for it.
            batch = await self._flush(batch)
            await self._desk.held.take(size)
        self._held += size
        batch.arrivals.append(Arrival(place.number, place.uidl, place.size, raw))
        batch.size += size
        return batch

    async def _flush(self, batch: _Batch) -> _Batch:
        """Start on the batch before it comes to its turn: the writer is the slowest and must not wait."""
        if batch.arrivals:
            raws = [arrival.raw for arrival in batch.arrivals]
            batch.opening = self._group.create_task(open_all(self._desk, raws))
            work = partial(_digests, batch.arrivals)
            batch.digests = self._group.create_task(self._desk.compute(work))
            await self._fetched.put(batch)
        return _Batch(since=asyncio.get_running_loop().time())

    async def _keep_all(self) -> None:
        """Keep each batch durably, while the child takes it apart."""
        while (batch := await self._fetched.get()) is not None:
            assert batch.digests is not None
            digests = await batch.digests
            self._done += len(batch.arrivals)
            work = partial(
                _keep,
                target=self._target,
                arrivals=batch.arrivals,
                digests=digests,
                tell=partial(self._meter.tell, done=self._done),
            )
            batch.kept = await self._desk.do(self._claim, work, size=batch.size)
            batch.arrivals = []
            await self._stored.put(batch)
        await self._stored.put(None)

    async def _import_all(self) -> None:
        source = Source(self._target.partner_id, self._target.server_id)
        while (batch := await self._stored.get()) is not None:
            assert batch.opening is not None
            extracted = await batch.opening
            fresh = [
                (kept.inbound_id, what)
                for kept, what in zip(batch.kept, extracted, strict=True)
                if kept.fresh
            ]
            self.imported.add(await import_safely(self._desk, self._claim, source, fresh))
            self.kept += batch.kept
            self._give_back(batch.size)

    def _give_back(self, size: int) -> None:
        self._held -= size
        self._desk.held.release(size)

    async def _too_large(self, place: Wanted, size: int) -> None:
        detail = _("{size} MB no servidor; o limite é {limit} MB").format(
            size=size // 2**20, limit=MAX_MESSAGE // 2**20
        )
        work = partial(_note, target=self._target, place=place, size=size, detail=detail)
        self.noted += await self._desk.do(self._claim, work)


def _digests(arrivals: list[Arrival]) -> list[str]:
    return [arrival.digest() for arrival in arrivals]


def _keep(
    session: Session,
    *,
    target: Target,
    arrivals: list[Arrival],
    digests: list[str],
    tell: Callable[[Session], None],
) -> list[Kept]:
    kept = keep(session, target.partner_id, target.server_id, arrivals, digests)
    tell(session)
    return kept


def _note(session: Session, *, target: Target, place: Wanted, size: int, detail: str) -> bool:
    return note_too_large(
        session, target.partner_id, target.server_id, place, size=size, detail=detail
    )
