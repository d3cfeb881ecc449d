"""The database: engines set up for durability, units of work, and the wake-up between processes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from services.disk import reason
from services.errors import Unavailable
from services.language import _
from services.settings import Settings
from services.store import postgres_words, sqlite_words

if TYPE_CHECKING:
    from services.store.segments import Segments
    from services.store.vault import Vault

CHANNEL = "carteiro"
# Both ends notice within half a minute that the other is gone, network and all: what a process
# held when it was cut off or stopped must not hold up those that take its work over.
LIVELY = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_ITS_OWN = {
    "timezone": "UTC",
    # Compiling a query, which takes a tenth of a second, pays for none of ours.
    "jit": "off",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "idle_in_transaction_session_timeout": "40000",
}
_POSTGRES = LIVELY | {"options": " ".join(f"-c {name}={value}" for name, value in _ITS_OWN.items())}


class Store:
    """One process's door to the database.

    ``reading`` gives a session that sees one consistent state; ``writing`` one that commits at the
    end or, when the block raises, leaves nothing behind. On SQLite a write takes the write lock at
    its start (BEGIN IMMEDIATE), so that read-modify-write never loses an update.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = _with_driver(settings.database_url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            self.read_engine = _sqlite(self.url, "BEGIN")
            self.write_engine = _sqlite(self.url, "BEGIN IMMEDIATE")
        else:
            self.read_engine = self.write_engine = create_engine(
                self.url,
                pool_size=8,
                max_overflow=8,
                pool_pre_ping=True,
                connect_args=_POSTGRES,
            )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading only."""
        with _plain_errors(), Session(self.read_engine, info={"store": self}) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A unit of work: committed durably when the block ends, and other processes woken."""
        with (
            _plain_errors(),
            Session(self.write_engine, expire_on_commit=False, info={"store": self}) as session,
            session.begin(),
        ):
            yield session
            if not self.is_sqlite:
                session.execute(text(f"NOTIFY {CHANNEL}"))

    def checkpoint(self) -> None:
        """Carry what SQLite's log holds over into the database file, keeping no writer waiting.

        Whoever commits much calls it from a thread of its own: left alone, SQLite does it inside
        the commit that finds the log too long. Nothing depends on it but speed.
        """
        if not self.is_sqlite:
            return
        connection = self.read_engine.raw_connection()
        try:
            driver = connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()

    @cached_property
    def vault(self) -> Vault:
        """The door for secrets, opened at first use."""
        from services.store.vault import Vault

        return Vault(self.settings)

    @cached_property
    def segments(self) -> Segments | None:
        """The files beside SQLite's that raw messages are put into; PostgreSQL has none."""
        from services.store.segments import Segments

        path = sqlite_path(self.settings.database_url) if self.is_sqlite else None
        return None if path is None else Segments(messages_folder(path))

    def close(self) -> None:
        """Close every pooled connection."""
        if self.segments is not None:
            self.segments.close()
        self.read_engine.dispose()
        self.write_engine.dispose()


def open_store(settings: Settings) -> Store:
    """Open the database of ``settings``, creating or migrating its schema when it differs.

    The state folder is made with mode 0700 and the database file with 0600. Raises
    :class:`Unavailable` saying what is missing.
    """
    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    if path is not None:
        _private_file(path)
    while True:
        before = _identity(path)
        store = _opened(settings)
        # Whoever waited for a restore to end has the file that was put aside. From here on the
        # connection that is kept open stands in the way of one.
        if _identity(path) == before:
            if path is not None:
                _in_its_log(store)
            return store
        store.close()


def _opened(settings: Settings) -> Store:
    from services.store.schema import bring_up_to_date

    store = Store(settings)
    try:
        bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def _in_its_log(store: Store) -> None:
    """WAL again for a file that a restore took out of it and was killed before it put it back."""
    from services.store.schema import switch_to_wal

    # Whoever has the file now keeps it as it is, until it is opened the next time.
    with suppress(sqlite3.Error):
        switch_to_wal(store)


def _identity(path: Path | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError as e:
        raise Unavailable(
            _("Não foi possível abrir o banco de dados: {error}").format(error=reason(e))
        ) from e
    return found.st_dev, found.st_ino


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL; None for one in memory."""
    name = url.removeprefix("sqlite:///")
    return None if name in ("", ":memory:") else Path(name)


def messages_folder(path: Path) -> Path:
    """What belongs to the SQLite file of that path: the raw messages that are not in it."""
    return path.with_name(f"{path.name}-messages")


def begin_exclusive(connection: Connection) -> None:
    """Hold back every other process that wants to change the schema until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7243102)"))


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _private_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as e:
        raise Unavailable(
            _("Não foi possível criar {path}: {error}").format(path=path, error=reason(e))
        ) from e


def _sqlite(url: str, begin: str) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": 30.0, "check_same_thread": False}, pool_size=8, max_overflow=8
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        # The driver's own transactions begin late and lose updates: ours begin in _begin.
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None
        for pragma in (
            "foreign_keys=ON",
            "busy_timeout=30000",
            "synchronous=FULL",
            "temp_store=MEMORY",
            "cache_size=-4000",
            # Of pages of 16 KiB: 128 MB, the most that the log grows to (see Store.checkpoint).
            "wal_autocheckpoint=8192",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what the driver says of a missing, full or locked database into words for a person."""
    try:
        yield
    except OperationalError as e:
        raise Unavailable(_explain(e)) from e
    except DBAPIError as e:
        if e.connection_invalidated or is_damage(e) or postgres_words.hinders(e.orig):
            raise Unavailable(_explain(e)) from e
        raise


def is_damage(error: DBAPIError) -> bool:
    """Does SQLite say that the file is none of its own, or no longer whole?"""
    return type(error.orig) is sqlite3.DatabaseError


def is_ring(error: Unavailable) -> bool:
    """Did PostgreSQL end the unit of work because two waited for each other? It may be run again."""
    cause = error.__cause__
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", "") == "40P01"


def damaged(error: BaseException | None) -> str:
    """That the file must be brought back from a backup."""
    return _(
        "O arquivo do banco de dados está danificado ({error}): ponha um backup no lugar com "
        "carteiro restore"
    ).format(error=told(error))


def explained(error: BaseException | None) -> str:
    """What the driver says of a missing, full or locked database, for a person."""
    if not isinstance(error, sqlite3.Error) and (words := postgres_words.known(error)):
        return words
    lowered = str(error).lower()
    if any(word in lowered for word in ("locked", "deadlock", "busy")):
        return _("O banco de dados está ocupado por outro processo; tente de novo em instantes")
    if "full" in lowered or "no space" in lowered:
        return _("O disco está cheio: libere espaço; nada foi alterado")
    if "readonly" in lowered or "read-only" in lowered:
        return _("O banco de dados só permite leitura: confira as permissões do arquivo e da pasta")
    return _("O banco de dados não responde: {error}").format(error=told(error))


def told(error: BaseException | None) -> str:
    """Ours of SQLite, which speaks only English; PostgreSQL's own in the language it was set to."""
    if isinstance(error, sqlite3.Error):
        return sqlite_words.reason(error)
    return postgres_words.original(error)


def _explain(error: DBAPIError) -> str:
    cause = error.orig or error
    return damaged(cause) if is_damage(error) else explained(cause)
