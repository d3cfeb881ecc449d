"""Bytes by their SHA-256: kept once, fetched many at a time, gone with the last that refers to them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.store.engine import Store
from services.store.mail import Blob, Document, InboundMessage, OutboxAttachment
from services.store.rows import insert_rows
from services.store.segments import Place

_log = logging.getLogger(__name__)
# The driver copies what goes into a statement: few megabytes at a time.
_BYTES_AT_ONCE = 640 * 1024
# Less than that costs the database less than a file costs.
_WORTH_A_FILE = 256 * 1024
_FETCH = "SELECT sha256, data FROM blob WHERE sha256 = ANY(%s)"
# Built once: building a statement costs more than running it.
_THERE = select(Blob.sha256).where(Blob.sha256.in_(bindparam("wanted", expanding=True)))
_HERE = (
    "ON CONFLICT (sha256) DO UPDATE SET data = excluded.data, segment = NULL, position = NULL"
    " WHERE blob.segment IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many blobs went, and how many bytes they had."""

    count: int = 0
    size: int = 0


def put_by(store: Store, blobs: Mapping[str, bytes]) -> dict[str, Place]:
    """Have bytes outlive the power before the unit of work that is to keep them.

    Where each of them is, for :func:`keep_messages`. What is kept already is left out; and all of
    it where the database takes it as easily: when it is little, and always on PostgreSQL, which
    other hosts share. Raises ``Unavailable`` when there is no room for it.
    """
    if store.segments is None or sum(map(len, blobs.values())) < _WORTH_A_FILE:
        return {}
    with store.reading() as session:
        there = set(session.connection().scalars(_THERE, {"wanted": list(blobs)}))
    missing = {sha256: data for sha256, data in blobs.items() if sha256 not in there}
    if not missing:
        return {}
    return dict(zip(missing, store.segments.append(list(missing.values())), strict=True))


def keep_messages(
    session: Session, blobs: Mapping[str, bytes], places: Mapping[str, Place]
) -> None:
    """Keep raw messages as :func:`keep_blobs` does, those that were put by where they are.

    Of the latter ``blobs`` need not have the bytes. All are to be had by :func:`fetch_blobs` only:
    the row's own may be none.
    """
    insert_rows(
        session,
        Blob,
        [
            {
                "sha256": sha256,
                "size": place.size,
                "data": b"",
                "segment": place.segment,
                "position": place.position,
            }
            for sha256, place in places.items()
            if sha256 in blobs
        ],
        conflict="ON CONFLICT DO NOTHING",
    )
    rest = {sha256: data for sha256, data in blobs.items() if sha256 not in places}
    _keep(session, rest, "ON CONFLICT DO NOTHING")


def keep_blobs(session: Session, blobs: Mapping[str, bytes]) -> None:
    """Keep bytes by their SHA-256, in the row itself; those that are there stay as they are.

    They stay until the unit of work ends, in which they are referred to: :func:`drop_unused` in
    another process takes none of them.
    """
    _keep(session, blobs, _HERE if _one_writer(session) else "ON CONFLICT DO NOTHING")


def _keep(session: Session, blobs: Mapping[str, bytes], conflict: str) -> None:
    missing = dict(sorted(blobs.items()))
    while missing:
        made = [
            row
            for part in _parts(missing)
            for row in insert_rows(
                session,
                Blob,
                part,
                conflict=conflict,
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
        return dict(_fetched(session, wanted))
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


def _fetched(session: Session, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    query = select(Blob.sha256, Blob.size, Blob.data, Blob.segment, Blob.position).where(
        Blob.sha256.in_(wanted)
    )
    for sha256, size, data, segment, position in session.connection().execute(query):
        if segment is None or position is None:
            yield sha256, data
            continue
        segments = cast(Store, session.info["store"]).segments
        found = segments.read(Place(segment, position, size)) if segments else None
        if found is not None and hashlib.sha256(found).hexdigest() == sha256:
            yield sha256, found
        else:
            _log.error("%s is not in %s at %d as it was kept", sha256, segment, position)


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
