"""The database: units of work, migrations by one process at a time, plain words for its failures."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from services.errors import Unavailable
from services.settings import Settings
from services.store import mail  # noqa: F401 - its tables belong to the metadata
from services.store.engine import Store, open_store
from services.store.models import Base, Partner
from services.store.schema import HEAD

ROOT = Path(__file__).resolve().parents[2]


def test_the_schema_is_that_of_the_models(store: Store) -> None:
    """Migrations and models say the same: tables, columns, indexes."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read_engine.connect() as connection:
        context = MigrationContext.configure(connection)
        ignored = {"remove_table"}
        if store.is_sqlite:
            # The reflection overlooks ON DELETE of a column that came by ALTER TABLE: asked below.
            ignored |= {"add_fk", "remove_fk"}
            for table in Base.metadata.tables.values():
                kept = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table.name})").all()
                assert {(row[3], row[2], row[6]) for row in kept} == {
                    (key.parent.name, key.column.table.name, key.ondelete or "NO ACTION")
                    for key in table.foreign_keys
                }
        differences = [
            each
            for each in compare_metadata(context, Base.metadata)
            if not (isinstance(each, tuple) and each[0] in ignored)
        ]
    assert differences == []


def test_a_unit_of_work_is_all_or_nothing(store: Store) -> None:
    """An exception leaves nothing behind."""

    def half() -> None:
        with store.writing() as session:
            session.add(Partner(name="P", partner_key="K"))
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        half()
    with store.reading() as session:
        assert session.query(Partner).count() == 0


def test_read_modify_write_loses_no_update(store: Store) -> None:
    """Eight threads add 25 each to one number: all 200 are there."""
    with store.writing() as session:
        session.add(Partner(id=1, name="0", partner_key="K"))

    def add(_n: int) -> None:
        for _ in range(25):
            with store.writing() as session:
                row = session.get_one(Partner, 1, with_for_update=True)
                row.name = str(int(row.name) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    with store.reading() as session:
        assert session.get_one(Partner, 1).name == "200"


def test_five_processes_on_an_empty_database(
    request: pytest.FixtureRequest, home: Path, database_url: str
) -> None:
    """All of them work: the schema is made once, under a lock."""
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{home / 'fresh' / 'carteiro.db'}"
    else:
        url = request.getfixturevalue("postgres").database()
    program = (
        "import sys; from pathlib import Path; from services.settings import Settings; "
        "from services.store.engine import open_store; "
        "open_store(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2])).close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(home), url], cwd=ROOT)
        for _ in range(5)
    ]
    assert [process.wait(timeout=60) for process in started] == [0] * 5
    opened = open_store(Settings(home=home, database_url=url))
    with opened.read_engine.connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        assert version == HEAD
        assert inspect(connection).has_table("outbox_message")
    opened.close()


def test_a_newer_database_is_refused(settings: Settings, store: Store) -> None:
    """A schema that this program does not know is left alone."""
    with store.write_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="mais nova"):
        open_store(settings)


def test_sqlite_is_set_up_for_durability(home: Path) -> None:
    """WAL, FULL, foreign keys; the file is its owner's alone."""
    path = home / "deep" / "carteiro.db"
    opened = open_store(Settings(home=home, database_url=f"sqlite:///{path}"))
    with opened.write_engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    opened.close()
    assert found == ["wal", 2, 1]
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_file_out_of_its_log_is_put_back_into_it(home: Path) -> None:
    """A restore that was killed leaves the database without WAL: whoever opens it next mends that."""
    url = f"sqlite:///{home / 'carteiro.db'}"
    open_store(Settings(home=home, database_url=url)).close()
    with closing(sqlite3.connect(home / "carteiro.db")) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    store = open_store(Settings(home=home, database_url=url))
    with store.read_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()


def test_a_database_that_is_not_there(home: Path) -> None:
    """Plain words, no traceback of a driver."""
    for url in (
        "postgresql://nobody@127.0.0.1:1/none",
        "sqlite:////proc/none/carteiro.db",
    ):
        with pytest.raises(Unavailable):
            open_store(Settings(home=home, database_url=url))


def test_reading_is_not_held_up_by_a_writer(store: Store) -> None:
    """While one writes, another reads the state before it."""
    writing, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with store.writing() as session:
            session.add(Partner(name="P", partner_key="K"))
            session.flush()
            writing.set()
            assert go_on.wait(30)

    thread = threading.Thread(target=write)
    thread.start()
    assert writing.wait(30)
    with store.reading() as session:
        assert session.query(Partner).count() == 0
    go_on.set()
    thread.join()
    with store.reading() as session:
        assert session.query(Partner).count() == 1
