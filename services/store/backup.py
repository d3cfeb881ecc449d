"""A backup: one SQLite file with everything, whichever database it comes from, proven readable.

It is consistent while others write: from SQLite it is one snapshot written out compactly, from
PostgreSQL one repeatable read. Secrets stay sealed as they are; the file says under which master
key, and does not hold it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from sqlalchemy import Engine, create_engine, delete, event, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.disk import flush, is_there, reason
from services.errors import Conflict, Invalid, Unavailable
from services.language import _
from services.store import sqlite_words, transfer
from services.store.blobs import fetch_blobs, keep_blobs
from services.store.engine import Store
from services.store.mail import Blob, InboundMessage
from services.store.schema import upgrade
from services.store.sweeping import left_alone

Done = Callable[[int, int], None]
"""Told how much is done, of how much."""
INFO = "carteiro_backup"
# Steps of SQLite's machine between two looks at how far it is and whether it is to stop.
_STEPS = 2_000
_MESSAGES_AT_ONCE = 50
_BESIDE = "SELECT coalesce(sum(size), 0) FROM blob WHERE segment IS NOT NULL"


class Cancelled(Exception):
    """It was stopped; nothing is left of it."""


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What a backup says of itself; ``key`` is the fingerprint of the master key that it needs."""

    file: str
    size: int
    made_at: datetime
    schema: str
    source: str
    key: str | None
    companies: int
    documents: int
    queued: int


def write(store: Store, file: Path, done: Done, stop: Event) -> BackupInfo:
    """Back everything up into ``file``, which is there whole and proven, or not at all.

    Raises :class:`Conflict` when the file exists, :class:`Unavailable` when it cannot be written
    or does not prove right, :class:`Cancelled` once ``stop`` is set.
    """
    if is_there(file):
        raise Conflict(_("{file} já existe; escolha outro nome").format(file=file), field="file")
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            if store.is_sqlite:
                with left_alone(store):
                    _from_sqlite(store, part, done, stop)
            else:
                _from_postgres(store, part, done, stop)
            if stop.is_set():
                raise Cancelled
            _describe(store, part, _key(store, part))
            told = inspect(part)
            flush(part)
            part.rename(file)
            flush(file.parent)
        finally:
            for left in (part, part.with_name(f"{part.name}-journal")):
                left.unlink(missing_ok=True)
    except OSError as e:
        raise Unavailable(
            _("Não foi possível gravar {file}: {why}").format(file=file, why=reason(e)),
            field="file",
        ) from e
    except sqlite3.Error as e:
        raise Unavailable(
            _("Não foi possível gravar {file}: {why}").format(
                file=file, why=sqlite_words.reason(e)
            ),
            field="file",
        ) from e
    return BackupInfo(
        str(file),
        file.stat().st_size,
        told.made_at,
        told.schema,
        told.source,
        told.key,
        told.companies,
        told.documents,
        told.queued,
    )


def inspect(file: Path) -> BackupInfo:
    """Prove that ``file`` is a whole backup and say what is in it; it is not changed.

    Raises :class:`Invalid` naming what is wrong with it.
    """
    if not (is_there(file) and file.is_file()):
        raise Invalid(_("{file}: arquivo não encontrado").format(file=file), field="file")
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
            told = dict(database.execute(f"SELECT name, value FROM {INFO}"))  # noqa: S608
            (schema,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
            sound = database.execute("PRAGMA integrity_check").fetchone()[0]
            loose = database.execute("PRAGMA foreign_key_check").fetchone()
            counts = [
                database.execute(f"SELECT count(*) FROM {words}").fetchone()[0]  # noqa: S608
                for words in (
                    "company",
                    "document",
                    "outbox_message WHERE state IN ('queued', 'deferred', 'sending')",
                )
            ]
    except (sqlite3.Error, TypeError) as e:
        raise Invalid(
            _("{file}: não é um backup do Carteiro ({why})").format(
                file=file, why=sqlite_words.reason(e)
            ),
            field="file",
        ) from e
    if sound != "ok" or loose is not None:
        raise Invalid(
            _("{file}: o backup está danificado: use outra cópia").format(file=file), field="file"
        )
    return BackupInfo(
        str(file),
        file.stat().st_size,
        datetime.fromisoformat(told["made_at"]),
        schema,
        told["source"],
        told.get("key"),
        *counts,
    )


def file_engine(file: Path, *, fast: bool = False) -> Engine:
    """An engine over a database file that nobody else has open; ``fast``: it may be lost yet."""
    engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        if fast:
            connection.execute("PRAGMA page_size=16384")
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("PRAGMA synchronous=OFF")

    return engine


def _from_sqlite(store: Store, part: Path, done: Done, stop: Event) -> None:
    connection = store.read_engine.raw_connection()
    try:
        driver = connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        pages, size = (
            driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        (beside,) = driver.execute(_BESIDE).fetchone()
        total = pages * size + beside

        def look() -> int:
            with contextlib.suppress(OSError):
                done(min(part.stat().st_size, pages * size), total)
            return stop.is_set()

        # The copy may give room back to the disk, whatever the original may.
        driver.execute("PRAGMA auto_vacuum=INCREMENTAL")
        driver.set_progress_handler(look, _STEPS)
        try:
            driver.execute("VACUUM INTO ?", (str(part),))
        except sqlite3.OperationalError:
            if stop.is_set():
                raise Cancelled from None
            raise
        finally:
            driver.set_progress_handler(None, 0)
    finally:
        connection.close()
    _bring_in(store, part, lambda brought: done(total - beside + min(brought, beside), total), stop)


def _bring_in(store: Store, part: Path, done: Callable[[int], None], stop: Event) -> None:
    """Put the raw messages into the copy that are in files beside the original.

    One that is lost is told of in the copy as one that is no longer kept. ``done`` is told bytes.
    """
    brought = 0
    engine = file_engine(part, fast=True)
    try:
        with Session(engine, info={"store": store}) as session, session.begin():
            outside = select(Blob.sha256).where(Blob.segment.is_not(None)).order_by(Blob.segment)
            digests = list(session.scalars(outside.order_by(Blob.position)))
            for start in range(0, len(digests), _MESSAGES_AT_ONCE):
                if stop.is_set():
                    raise Cancelled
                some = digests[start : start + _MESSAGES_AT_ONCE]
                found = fetch_blobs(session, some)
                keep_blobs(session, found)
                brought += sum(map(len, found.values()))
                done(brought)
                gone = [sha256 for sha256 in some if sha256 not in found]
                session.execute(
                    update(InboundMessage)
                    .where(InboundMessage.sha256.in_(gone))
                    .values(raw_removed_at=now()),
                    execution_options={"synchronize_session": False},
                )
                session.execute(delete(Blob).where(Blob.sha256.in_(gone)))
    finally:
        engine.dispose()


def _from_postgres(store: Store, part: Path, done: Done, stop: Event) -> None:
    def copied(rows: int, total: int) -> None:
        if stop.is_set():
            raise Cancelled
        done(rows, total)

    engine = file_engine(part, fast=True)
    try:
        with (
            store.read_engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            ) as source,
            engine.begin() as target,
        ):
            upgrade(target)
            transfer.copy_rows(source, target, copied)
    finally:
        engine.dispose()


def _key(store: Store, part: Path) -> str | None:
    """What opens the secrets in the copy: the database may be under another key by now."""
    engine = file_engine(part)
    try:
        with Session(engine) as session:
            return store.vault.fingerprint(session)
    finally:
        engine.dispose()


def _describe(store: Store, part: Path, key: str | None) -> None:
    told = {
        "made_at": now().isoformat(),
        "source": "sqlite" if store.is_sqlite else "postgresql",
        **({"key": key} if key is not None else {}),
    }
    with contextlib.closing(sqlite3.connect(part)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
        with database:
            database.execute(f"CREATE TABLE {INFO} (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            database.executemany(f"INSERT INTO {INFO} VALUES (?, ?)", told.items())  # noqa: S608
