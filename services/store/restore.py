"""A backup put in the place of the database, on SQLite and on PostgreSQL, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.clock import now
from services.disk import flush, reason
from services.errors import Conflict, Unavailable
from services.language import _
from services.settings import Settings
from services.store import backup, master_key, transfer
from services.store.backup import BackupInfo, Done
from services.store.engine import begin_exclusive, messages_folder, open_store, sqlite_path
from services.store.models import Lease, Partner

Settle = Callable[[Session], int]
"""Makes what was under way fit for a world that went on; how many e-mails it left to a person."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored; ``aside`` is where the database before it is kept, on SQLite."""

    backup: BackupInfo
    aside: str | None
    left_to_a_person: int


def restore(
    settings: Settings, file: Path, *, replacing: bool, settle: Settle, done: Done
) -> Restored:
    """Put the backup ``file`` in the place of the database of ``settings``.

    The backup is proven first, its master key too, and brought to this program's schema. Raises
    ``Invalid`` for what is no sound backup, :class:`Unavailable` without its key,
    :class:`Conflict` for a database that has a partner (unless ``replacing``) or that another
    process has open. Until the last step nothing is changed.
    """
    told = backup.inspect(file)
    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    # Beside what it replaces: between two file systems nothing is renamed.
    place = settings.home if path is None else path.parent
    staged = place / f".restoring-{os.getpid()}.db"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(staged, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            shutil.copyfile(file, staged)
            left = _made_fit(settings, staged, told, settle)
            if path is not None:
                aside = _into_sqlite(path, staged, replacing)
            else:
                aside = None
                _into_postgres(settings, staged, replacing, done)
        finally:
            for left_over in (staged, *_logs(staged)):
                left_over.unlink(missing_ok=True)
    except OSError as e:
        raise Unavailable(
            _("Não foi possível restaurar em {home}: {why}").format(home=place, why=reason(e))
        ) from e
    return Restored(told, aside, left)


def _made_fit(settings: Settings, staged: Path, told: BackupInfo, settle: Settle) -> int:
    own = replace(settings, database_url=f"sqlite:///{staged}")
    store = open_store(own)
    try:
        with store.writing() as session:
            try:
                store.vault.check(session)
            except Unavailable as e:
                raise Unavailable(
                    _(
                        "{why}. Este backup precisa da chave {key}: pode ser a que está guardada "
                        "em {file}.DATA; indique-a com CARTEIRO_KEY_FILE"
                    ).format(
                        why=e.message, key=told.key or "?", file=master_key.own_file(settings)
                    ),
                    field="key_file",
                ) from e
            session.execute(text(f"DROP TABLE {backup.INFO}"))
            session.query(Lease).delete()
            left = settle(session)
    finally:
        store.close()
    _as_at_work(staged)
    return left


def _into_sqlite(path: Path, staged: Path, replacing: bool) -> str | None:
    if not path.exists() or not path.stat().st_size:
        # A log that was left without its database would be taken for the new one's.
        for log in _logs(path):
            log.unlink(missing_ok=True)
        staged.replace(path)
        _lasting(path)
        return None
    aside = path.with_name(f"{path.name}.{now():%Y%m%dT%H%M%S}")
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as database:
            if not replacing and _has_partner(database):
                raise _not_empty(path)
            sound = _taken(database, path)
            _exchange(path, staged, aside, sound=sound)
    except OSError:
        # The database is the one that it was, and is worked with as before.
        with contextlib.suppress(sqlite3.Error):
            _as_at_work(path)
        raise
    if sound:
        _as_at_work(aside)
    return str(aside)


def _exchange(path: Path, staged: Path, aside: Path, *, sound: bool) -> None:
    """Put ``staged`` in the place of ``path``, which is kept as ``aside``; or leave all as it is."""
    os.link(path, aside)
    try:
        _keep_messages(path, aside)
        if not sound:
            for log, beside in zip(_logs(path), _logs(aside), strict=True):
                with contextlib.suppress(FileNotFoundError):
                    log.replace(beside)
        staged.replace(path)
    except OSError:
        aside.unlink()
        shutil.rmtree(messages_folder(aside), ignore_errors=True)
        raise
    _lasting(path)


def _keep_messages(path: Path, aside: Path) -> None:
    """Have the raw messages beside ``aside`` too: the new database wants none of those files."""
    before = messages_folder(path)
    if before.is_dir():
        messages_folder(aside).mkdir(mode=0o700)
        for file in before.iterdir():
            os.link(file, messages_folder(aside) / file.name)


def _taken(database: sqlite3.Connection, path: Path) -> bool:
    """Keep everybody else from the file; False where it is none that anybody could work with."""
    try:
        # Only who is alone with the file may take it out of WAL.
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as e:
        with contextlib.suppress(sqlite3.OperationalError):
            _as_at_work(path)
        raise _in_use() from e
    except sqlite3.DatabaseError:
        return False
    return True


def _logs(path: Path) -> list[Path]:
    """What SQLite keeps beside a database while it is open."""
    return [path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal")]


def _into_postgres(settings: Settings, staged: Path, replacing: bool, done: Done) -> None:
    store = open_store(settings)
    engine = backup.file_engine(staged)
    try:
        with engine.connect() as source, store.write_engine.begin() as target:
            begin_exclusive(target)
            others = target.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            )
            if others:
                raise _in_use()
            if not replacing and target.scalar(select(Partner.id).limit(1)) is not None:
                raise _not_empty(store.write_engine.url.database)
            transfer.empty(target)
            transfer.copy_rows(source, target, done)
    finally:
        engine.dispose()
        store.close()


def _as_at_work(file: Path) -> None:
    """A property of the file that is set at its migration only."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=WAL")


def _has_partner(database: sqlite3.Connection) -> bool:
    try:
        return database.execute("SELECT id FROM partner LIMIT 1").fetchone() is not None
    except sqlite3.DatabaseError:
        # Not one of ours: all the more it is not ours to replace.
        return True


def _in_use() -> Conflict:
    return Conflict(
        _("Outro processo está com o banco aberto: encerre consoles e workers e rode de novo")
    )


def _not_empty(place: object) -> Conflict:
    return Conflict(
        _("{place} já tem dados; para trocá-los pelos do backup, use --replace").format(place=place)
    )


def _lasting(path: Path) -> None:
    flush(path)
    flush(path.parent)
