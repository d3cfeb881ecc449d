"""``doctor`` when something really is wrong: it says what, how to mend it, and ends with 1."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from services import clock
from services.jobs.retention import forget_hourly
from services.settings import Settings
from services.store.blobs import keep_messages, put_by
from services.store.engine import Store, sqlite_path
from services.store.models import EmailServer, Lease
from tests.cli.conftest import Ran, Run
from tests.servers.disks import small_disk
from tests.servers.ports import free_port
from tui_app.checkup import database, program

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
READ = (
    *("mailbox", "add", "--company", "11222333000181", "--function", "read"),
    *("--nickname", "n", "--email", "n@padaria.example", "--password-stdin"),
    *("--pop-host", "pop.padaria.example", "--pop-port", "995"),
)
Later = Callable[[timedelta], None]


@pytest.fixture
def later() -> Iterator[Later]:
    """The clock of this process stands so much later than the real one, until the end."""
    yield lambda by: _stand(clock.now(), by)
    clock.set_source(None)


def _stand(at: Any, by: timedelta) -> None:
    clock.set_source(lambda: at + by)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 24 MB."""
    with small_disk(tmp_path / "small", "24m") as folder:
        yield folder


def look(carteiro: Run) -> tuple[int, dict[str, Any]]:
    """The exit status and every check by its name."""
    ran = carteiro("doctor", "--json")
    return ran.status, {each["check"]: each for each in ran.json}


def wrong(carteiro: Run) -> dict[str, Any]:
    """The one check that is not well; people are told of it and of its cure in the same words."""
    status, found = look(carteiro)
    (bad,) = (each for each in found.values() if not each["ok"])
    assert status == 1
    assert bad["cure"]
    told: Ran = carteiro("doctor")
    assert told.status == 1
    assert told.out.count("ERRO") == 1
    assert bad["cure"] in told.out
    return dict(bad)


@SQLITE
def test_a_database_that_does_not_answer(carteiro: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """R33: nobody listens; everything else is looked at all the same."""
    url = f"postgresql://carteiro@127.0.0.1:{free_port()}/carteiro"
    monkeypatch.setenv("CARTEIRO_DATABASE_URL", url)
    bad = wrong(carteiro)
    assert (bad["check"], bad["cure"]) == ("database", "Confira database_url e o servidor")
    assert "disk" in look(carteiro)[1]


@SQLITE
def test_a_damaged_file(carteiro: Run, settings: Settings) -> None:
    """Of it whole or of a page: a backup is to take its place, also by any other command."""
    path = sqlite_path(settings.database_url)
    assert path is not None
    whole = path.read_bytes()
    for damaged in (b"\0" * len(whole), whole[:16_384] + b"\xff" * (len(whole) - 16_384)):
        path.write_bytes(damaged)
        bad = wrong(carteiro)
        assert bad["check"] == "database"
        assert "carteiro restore" in bad["detail"]
        refused = carteiro("company", "list")
        assert (refused.status, "carteiro restore" in refused.err) == (1, True)


@SQLITE
def test_a_database_that_another_keeps_busy(
    carteiro: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that writes and does not end."""
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    path = sqlite_path(settings.database_url)
    assert path is not None
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        bad = wrong(carteiro)
        assert (bad["check"], "ocupado" in bad["detail"]) == ("database", True)
    assert look(carteiro)[0] == 0


def test_a_database_of_a_newer_program(carteiro: Run, store: Store) -> None:
    with store.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    bad = wrong(carteiro)
    assert (bad["check"], "9999" in bad["detail"]) == ("database", True)


@SQLITE
def test_a_version_of_sqlite_that_may_corrupt(bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rare and no reason to stop: told, with what to do, but no error; mended in some."""
    faulty = [(3, 40, 1), (3, 44, 5), (3, 45, 3), (3, 50, 6), (3, 51, 2)]
    mended = [(3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 52, 0)]
    settings = Settings(Path("/nowhere"), "sqlite:////nowhere/c.db")
    for version in faulty + mended:
        monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
        (found,) = (each for each in program.look(settings) if each.check == "sqlite")
        assert (found.ok, "WAL" in found.cure) == (True, version in faulty), version
    monkeypatch.setattr(sqlite3, "sqlite_version_info", faulty[0])
    told = bare("doctor")
    assert "SQLite: 3.40.1\nO que fazer: Esta versão tem uma falha rara do modo WAL" in told.out


@SQLITE
def test_what_the_program_lacks(carteiro: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Textual there is no console; without the DANFE extra or byte code it goes all the same."""

    def version(_name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(program, "version", version)
    monkeypatch.setattr("services.fiscal.danfe.find_spec", lambda _name: None)
    monkeypatch.setattr(program.importlib.util, "find_spec", lambda _name: None)
    assert wrong(carteiro)["check"] == "textual"
    found = look(carteiro)[1]
    assert (found["danfe"]["ok"], found["danfe"]["cure"]) == (True, "carteiro extra danfe")
    assert (found["bytecode"]["ok"], "compileall" in found["bytecode"]["cure"]) == (True, True)


@SQLITE
def test_a_folder_that_is_none(
    carteiro: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R31: documents cannot be left where a file stands."""
    file = settings.home / "documentos.txt"
    file.touch()
    monkeypatch.setenv("CARTEIRO_DOCUMENTS_FOLDER", str(file))
    bad = wrong(carteiro)
    assert (bad["check"], str(file) in bad["detail"]) == ("documents_folder", True)


@SQLITE
def test_a_state_folder_that_nobody_can_look_into(
    carteiro: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with another account's: told with the cure by every command, wherever it is named."""
    closed = tmp_path / ("x" * 300)
    monkeypatch.delenv("CARTEIRO_DATABASE_URL")
    monkeypatch.setenv("CARTEIRO_HOME", str(closed))
    for command in (("doctor",), ("company", "list")):
        refused = carteiro(*command)
        assert (refused.status, "o nome é longo demais" in refused.err) == (1, True)
    monkeypatch.delenv("CARTEIRO_HOME")
    file = tmp_path / "carteiro.toml"
    file.write_text(f'home = "{closed}"\ndocuments_folder = "off"\n')
    ran = carteiro("doctor", "--json", "--config", str(file))
    found = {each["check"]: each for each in ran.json}
    assert (ran.status, found["database"]["ok"], found["disk"]["ok"]) == (1, False, True)
    assert "o nome é longo demais" in found["database"]["detail"]


@SQLITE
def test_the_key_of_another_database(carteiro: Run, settings: Settings) -> None:
    """The canary does not open: nothing is made anew, and the right key is well again."""
    carteiro(*READ, stdin="segredo\n")
    file = settings.home / "master.key"
    right = file.read_text()
    file.write_text("A" * 43 + "=\n")
    bad = wrong(carteiro)
    assert bad["check"] == "key"
    assert "não é a deste banco" in bad["detail"]
    assert file.read_text() == "A" * 43 + "=\n"
    file.write_text(right)
    assert look(carteiro)[0] == 0
    file.unlink()
    assert wrong(carteiro)["check"] == "key"
    assert not file.exists()


def test_a_clock_that_is_off(carteiro: Run, settings: Settings, later: Later) -> None:
    """Behind what was written last; with PostgreSQL also ahead of the server's."""
    later(timedelta(minutes=-10))
    bad = wrong(carteiro)
    assert (bad["check"], "0:10:" in bad["detail"]) == ("clock", True)
    assert "NTP" in bad["cure"]
    later(timedelta(minutes=20))
    if settings.is_sqlite:
        assert look(carteiro)[1]["clock"]["ok"], "there is no other clock to compare with"
    else:
        assert wrong(carteiro)["check"] == "clock"


@SQLITE
def test_no_authority_to_trust(
    carteiro: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mail server's certificate could be proven; nor is a file that has none of any use."""
    assert look(carteiro)[1]["certificates"]["ok"]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    bad = wrong(carteiro)
    assert (bad["check"], bad["detail"]) == ("certificates", "0 autoridade")
    assert "ca-certificates" in bad["cure"]
    empty = tmp_path / "empty.pem"
    empty.touch()
    monkeypatch.setenv("CARTEIRO_CA_FILE", str(empty))
    assert str(empty) in wrong(carteiro)["detail"]


@SQLITE
def test_a_disk_that_is_nearly_full(
    carteiro: Run, settings: Settings, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database is, and where documents are left, as well as the state folder's."""
    assert look(carteiro)[1]["disk"]["ok"]
    monkeypatch.setenv("CARTEIRO_DOCUMENTS_FOLDER", str(disk / "documentos"))
    bad = wrong(carteiro)
    assert bad["check"] == "disk"
    assert bad["detail"].endswith(f"{disk / 'documentos'}: 25 MB livres")
    assert bad["cure"] == f"Libere espaço em {disk / 'documentos'}"
    monkeypatch.delenv("CARTEIRO_DOCUMENTS_FOLDER")
    monkeypatch.setenv("CARTEIRO_DATABASE_URL", f"sqlite:///{disk / 'c.db'}")
    carteiro("init", "--partner", "P", "--partner-key", "K", "--user", "ana")
    bad = wrong(carteiro)
    assert bad["cure"] == f"Libere espaço em {disk}"
    assert f"{settings.home}: " in bad["detail"]
    told = {each["name"]: each["value"] for each in carteiro("metrics", "--json").json}
    assert told["carteiro_disk_free_bytes"] < 24 << 20
    with contextlib.suppress(OSError), (disk / "all").open("wb") as file:
        while file.write(bytes(1 << 20)):
            file.flush()
    status, found = look(carteiro)
    assert (status, "0 MB livres" in found["disk"]["detail"]) == (1, True)


@SQLITE
def test_a_log_that_a_reader_keeps_from_ending(
    carteiro: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told with its size; with the reader gone it is carried over."""
    monkeypatch.setattr(database, "_MOST_HELD", 1_000_000)
    path = sqlite_path(settings.database_url)
    assert path is not None
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM company").fetchall()
        writer.execute("CREATE TABLE much (bytes BLOB)")
        writer.execute("INSERT INTO much VALUES (randomblob(5000000))")
        bad = wrong(carteiro)
        assert bad["check"] == "log"
        assert bad["detail"] == "5 MB; uma leitura aberta segura 5 MB"
        reader.execute("ROLLBACK")
        assert look(carteiro)[1]["log"]["detail"] == "5 MB"
        assert look(carteiro)[0] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_raw_messages_that_are_not_where_they_were_kept(carteiro: Run, store: Store) -> None:
    """R38: a database that was copied without what is beside it says so."""
    assert store.segments is not None
    raw = bytes(400_000)
    digest = hashlib.sha256(raw).hexdigest()
    places = put_by(store, {digest: raw})
    with store.writing() as session:
        keep_messages(session, {digest: raw}, places)
    assert look(carteiro)[1]["messages"]["ok"]
    folder = store.segments.folder
    store.segments.close()
    folder.rename(folder.with_name("noutro-lugar"))
    bad = wrong(carteiro)
    assert bad["check"] == "messages"
    assert bad["detail"] == f"{folder}: falta 1 mensagem original"


def test_nobody_works(carteiro: Run, store: Store) -> None:
    """R33, R36: no sign of life for hours, and a mailbox that nobody reads."""
    found = look(carteiro)[1]
    assert re.match(r"(SQLite|PostgreSQL \d+.*), esquema \d+$", found["database"]["detail"])
    assert (found["jobs"]["ok"], "carteiro worker" in found["jobs"]["cure"]) == (True, True)
    forget_hourly(store, threading.Event())
    assert look(carteiro)[1]["jobs"]["detail"] == "trabalham"
    with store.writing() as session:
        session.execute(update(Lease).values(until=clock.now() - timedelta(hours=2)))
    bad = wrong(carteiro)
    assert bad["check"] == "jobs"
    assert bad["detail"].startswith("parados há 3:00:")
    with store.writing() as session:
        session.execute(update(Lease).values(until=clock.now() + timedelta(days=1)))
    assert wrong(carteiro)["check"] == "clock", "it was taken at a time that is yet to come"
    with store.writing() as session:
        session.execute(delete(Lease))
    forget_hourly(store, threading.Event())
    assert look(carteiro)[0] == 0
    carteiro(*READ, stdin="segredo\n")
    with store.writing() as session:
        late = clock.now() - timedelta(hours=1)
        session.execute(update(EmailServer).values(next_read_at=late))
    bad = wrong(carteiro)
    assert bad["check"] == "reading"
    assert bad["detail"].startswith("atrasado há 1:00:")
