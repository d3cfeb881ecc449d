"""Backup and restore: consistent, proven, between both databases, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from services.errors import Conflict, Invalid, Unavailable
from services.outbox import queue, restored
from services.registry import companies, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store import backup, rotation
from services.store.blobs import fetch_blobs, keep_blobs
from services.store.engine import Store, open_store
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import Company, EmailServer
from services.store.restore import Restored, restore
from tests.servers.ports import wait_until

TOP = Path(__file__).resolve().parents[2]
PASSWORD = "sénha ✓"
BRANCH = "11222333000262"


def quiet(_done: int, _total: int) -> None:
    """Nobody looks."""


def save(store: Store, file: Path) -> backup.BackupInfo:
    return backup.write(store, file, quiet, threading.Event())


def put_back(settings: Settings, file: Path, *, replacing: bool = False) -> Restored:
    return restore(
        settings, file, replacing=replacing, settle=restored.leave_to_a_person, done=quiet
    )


@pytest.fixture
def filled(store: Store, actor: Actor, company: CompanyView) -> Store:
    """A branch that is older than its headquarters, a password, a blob, an e-mail in the queue."""
    with store.writing() as session:
        branch = companies.add(
            session, actor, CompanyDraft(cnpj=BRANCH, nickname="Filial", legal_name="Filial")
        )
        session.get_one(Company, company.id).headquarters_id = branch.id
        session.flush()
        mailboxes.add(
            session,
            actor,
            company.id,
            MailboxDraft(
                function="send",
                nickname="Notas",
                sender_name="Padaria",
                email="nfe@padaria.example",
                password=PASSWORD,
                host="smtp.padaria.example",
                port=587,
                security="starttls",
            ),
        )
        queue.enqueue(
            session,
            partner_id=actor.partner_id,
            company_id=company.id,
            to=["cliente@loja.example"],
            subject="Nota",
            body="Segue.",
            attachments=[("nota.xml", "application/xml", b"<nota/>")],
        )
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Settings:
    """Another installation with the same key and an empty database."""
    home = tmp_path / "elsewhere"
    home.mkdir(mode=0o700)
    key = settings.home / "master.key"
    if request.param == "sqlite":
        url = f"sqlite:///{home / 'carteiro.db'}"
    else:
        url = request.getfixturevalue("postgres").database()
    return Settings(home=home, database_url=url, key_file=key)


def test_everything_comes_back_in_either_database(
    filled: Store, tmp_path: Path, elsewhere: Settings
) -> None:
    """Rows, links among them, blobs and passwords; what is made afterwards is numbered on."""
    file = tmp_path / "copia.db"
    told = save(filled, file)
    assert (told.companies, told.queued, told.schema) == (2, 1, backup.inspect(file).schema)
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in file.read_bytes()
    done = put_back(elsewhere, file)
    assert (done.backup.key, done.aside) == (told.key, None)
    store = open_store(elsewhere)
    with store.writing() as session:
        found = {c.cnpj: c for c in session.scalars(select(Company))}
        assert found["11222333000181"].headquarters_id == found[BRANCH].id
        server = session.scalars(select(EmailServer)).one()
        assert store.vault.get(session, "email_server", server.id, "password") == PASSWORD
        digest = hashlib.sha256(b"<nota/>").hexdigest()
        assert fetch_blobs(session, [digest]) == {digest: b"<nota/>"}
        later = Company(
            partner_id=server.partner_id, cnpj="04252011000110", nickname="C", legal_name="C"
        )
        session.add(later)
        session.flush()
        assert later.id > max(c.id for c in found.values())
    store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_what_waited_is_not_sent_a_second_time(
    filled: Store, actor: Actor, tmp_path: Path, elsewhere: Settings
) -> None:
    """R33: it may have left after the backup; a person decides, by one key."""
    save(filled, tmp_path / "copia.db")
    assert put_back(elsewhere, tmp_path / "copia.db").left_to_a_person == 1
    store = open_store(elsewhere)
    with store.writing() as session:
        message = session.scalars(select(OutboxMessage)).one()
        assert message.state == OutboxState.UNCERTAIN
        assert "backup" in (message.error or "")
        assert queue.retry(session, actor, [message.id]) == 1
    store.close()


def test_it_is_one_moment_while_others_write(filled: Store, tmp_path: Path) -> None:
    """Two rows that belong together are both there or neither, however busy the database is."""
    stop, rounds = threading.Event(), 0

    def write() -> None:
        nonlocal rounds
        while not stop.is_set():
            with filled.writing() as session:
                for part in ("a", "b"):
                    data = f"{part}{rounds}".encode() * 2_000
                    keep_blobs(session, {f"{part}{rounds:063d}": data})
            rounds += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        files = [tmp_path / f"{n}.db" for n in range(3)]
        for file in files:
            save(filled, file)
    finally:
        stop.set()
        writer.join()
    for file in files:
        with closing(sqlite3.connect(file)) as database:
            names = [n for (n,) in database.execute("SELECT sha256 FROM blob WHERE size > 3000")]
        pairs = {name[1:] for name in names}
        assert sorted(names) == sorted(part + pair for pair in pairs for part in "ab")


@pytest.fixture
def sound(filled: Store, tmp_path: Path) -> Path:
    file = tmp_path / "copia.db"
    save(filled, file)
    return file


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_there_is_not_written_over(filled: Store, sound: Path) -> None:
    before = sound.read_bytes()
    with pytest.raises(Conflict):
        save(filled, sound)
    assert sound.read_bytes() == before
    assert [p.name for p in sound.parent.iterdir() if p.name.startswith(".")] == []


def test_stopped_it_leaves_nothing(filled: Store, tmp_path: Path) -> None:
    with filled.writing() as session:
        keep_blobs(session, {f"{n:064d}": bytes(200_000) for n in range(50)})
    stop = threading.Event()
    stop.set()
    folder = tmp_path / "copias"
    folder.mkdir()
    with pytest.raises(backup.Cancelled):
        backup.write(filled, folder / "a.db", quiet, stop)
    assert list(folder.iterdir()) == []


def cut(file: Path) -> None:
    with file.open("r+b") as f:
        f.truncate(file.stat().st_size // 2)


def spoilt(file: Path) -> None:
    with file.open("r+b") as f:
        for at in range(16_384, file.stat().st_size, 16_384):
            f.seek(at + 8)
            f.write(b"\xff" * 200)


def another(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE company (id INTEGER)")


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (cut, Invalid),
        (spoilt, Invalid),
        (another, Invalid),
        (newer, Unavailable),
        (Path.unlink, Invalid),
    ],
)
def test_what_is_no_sound_backup_changes_nothing(
    sound: Path, elsewhere: Settings, spoil: Callable[[Path], object], error: type[Exception]
) -> None:
    spoil(sound)
    with pytest.raises(error):
        put_back(elsewhere, sound)
    assert [p.name for p in elsewhere.home.iterdir() if "restoring" in p.name] == []
    store = open_store(elsewhere)
    with store.reading() as session:
        assert session.scalar(select(Company.id)) is None
    store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_without_its_key_nothing_is_restored(
    sound: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    """It says by its fingerprint which key is wanted."""
    wanted = backup.inspect(sound).key
    assert wanted is not None
    for key in (tmp_path / "missing.key", tmp_path / "other.key"):
        if key.name == "other.key":
            key.write_text("A" * 43 + "=")
            key.chmod(0o600)
        with pytest.raises(Unavailable, match=wanted) as refused:
            put_back(replace(elsewhere, key_file=key), sound)
        assert refused.value.field == "key_file"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_new_key_while_it_is_made_is_not_taken_for_its_own(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that names the new key and is under the old one opens by neither that anybody keeps."""
    vacuum = backup._from_sqlite

    def overtaken(*given: object) -> None:
        vacuum(*given)  # type: ignore[arg-type]
        rotation.rotate(filled, lambda _session, _key: None)

    with monkeypatch.context() as patched:
        patched.setattr(backup, "_from_sqlite", overtaken)
        with pytest.raises(Unavailable):
            save(filled, tmp_path / "copia.db")
    assert not (tmp_path / "copia.db").exists()
    save(filled, tmp_path / "copia.db")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_data_that_are_there_are_replaced_only_when_told(sound: Path, elsewhere: Settings) -> None:
    """On SQLite the database before is kept aside."""
    put_back(elsewhere, sound)
    with pytest.raises(Conflict, match="--replace"):
        put_back(elsewhere, sound)
    if elsewhere.is_sqlite:
        # What was refused has changed nothing: readers and the writer are in each other's way else.
        with closing(sqlite3.connect(elsewhere.home / "carteiro.db")) as database:
            assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    done = put_back(elsewhere, sound, replacing=True)
    if elsewhere.is_sqlite:
        assert done.aside is not None
        aside = open_store(replace(elsewhere, database_url=f"sqlite:///{done.aside}"))
        with aside.reading() as session:
            assert len(session.scalars(select(Company)).all()) == 2
        aside.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_the_database_may_be_on_another_disk_than_the_state_folder(
    sound: Path, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    replace_in_place = Path.replace

    def between(source: Path, target: Path) -> Path:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace_in_place(source, target)

    monkeypatch.setattr(Path, "replace", between)
    there = replace(elsewhere, database_url=f"sqlite:///{disk / 'carteiro.db'}")
    put_back(there, sound)
    put_back(there, sound, replacing=True)
    assert [path.name for path in disk.iterdir() if path.name.startswith(".")] == []


@pytest.fixture
def at_work(elsewhere: Settings, sound: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the database open."""
    put_back(elsewhere, sound)
    code = (
        "import sys; from pathlib import Path; from services.settings import Settings;"
        "from services.store.engine import open_store;"
        "store = open_store(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]));"
        "session = store.reading().__enter__(); session.connection();"
        "print('open', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", code, str(elsewhere.home), elsewhere.database_url]
    with subprocess.Popen(
        argv, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_another_process_has_open_is_left_alone(
    at_work: subprocess.Popen[str], elsewhere: Settings, sound: Path
) -> None:
    with pytest.raises(Conflict, match="Outro processo"):
        put_back(elsewhere, sound, replacing=True)
    at_work.send_signal(signal.SIGKILL)
    at_work.wait()
    put_back(elsewhere, sound, replacing=True)


def test_a_process_that_opens_during_a_restore_sees_what_was_restored(
    home: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the file that is put aside, which it opened and waited for."""
    path = home / "carteiro.db"
    shutil.copyfile(sqlite_template, path)
    settings = Settings(home, f"sqlite:///{path}")
    store = open_store(settings)
    save(store, home / "empty.db")
    with store.writing() as session:
        keep_blobs(session, {"a": b"after the backup"})
    store.close()
    link = os.link

    def opened() -> int:
        return sum(each.resolve() == path for each in Path("/proc/self/fd").iterdir())

    with ThreadPoolExecutor(1) as threads:
        opening: list[Future[Store]] = []

        def while_somebody_opens(source: Path, target: Path) -> None:
            before = opened()
            opening.append(threads.submit(open_store, settings))
            wait_until(lambda: opened() > before, "the file is opened")
            link(source, target)

        monkeypatch.setattr("services.store.restore.os.link", while_somebody_opens)
        put_back(settings, home / "empty.db", replacing=True)
        late = opening[0].result()
    with late.reading() as session:
        assert fetch_blobs(session, ["a"]) == {}
    late.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_the_log_of_a_database_that_is_lost_is_not_the_new_one_s(
    sound: Path, elsewhere: Settings
) -> None:
    """A killed process leaves it beside the database, and somebody took that away: SQLite would
    write what is in it over what was restored."""
    put_back(elsewhere, sound)
    path = elsewhere.home / "carteiro.db"
    log = path.with_name("carteiro.db-wal")
    with closing(sqlite3.connect(path)) as database:
        with database:
            database.execute("UPDATE company SET nickname = 'lost'")
        left = log.read_bytes()
    path.unlink()
    log.write_bytes(left)
    put_back(elsewhere, sound)
    with closing(sqlite3.connect(path)) as database:
        names = {name for (name,) in database.execute("SELECT nickname FROM company")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "lost" not in names


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_a_damaged_database_is_replaced_and_kept_aside(sound: Path, elsewhere: Settings) -> None:
    """As the program tells people to; only when told so, for nobody knows what is in it."""
    path = elsewhere.home / "carteiro.db"
    path.write_bytes(b"damaged" * 5_000)
    with pytest.raises(Conflict, match="--replace"):
        put_back(elsewhere, sound)
    path.with_name("carteiro.db-wal").write_bytes(b"its log")
    done = put_back(elsewhere, sound, replacing=True)
    assert done.aside is not None
    assert Path(done.aside).read_bytes() == b"damaged" * 5_000
    assert Path(f"{done.aside}-wal").read_bytes() == b"its log"
    store = open_store(elsewhere)
    with store.reading() as session:
        assert len(session.scalars(select(Company)).all()) == 2
    store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
@pytest.mark.parametrize("refused", ["os.link", "Path.replace"])
def test_what_cannot_take_its_place_leaves_the_database_at_work(
    sound: Path, elsewhere: Settings, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where no file has two names: readers and the writer would be in each other's way else."""
    put_back(elsewhere, sound)

    def not_here(*_given: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(f"services.store.restore.{refused}", not_here)
        with pytest.raises(Unavailable, match="sem permissão"):
            put_back(elsewhere, sound, replacing=True)
    assert [each.name for each in elsewhere.home.iterdir()] == ["carteiro.db"]
    with closing(sqlite3.connect(elsewhere.home / "carteiro.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
