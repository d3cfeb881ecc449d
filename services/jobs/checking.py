"""The checks of imported documents, behind the import and in another process (R40)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from services.fiscal.checks import Checks
    from services.reading.tick import Reader
    from services.store.engine import Store

T = TypeVar("T")
_Batch: TypeAlias = list[tuple[int, str, bytes]]
_BATCH = 64
_BATCH_BYTES = 8 * 1024 * 1024
_BESIDE_SECONDS = 0.1
_LEASE = "checks"
_LEASE_SECONDS = 60.0


async def check_documents(
    store: Store, trusted_file: Path | None = None, *, reader: Reader | None = None
) -> int:
    """Label every imported document that has no labels yet, or is to have new ones; how many.

    One process does it at a time. A document on which the checks break or take too long is
    labelled as not verifiable and never stops the others. ``reader`` lends its child and its
    writer: a second child costs memory, and a second writer keeps the first one waiting.
    """
    from services.store import owner as owners

    owner = owners.name()
    done = after = 0
    taken_at: float | None = None
    extractor = reader.extractor if reader is not None else None
    write = reader.write if reader is not None else partial(_write, store)
    recording: asyncio.Task[None] | None = None
    coming: asyncio.Task[_Batch] | None = None
    if not await asyncio.to_thread(partial(_any_left, store)):
        return 0
    try:
        while True:
            if taken_at is None or time.monotonic() - taken_at > _LEASE_SECONDS / 3:
                asked_at = time.monotonic()
                if not await write(partial(_take, owner=owner)):
                    break
                taken_at = asked_at
            batch = await (coming or asyncio.to_thread(partial(_batch, store, after)))
            if not batch:
                break
            if extractor is None:
                from services.reading.taking_apart.extractor import Extractor

                extractor = Extractor(trusted_file=trusted_file)
            after = batch[-1][0]
            # Fetched while these are checked, as those before are written down.
            coming = asyncio.create_task(asyncio.to_thread(partial(_batch, store, after)))
            found = await extractor.check_many([data for *_which, data in batch])
            labelled = [
                (document_id, sha256, checks)
                for (document_id, sha256, _data), checks in zip(batch, found, strict=True)
            ]
            if recording is not None:
                await recording
            recording = asyncio.ensure_future(write(partial(_record, found=labelled)))
            done += len(batch)
    finally:
        try:
            if coming is not None:
                await asyncio.gather(coming, return_exceptions=True)
            if recording is not None:
                await asyncio.shield(recording)
        finally:
            if extractor is not None and reader is None:
                await asyncio.shield(extractor.close())
            if taken_at is not None:
                await asyncio.shield(write(partial(_give_back, owner=owner)))
    return done


async def check_beside(
    work: asyncio.Future[Any],
    store: Store,
    trusted_file: Path | None = None,
    *,
    reader: Reader | None = None,
) -> int:
    """Check what ``work`` imports while it goes on, and what is left when it has ended; how many.

    How ``work`` ended is for its owner to see.
    """
    done = 0
    while True:
        last = work.done()
        done += await check_documents(store, trusted_file, reader=reader)
        if last:
            return done
        await asyncio.wait([work], timeout=_BESIDE_SECONDS)


async def _write(store: Store, work: Callable[[Session], T]) -> T:
    def unit() -> T:
        with store.writing() as session:
            return work(session)

    return await asyncio.to_thread(unit)


def _unchecked(after: int) -> Select[int, int]:
    from sqlalchemy import select

    from services.store.mail import Blob, Document

    return (
        select(Document.id, Blob.size)
        .join(Blob, Blob.sha256 == Document.sha256)
        .where(Document.checked_at.is_(None), Document.id > after)
        .order_by(Document.id)
        .limit(_BATCH)
    )


def _any_left(store: Store) -> bool:
    with store.reading() as session:
        return session.execute(_unchecked(0).limit(1)).first() is not None


def _take(session: Session, *, owner: str) -> bool:
    from services.store import leases

    return leases.take(session, _LEASE, owner, _LEASE_SECONDS) is not None


def _batch(store: Store, after: int) -> _Batch:
    from sqlalchemy import select

    from services.store.mail import Blob, Document

    with store.reading() as session:
        room = _BATCH_BYTES
        few: list[int] = []
        for document_id, size in session.execute(_unchecked(after)):
            room -= size
            if few and room < 0:
                break
            few.append(document_id)
        data = (
            select(Document.id, Blob.sha256, Blob.data)
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(Document.id.in_(few))
            .order_by(Document.id)
        )
        return [(row[0], row[1], row[2]) for row in session.execute(data)]


def _record(session: Session, *, found: Sequence[tuple[int, str, Checks]]) -> None:
    """Write the labels of what was checked; what took its place meanwhile is checked the next time."""
    from services.clock import now
    from services.reading.columns import reasons_text
    from services.store.mail import Document
    from services.store.rows import update_rows

    at = now()
    update_rows(
        session,
        Document,
        ("id", "sha256"),
        [
            {
                "id": document_id,
                "sha256": sha256,
                "check_access_key": checks.access_key.code,
                "check_schema": checks.schema.code,
                "check_signature": checks.signature.code,
                "check_certificate": checks.certificate.code,
                "check_chain": checks.chain.code,
                "check_protocol": checks.protocol.code,
                "check_reasons": reasons_text(checks),
                "checked_at": at,
            }
            for document_id, sha256, checks in found
        ],
    )


def _give_back(session: Session, *, owner: str) -> None:
    from services.store import leases

    leases.give_back(session, _LEASE, owner)
