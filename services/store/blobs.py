"""Bytes by their SHA-256: kept once, fetched many at a time, gone with the last that refers to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.store.mail import Blob, Document, InboundMessage, OutboxAttachment
from services.store.rows import insert_rows

# The driver copies what goes into a statement: few megabytes at a time.
_BYTES_AT_ONCE = 640 * 1024
_FETCH = "SELECT sha256, data FROM blob WHERE sha256 = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many blobs went, and how many bytes they had."""

    count: int = 0
    size: int = 0


def keep_blobs(session: Session, blobs: Mapping[str, bytes]) -> None:
    """Keep bytes by their SHA-256; those that are there already stay as they are.

    They stay until the unit of work ends, in which they are referred to: :func:`drop_unused` in
    another process takes none of them.
    """
    missing = dict(sorted(blobs.items()))
    while missing:
        made = [
            row
            for part in _parts(missing)
            for row in insert_rows(
                session,
                Blob,
                part,
                conflict="ON CONFLICT DO NOTHING",
                returning=() if _one_writer(session) else ("sha256",),
            )
        ]
        if _one_writer(session):
            return
        for row in made:
            del missing[row[0]]
        held = select(Blob.sha256).where(Blob.sha256.in_(missing)).order_by(Blob.sha256)
        for sha256 in session.scalars(held.with_for_update(read=True, key_share=True)):
            del missing[sha256]


def drop_unused(session: Session, digests: Collection[str]) -> Dropped:
    """Drop those of ``digests`` that nothing refers to any more."""
    # What somebody is about to refer to is locked, and is passed over; what is locked here will be
    # kept anew by whoever wants it next. Only then is it asked who refers to it.
    wanted = (
        select(Blob.sha256, Blob.size)
        .where(Blob.sha256.in_(digests))
        .order_by(Blob.sha256)
        .with_for_update(skip_locked=True)
    )
    sizes = {row[0]: row[1] for row in session.execute(wanted)}
    if not sizes:
        return Dropped()
    for used in (
        select(OutboxAttachment.sha256).where(OutboxAttachment.sha256.in_(sizes)),
        select(Document.sha256).where(Document.sha256.in_(sizes)),
        select(InboundMessage.sha256).where(
            InboundMessage.sha256.in_(sizes), InboundMessage.raw_removed_at.is_(None)
        ),
    ):
        for sha256 in session.scalars(used.distinct()).all():
            sizes.pop(sha256, None)
    session.execute(
        delete(Blob).where(Blob.sha256.in_(sizes)),
        execution_options={"synchronize_session": False},
    )
    return Dropped(len(sizes), sum(sizes.values()))


def fetch_blobs(session: Session, wanted: Sequence[str]) -> dict[str, bytes]:
    """The bytes that are kept under ``wanted``; what is not kept is left out."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        rows = connection.execute(select(Blob.sha256, Blob.data).where(Blob.sha256.in_(wanted)))
        return {row[0]: row[1] for row in rows}
    import psycopg

    # As text, the driver's habit, every byte travels as two and is translated twice.
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor(binary=True) as cursor:
            cursor.execute(_FETCH, (list(wanted),))
            return dict(cursor.fetchall())
    except psycopg.OperationalError as e:
        raise OperationalError(_FETCH, None, e) from e


def _parts(blobs: Mapping[str, bytes]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    size = 0
    for sha256, data in blobs.items():
        if part and size + len(data) > _BYTES_AT_ONCE:
            yield part
            part, size = [], 0
        part.append({"sha256": sha256, "size": len(data), "data": data})
        size += len(data)
    if part:
        yield part


def _one_writer(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
