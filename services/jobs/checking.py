"""The four checks of imported documents, behind the import and in another process (R40).

The child gets documents on its stdin, each behind its length in four bytes, and answers each with
a line of JSON. It knows neither the database nor any secret.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from services.store.engine import Store

log = logging.getLogger(__name__)

Codes: TypeAlias = tuple[str, str, str, str]

_BATCH = 50
_LEASE = "checks"
_LEASE_SECONDS = 60.0
_DOCUMENT_SECONDS = 10.0
_MEMORY = 1_500_000_000
_LENGTH = struct.Struct(">I")
_UNVERIFIABLE: Codes = ("unverifiable",) * 4
_PACKAGES = Path(__file__).resolve().parents[2]


async def check_documents(store: Store) -> int:
    """Label every imported document that has no labels yet; how many.

    One process does it at a time. A document on which the checks break or take too long is
    labelled as not verifiable and never stops the others.
    """
    owner = f"{os.getpid()}:{os.urandom(8).hex()}"
    done = 0
    child: _Child | None = None
    try:
        while True:
            batch = await asyncio.to_thread(partial(_claim, store, owner))
            if not batch:
                return done
            found: list[tuple[int, Codes]] = []
            for document_id, data in batch:
                child = child or await _Child.start()
                codes = await child.check(data)
                if codes is None:
                    log.warning("document %d could not be checked", document_id)
                    await child.end()
                    child = None
                found.append((document_id, codes or _UNVERIFIABLE))
            await asyncio.to_thread(partial(_record, store, found))
            done += len(found)
    finally:
        if child is not None:
            await asyncio.shield(child.end())
        if done:
            await asyncio.shield(asyncio.to_thread(partial(_give_back, store, owner)))


class _Child:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> _Child:
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-c",
                "from services.jobs.checking import child; child()",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PYTHONPATH": str(_PACKAGES), "PATH": os.defpath},
                start_new_session=True,
            )
        )

    async def check(self, data: bytes) -> Codes | None:
        """The four codes, or None when the child broke or took too long."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            async with asyncio.timeout(_DOCUMENT_SECONDS):
                stdin.write(_LENGTH.pack(len(data)) + data)
                await stdin.drain()
                first, second, third, fourth = json.loads(await stdout.readline())
        except (OSError, ValueError, TimeoutError):
            return None
        return first, second, third, fourth

    async def end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def child() -> None:
    """The other side: until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    from services.fiscal.checks import check

    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        found = check(source.read(_LENGTH.unpack(head)[0]))
        told = [
            found.access_key.code,
            found.schema.code,
            found.signature.code,
            found.certificate.code,
        ]
        sink.write(json.dumps(told).encode() + b"\n")
        sink.flush()


def _claim(store: Store, owner: str) -> list[tuple[int, bytes]]:
    from sqlalchemy import select

    from services.store import leases
    from services.store.mail import Blob, Document

    unchecked = (
        select(Document.id, Blob.data)
        .join(Blob, Blob.sha256 == Document.sha256)
        .where(Document.checked_at.is_(None))
        .order_by(Document.id)
        .limit(_BATCH)
    )
    with store.reading() as session:
        if not session.execute(unchecked.with_only_columns(Document.id).limit(1)).all():
            return []
    with store.writing() as session:
        if leases.take(session, _LEASE, owner, _LEASE_SECONDS) is None:
            return []
    with store.reading() as session:
        return [(row[0], row[1]) for row in session.execute(unchecked)]


def _record(store: Store, found: Sequence[tuple[int, Codes]]) -> None:
    from sqlalchemy import bindparam, update

    from services.clock import now
    from services.store.mail import Document

    with store.writing() as session:
        session.connection().execute(
            update(Document)
            .where(Document.id == bindparam("the_id"))
            .values(
                check_access_key=bindparam("a"),
                check_schema=bindparam("b"),
                check_signature=bindparam("c"),
                check_certificate=bindparam("d"),
                checked_at=now(),
            ),
            [
                {"the_id": number, "a": codes[0], "b": codes[1], "c": codes[2], "d": codes[3]}
                for number, codes in found
            ],
        )


def _give_back(store: Store, owner: str) -> None:
    from services.store import leases

    with store.writing() as session:
        leases.give_back(session, _LEASE, owner)
