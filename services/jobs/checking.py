"""The checks of imported documents, behind the import and in another process (R40)."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.fiscal.checks import Checks
    from services.reading.extractor import Extractor
    from services.store.engine import Store

_BATCH = 200
_BATCH_BYTES = 8 * 1024 * 1024
_BESIDE_SECONDS = 1.0
_LEASE = "checks"
_LEASE_SECONDS = 60.0


async def check_documents(
    store: Store, trusted_file: Path | None = None, *, kept: Extractor | None = None
) -> int:
    """Label every imported document that has no labels yet, or is to have new ones; how many.

    One process does it at a time. A document on which the checks break or take too long is
    labelled as not verifiable and never stops the others. ``kept`` is used instead of a child of
    its own, and left open.
    """
    owner = f"{os.getpid()}:{os.urandom(8).hex()}"
    done = after = 0
    taken_at: float | None = None
    extractor = kept
    recording: asyncio.Task[None] | None = None
    try:
        while True:
            held = taken_at is not None and time.monotonic() - taken_at < _LEASE_SECONDS / 3
            asked_at = taken_at if held else time.monotonic()
            batch = await asyncio.to_thread(partial(_claim, store, owner, after, held=held))
            if not batch:
                break
            taken_at = asked_at
            if extractor is None:
                from services.reading.extractor import Extractor

                extractor = Extractor(trusted_file=trusted_file)
            found = await extractor.check_many([data for *_which, data in batch])
            labelled = [
                (document_id, sha256, checks)
                for (document_id, sha256, _data), checks in zip(batch, found, strict=True)
            ]
            if recording is not None:
                await recording
            # Written down while the next ones are checked.
            recording = asyncio.create_task(asyncio.to_thread(partial(_record, store, labelled)))
            done += len(batch)
            after = batch[-1][0]
    finally:
        if recording is not None:
            await asyncio.shield(recording)
        if extractor is not None and extractor is not kept:
            await asyncio.shield(extractor.close())
        if taken_at is not None:
            await asyncio.shield(asyncio.to_thread(partial(_give_back, store, owner)))
    return done


async def check_beside(
    work: asyncio.Future[Any], store: Store, trusted_file: Path | None = None
) -> int:
    """Check what ``work`` imports while it goes on, and what is left when it has ended; how many.

    How ``work`` ended is for its owner to see.
    """
    from services.reading.extractor import Extractor

    done = 0
    extractor = Extractor(trusted_file=trusted_file)
    try:
        while True:
            last = work.done()
            done += await check_documents(store, kept=extractor)
            if last:
                return done
            await asyncio.wait([work], timeout=_BESIDE_SECONDS)
    finally:
        await asyncio.shield(extractor.close())


def _claim(store: Store, owner: str, after: int, *, held: bool) -> list[tuple[int, str, bytes]]:
    from sqlalchemy import select

    from services.store import leases
    from services.store.mail import Blob, Document

    unchecked = (
        select(Document.id, Blob.size)
        .join(Blob, Blob.sha256 == Document.sha256)
        .where(Document.checked_at.is_(None), Document.id > after)
        .order_by(Document.id)
        .limit(_BATCH)
    )
    with store.reading() as session:
        if not session.execute(unchecked.limit(1)).all():
            return []
    if not held:
        with store.writing() as session:
            if leases.take(session, _LEASE, owner, _LEASE_SECONDS) is None:
                return []
    with store.reading() as session:
        room = _BATCH_BYTES
        few: list[int] = []
        for document_id, size in session.execute(unchecked):
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


def _record(store: Store, found: Sequence[tuple[int, str, Checks]]) -> None:
    """Write the labels of what was checked; what took its place meanwhile is checked the next time."""
    from sqlalchemy import bindparam, update

    from services.clock import now
    from services.reading.columns import reasons_text
    from services.store.mail import Document

    with store.writing() as session:
        session.connection().execute(
            update(Document)
            .where(Document.id == bindparam("the_id"), Document.sha256 == bindparam("of"))
            .values(
                check_access_key=bindparam("a"),
                check_schema=bindparam("b"),
                check_signature=bindparam("c"),
                check_certificate=bindparam("d"),
                check_chain=bindparam("e"),
                check_protocol=bindparam("f"),
                check_reasons=bindparam("why"),
                checked_at=now(),
            ),
            [
                {
                    "the_id": document_id,
                    "of": sha256,
                    "a": checks.access_key.code,
                    "b": checks.schema.code,
                    "c": checks.signature.code,
                    "d": checks.certificate.code,
                    "e": checks.chain.code,
                    "f": checks.protocol.code,
                    "why": reasons_text(checks),
                }
                for document_id, sha256, checks in found
            ],
        )


def _give_back(store: Store, owner: str) -> None:
    from services.store import leases

    with store.writing() as session:
        leases.give_back(session, _LEASE, owner)
