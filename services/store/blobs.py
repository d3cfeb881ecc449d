"""Bytes by their SHA-256: kept once, fetched many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.store.mail import Blob
from services.store.rows import insert_rows

# The driver copies what goes into a statement: few megabytes at a time.
_AT_ONCE = 8
_FETCH = "SELECT sha256, data FROM blob WHERE sha256 = ANY(%s)"


def keep_blobs(session: Session, blobs: Mapping[str, bytes]) -> None:
    """Keep bytes by their SHA-256; those that are there already stay as they are."""
    insert_rows(
        session,
        Blob,
        [{"sha256": sha256, "size": len(data), "data": data} for sha256, data in blobs.items()],
        conflict="ON CONFLICT DO NOTHING",
        at_once=_AT_ONCE,
    )


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
