"""Bringing the schema up to date, by one process at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError

from services.errors import Unavailable
from services.language import _
from services.store import postgres_words
from services.store.engine import Store, begin_exclusive, damaged, is_damage, told

HEAD = "0018"
_MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(store: Store) -> None:
    """Migrate to :data:`HEAD` unless the database is there already.

    Alembic is imported only when something has to be done. Raises :class:`Unavailable` when the
    database cannot be reached or was made by a newer program.
    """
    try:
        with store.read_engine.connect() as connection:
            if _version(connection) == HEAD:
                return
        if store.is_sqlite:
            switch_to_wal(store)
        with store.write_engine.begin() as connection:
            begin_exclusive(connection)
            if _version(connection) != HEAD:
                upgrade(connection)
    except DatabaseError as e:
        if is_damage(e):
            raise Unavailable(damaged(e.orig)) from e
        words = "" if store.is_sqlite else postgres_words.known(e.orig)
        if not words and not isinstance(e, OperationalError):
            raise
        error = _("Não foi possível abrir o banco de dados: {error}").format(error=told(e.orig))
        raise Unavailable(words or error) from e


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def switch_to_wal(store: Store) -> None:
    """WAL and page size are properties of the file: set once, retried while another does the same.

    Messages and documents fill many pages: of 16 KiB they are written a third faster than of 4.
    The size, and that room may be given back to the disk, hold only for a file without a page.
    """
    connection = store.read_engine.raw_connection()
    try:
        driver = connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        if driver.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            return
        driver.execute("PRAGMA page_size=16384")
        driver.execute("PRAGMA auto_vacuum=INCREMENTAL")
        driver.execute("BEGIN IMMEDIATE")
        driver.execute("COMMIT")
        for attempt in range(100):
            try:
                driver.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError:
                if attempt == 99:
                    raise
                driver.execute("BEGIN IMMEDIATE")
                driver.execute("COMMIT")
    finally:
        connection.close()


def upgrade(connection: Connection) -> None:
    """Migrate to :data:`HEAD` in the transaction of ``connection``."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    version = _version(connection)
    if version is not None and version not in known:
        raise Unavailable(
            _(
                "O banco de dados é de uma versão mais nova do Carteiro (esquema {version}): "
                "atualize o Carteiro também aqui"
            ).format(version=version)
        )
    try:
        command.upgrade(config, "head")
    except CommandError as e:
        raise Unavailable(
            _("O banco de dados não se deixou atualizar para esta versão ({error})").format(error=e)
        ) from e
