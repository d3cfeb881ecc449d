"""Fetching, keeping and importing at the same time, batch behind batch."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import Session

from services.courtesy import person
from services.failure import WireError
from services.language import said
from services.reading.arrivals import (
    TOO_LARGE,
    Arrival,
    Kept,
    digests_of,
    keep,
    note_too_large,
)
from services.reading.desk import Claim, Desk, Target
from services.reading.importing import Imported, Source, import_messages
from services.reading.memory import Wanted, policy_of
from services.reading.recovery import REFUSALS, import_safely, open_all
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.reading.under_way import Meter
from services.store.blobs import put_by
from services.store.engine import Store
from services.store.segments import Place
from services.wire.pop3 import Pop3Session, Retrieved, TooLarge

_log = logging.getLogger(__name__)
MAX_MESSAGE = 40 * 2**20
# A session is ended after that: DELE takes effect at QUIT only, and one that is cut costs its own.
ASKING_SECONDS = 120.0
_BATCH_SECONDS = 1.0
# What SQLite's log takes for a message besides its own bytes: rows, indexes, a document.
_ROWS_BYTES = 32 * 1024
# A message that takes longer to be taken apart is kept before: it may be one that never ends.
_PATIENCE = 0.25


class _Pace(NamedTuple):
    """How large a batch is, and how many are on their way to the database at once."""

    messages: int
    size: int
    storing: int


_FULL = _Pace(48, 4 * 2**20, 2)
# A batch's work with the database is a piece that a key may have to wait for.
_BESIDE_A_PERSON = _Pace(32, 3 * 2**20, 1)


def _pace() -> _Pace:
    return _BESIDE_A_PERSON if person.near() else _FULL


@dataclass(slots=True)
class _Filling:
    """Messages that are being gathered."""

    since: float
    arrivals: list[Arrival] = field(default_factory=list)
    size: int = 0

    def full(self, at: float) -> bool:
        pace = _pace()
        return (
            len(self.arrivals) >= pace.messages
            or self.size >= pace.size
            or at - self.since > _BATCH_SECONDS
        )


@dataclass(slots=True)
class _Batch:
    """Messages on their way, with the tasks that take them apart, sum them up and put them by.

    ``held`` is how many bytes of them are in memory.
    """

    arrivals: list[Arrival]
    held: int
    opening: asyncio.Task[list[Extracted | Problem]]
    digests: asyncio.Task[tuple[list[str], dict[str, Place]]]


class Intake:
    """The way of one session's messages into the database.

    ``kept`` are those that are stored and imported: they, and only they, may be deleted on the
    server. ``noted`` counts what is too large and was put into quarantine without its content,
    ``answered`` all about which the server has said something: on a slow line some are left over.
    """

    def __init__(self, desk: Desk, target: Target, claim: Claim, meter: Meter, before: int) -> None:
        """``before`` is how many messages earlier sessions of this reading kept."""
        self._desk = desk
        self._target = target
        self._claim = claim
        self._meter = meter
        self._done = before
        self._group = asyncio.TaskGroup()
        self._filling = _Filling(asyncio.get_running_loop().time())
        self._held = 0
        self._fetched: asyncio.Queue[_Batch | None] = asyncio.Queue(1)
        self._alone = asyncio.Lock()
        self._opening: asyncio.Task[list[Extracted | Problem]] | None = None
        self.kept: list[Kept] = []
        self.noted = 0
        self.answered = 0
        self.imported = Imported()

    async def run(self, pop: Pop3Session, wanted: Sequence[Wanted]) -> None:
        """Fetch ``wanted``; what has arrived before the session broke is still imported.

        Raises :class:`WireError` for a broken session, and whatever the database says.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for _each in range(_FULL.storing):
                    group.create_task(self._store_all())
                over = asyncio.Event()
                hurrying = group.create_task(self._hurry(over))
                cut = await self._fetch(pop, wanted)
                over.set()
                await hurrying
                for _each in range(_FULL.storing):
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
        cut: WireError | None = None
        try:
            items = pop.retrieve(
                [item.number for item in wanted],
                [item.size for item in wanted],
                max_bytes=MAX_MESSAGE,
                asking_seconds=self._asking_seconds(wanted),
            )
            async with aclosing(items):
                async for item in items:
                    await person.passed()
                    place = places[item.number]
                    self.answered += 1
                    answered += place.size <= MAX_MESSAGE
                    if isinstance(item, TooLarge):
                        await self._too_large(place, item.size)
                    elif isinstance(item, Retrieved):
                        await self._add(place, item.data)
                        if self._filling.full(clock()):
                            await self._flush()
        except WireError as e:
            cut = e
            if e.failure.kind == "size" and answered < len(expected):
                # A message without an end: the next session must get past it.
                await self._too_large(expected[answered], MAX_MESSAGE + 1)
        await self._flush()
        return cut

    async def _hurry(self, over: asyncio.Event) -> None:
        """Hand over what the server keeps waiting for company: others wait for its bytes."""
        clock = asyncio.get_running_loop().time
        while not over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_BATCH_SECONDS):
                    await over.wait()
            if self._filling.full(clock()):
                await self._flush()

    def _asking_seconds(self, wanted: Sequence[Wanted]) -> float:
        """What stays there without a UIDL would be all that the next session came to."""
        goes = policy_of(self._target.delete_after).days == 0
        return ASKING_SECONDS if goes or all(item.uidl for item in wanted) else math.inf

    async def _add(self, place: Wanted, raw: bytes) -> None:
        size = len(raw)
        if not self._desk.held.take_now(size):
            # Whoever waits must hold nothing that is not on its way: others wait for it.
            await self._flush()
            await self._desk.held.take(size)
        self._held += size
        self._filling.arrivals.append(Arrival(place.number, place.uidl, place.size, raw))
        self._filling.size += size

    async def _flush(self) -> None:
        """Start on the batch before it comes to its turn: the writer is the slowest and must not wait."""
        batch, self._filling = self._filling, _Filling(asyncio.get_running_loop().time())
        if batch.arrivals:
            raws = [arrival.raw for arrival in batch.arrivals]
            self._opening = self._group.create_task(self._open(self._opening, raws))
            summing = self._group.create_task(
                self._desk.compute(partial(_put_by, self._desk.store, raws))
            )
            await self._fetched.put(_Batch(batch.arrivals, batch.size, self._opening, summing))

    async def _open(
        self, before: asyncio.Task[list[Extracted | Problem]] | None, raws: list[bytes]
    ) -> list[Extracted | Problem]:
        """What the batch holds, once the one before it is open: in turns, both would be late."""
        if before is not None:
            await asyncio.wait({before})
        return await open_all(self._desk, raws)

    async def _store_all(self) -> None:
        """Batch after batch into the database, as far ahead of its commits as the pace allows."""
        while (batch := await self._fetched.get()) is not None:
            if _pace().storing > 1:
                await self._store(batch)
            else:
                async with self._alone:
                    await self._store(batch)

    async def _store(self, batch: _Batch) -> None:
        """Keep a batch and import it, in one unit of work where the child is done with it."""
        source = Source(self._target.partner_id, self._target.server_id)
        digests, places = await batch.digests
        batch.arrivals = [
            a._replace(raw=b"") if sha256 in places else a
            for a, sha256 in zip(batch.arrivals, digests, strict=True)
        ]
        held = sum(len(a.raw) for a in batch.arrivals)
        size = held + _ROWS_BYTES * len(batch.arrivals)
        keeping = partial(
            _keep,
            target=self._target,
            arrivals=batch.arrivals,
            digests=digests,
            places=places,
            tell=partial(self._tell, fresh=len(batch.arrivals)),
        )
        await asyncio.wait({batch.opening}, timeout=_PATIENCE)
        if batch.opening.done():
            # Nobody needs the bytes any more that were put by: others are fetched meanwhile.
            self._give_back(batch.held - held)
            batch.held = held
            both = partial(
                _keep_and_import, keeping=keeping, source=source, extracted=await batch.opening
            )
            try:
                kept, imported = await self._desk.do(self._claim, both, size=size)
            except REFUSALS as e:
                _log.debug(
                    "a batch of %d is kept before it is imported: %s", len(batch.arrivals), e
                )
            else:
                self._stored(batch, kept, imported)
                return
        kept = await self._desk.do(self._claim, keeping, size=size)
        fresh = _fresh(kept, await batch.opening)
        self._stored(batch, kept, await import_safely(self._desk, self._claim, source, fresh))

    def _stored(self, batch: _Batch, kept: list[Kept], imported: Imported) -> None:
        self.kept += kept
        self._done += len(batch.arrivals)
        self.imported.add(imported)
        self._give_back(batch.held)

    def _tell(self, session: Session, fresh: int) -> None:
        """How far it is once ``session`` is committed: what is on its way elsewhere may never be."""
        self._meter.tell(session, self._done + fresh)

    def _give_back(self, size: int) -> None:
        self._held -= size
        self._desk.held.release(size)

    async def _too_large(self, place: Wanted, size: int) -> None:
        detail = said(TOO_LARGE).format(size=size // 2**20, limit=MAX_MESSAGE // 2**20)
        work = partial(_note, target=self._target, place=place, size=size, detail=detail)
        self.noted += await self._desk.do(self._claim, work)


def _put_by(store: Store, raws: Sequence[bytes]) -> tuple[list[str], dict[str, Place]]:
    digests = digests_of(raws)
    return digests, put_by(store, dict(zip(digests, raws, strict=True)))


def _keep(
    session: Session,
    *,
    target: Target,
    arrivals: list[Arrival],
    digests: list[str],
    places: dict[str, Place],
    tell: Callable[[Session], None],
) -> list[Kept]:
    kept = keep(session, target.partner_id, target.server_id, arrivals, digests, places)
    tell(session)
    return kept


def _fresh(
    kept: Sequence[Kept], extracted: Sequence[Extracted | Problem]
) -> list[tuple[int, Extracted | Problem]]:
    return [
        (each.inbound_id, what) for each, what in zip(kept, extracted, strict=True) if each.fresh
    ]


def _keep_and_import(
    session: Session,
    *,
    keeping: Callable[[Session], list[Kept]],
    source: Source,
    extracted: Sequence[Extracted | Problem],
) -> tuple[list[Kept], Imported]:
    kept = keeping(session)
    fresh = _fresh(kept, extracted)
    return kept, import_messages(session, source, fresh) if fresh else Imported()


def _note(session: Session, *, target: Target, place: Wanted, size: int, detail: str) -> bool:
    return note_too_large(
        session, target.partner_id, target.server_id, place, size=size, detail=detail
    )
