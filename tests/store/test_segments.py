"""Raw messages beside SQLite's file: as they were put, durable, tidied away, in every backup."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services import clock
from services.errors import Unavailable
from services.outbox import restored
from services.reading import arrivals
from services.reading.arrivals import Arrival
from services.reading.recovery import raw_messages
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store import backup
from services.store.blobs import drop_unused, fetch_blobs, keep_blobs, keep_messages, put_by
from services.store.engine import Store, open_store
from services.store.mail import Blob, InboundMessage
from services.store.models import EmailServer
from services.store.restore import restore
from services.store.segments import Place, Segments
from services.store.sweeping import left_alone, lost, sweep
from tests.servers.disks import enlarge, small_disk

_ROOT = Path(__file__).parents[2]
_HOLD = """
import sys, time
from pathlib import Path
from services.store.segments import Segments
place = Segments(Path(sys.argv[1])).append([b"m" * 300_000])[0]
print(place.segment, flush=True)
time.sleep(600)
"""
Later = Callable[[float], None]


@pytest.fixture
def minutes() -> Iterator[Later]:
    """``minutes(n)``: it is n minutes later than now."""
    at = clock.now()
    yield lambda n: clock.set_source(lambda: at + timedelta(minutes=n))
    clock.set_source(None)


@pytest.fixture
def database_url(home: Path, sqlite_template: Path) -> str:
    """SQLite alone has such files."""
    path = home / "carteiro.db"
    path.write_bytes(sqlite_template.read_bytes())
    path.chmod(0o600)
    return f"sqlite:///{path}"


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _keep(store: Store, actor: Actor, *raws: bytes) -> list[int]:
    """Their receipts, kept as reading keeps messages."""
    digests = [_digest(raw) for raw in raws]
    places = put_by(store, dict(zip(digests, raws, strict=True)))
    items = [Arrival(n, f"u{raw[:8].hex()}", len(raw), raw) for n, raw in enumerate(raws, 1)]
    with store.writing() as session:
        kept = arrivals.keep(session, actor.partner_id, _server(session), items, digests, places)
    return [each.inbound_id for each in kept]


def _server(session: Session) -> int:
    return session.scalars(select(EmailServer.id)).one()


def _forget(store: Store, *inbound_ids: int) -> None:
    """Raw messages are no longer kept, as when their time is over."""
    with store.writing() as session:
        digests = session.scalars(
            select(InboundMessage.sha256).where(InboundMessage.id.in_(inbound_ids))
        ).all()
        session.execute(
            update(InboundMessage)
            .where(InboundMessage.id.in_(inbound_ids))
            .values(raw_removed_at=clock.now())
        )
        drop_unused(session, digests)


def _raws(store: Store, ids: list[int]) -> list[bytes]:
    with store.reading() as session:
        return list(raw_messages(session, ids).values())


def _unit(store: Store) -> Callable[[Callable[[Session], None]], None]:
    def done(work: Callable[[Session], None]) -> None:
        with store.writing() as session:
            work(session)

    return done


def _swept(store: Store) -> int:
    return sweep(store, _unit(store), threading.Event())


def _files(store: Store) -> list[Path]:
    assert store.segments is not None
    return sorted(store.segments.folder.iterdir())


@pytest.fixture
def mailbox(store: Store, actor: Actor, company: CompanyView) -> None:
    """A server that messages come from."""
    draft = MailboxDraft(
        function="read",
        nickname="Leitura",
        sender_name="Padaria",
        email="leitura@padaria.example",
        password="segredo",
        host="pop.padaria.example",
        port=995,
        security="tls",
    )
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, draft)


@given(
    st.lists(
        st.lists(
            st.one_of(st.binary(max_size=200), st.integers(0, 3 * 2**20).map(bytes)), max_size=4
        ),
        max_size=4,
    )
)
@effort(max_examples=30, deadline=None)
def test_every_piece_comes_back(
    tmp_path_factory: pytest.TempPathFactory, appends: list[list[bytes]]
) -> None:
    """Of any length, empty ones too, in as many goes as one likes."""
    segments = Segments(tmp_path_factory.mktemp("pieces") / "m")
    placed = [
        (piece, place)
        for pieces in appends
        for piece, place in zip(pieces, segments.append(pieces), strict=True)
    ]
    assert [segments.read(place) for _piece, place in placed] == [p for p, _ in placed]
    segments.close()


def test_files_are_the_owners_and_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.store.segments._FULL", 100_000)
    segments = Segments(tmp_path / "m")
    names = [segments.append([bytes(60_000)])[0].segment for _n in range(4)]
    segments.close()
    assert names[0] == names[1] != names[2] == names[3]
    assert {f.stat().st_mode & 0o777 for f in segments.folder.iterdir()} == {0o600}
    assert segments.folder.stat().st_mode & 0o777 == 0o700
    assert segments.read(Place("20200101T000000-00000000", 0, 5)) is None
    (segments.folder / "20200101T000000-00000001").mkdir()
    with pytest.raises(Unavailable, match="é uma pasta"):
        segments.read(Place("20200101T000000-00000001", 0, 5))
    assert segments.read(Place(names[0], 150_000, 5)) is None


@pytest.mark.usefixtures("mailbox")
def test_a_message_is_kept_once_and_given_whole(store: Store, actor: Actor) -> None:
    """R38: much goes into a file, little into the database, and nobody sees where it was."""
    large = [os.urandom(200_000), os.urandom(300_000)]
    ids = _keep(store, actor, *large) + _keep(store, actor, b"pouco")
    assert _raws(store, ids) == [*large, b"pouco"]
    with store.reading() as session:
        inline = {size: len(data) for size, data in session.execute(select(Blob.size, Blob.data))}
    assert inline == {200_000: 0, 300_000: 0, 5: 5}
    (file,) = _files(store)
    size = file.stat().st_size
    assert put_by(store, {_digest(raw): raw for raw in large}) == {}
    assert file.stat().st_size == size


@pytest.mark.usefixtures("mailbox")
def test_what_went_meanwhile_is_kept_anew(store: Store, actor: Actor) -> None:
    """R38: between putting by and the unit of work retention dropped the same bytes elsewhere."""
    raw = os.urandom(400_000)
    (first,) = _keep(store, actor, raw)
    assert put_by(store, {_digest(raw): raw}) == {}
    _forget(store, first)
    with store.writing() as session:
        keep_messages(session, {_digest(raw): raw}, {})
    with store.reading() as session:
        assert fetch_blobs(session, [_digest(raw)]) == {_digest(raw): raw}


@pytest.mark.usefixtures("mailbox")
def test_a_document_that_is_the_whole_message_has_its_own_bytes(store: Store, actor: Actor) -> None:
    """R40: what queries join is in the row, whoever kept the same bytes first."""
    xml = b"<nfe>" + b"x" * 400_000 + b"</nfe>"
    ids = _keep(store, actor, xml)
    with store.writing() as session:
        keep_blobs(session, {_digest(xml): xml})
        keep_messages(session, {_digest(xml): xml}, {})
    with store.reading() as session:
        assert session.scalars(select(Blob.data)).one() == xml
    assert _raws(store, ids) == [xml]


@pytest.mark.usefixtures("mailbox")
def test_a_file_goes_with_the_last_message_in_it(
    store: Store, actor: Actor, settings: Settings, minutes: Later
) -> None:
    """R43: not while it is written, not while somebody may be reading what was there before."""
    first, second = _keep(store, actor, os.urandom(300_000), os.urandom(300_000))
    (file,) = _files(store)
    _forget(store, first, second)
    minutes(60)
    assert _swept(store) == 0
    store.close()
    later = open_store(settings)
    minutes(0)
    assert _swept(later) == 0
    (file.parent / "notas.txt").write_text("de outra pessoa")
    minutes(60)
    with left_alone(later):
        assert _swept(later) == 0
    size = file.stat().st_size
    assert _swept(later) == size
    assert [each.name for each in _files(later)] == ["notas.txt"]
    later.close()


@pytest.mark.usefixtures("mailbox")
def test_a_thin_file_is_written_anew(
    store: Store, actor: Actor, settings: Settings, minutes: Later
) -> None:
    """R43: what a person still has to decide about stays, and its file shrinks to it."""
    raws = [os.urandom(300_000) for _n in range(4)]
    ids = _keep(store, actor, *raws)
    (file,) = _files(store)
    _forget(store, *ids[:3])
    store.close()
    later = open_store(settings)
    assert _swept(later) == 0
    assert _raws(later, ids) == [raws[3]]
    assert len(_files(later)) == 2
    minutes(60)
    assert _swept(later) > 1_000_000
    assert file not in _files(later)
    assert _raws(later, ids) == [raws[3]]
    later.close()


@pytest.mark.usefixtures("mailbox")
def test_what_comes_to_be_wanted_meanwhile_stays(
    store: Store, actor: Actor, settings: Settings, minutes: Later
) -> None:
    """R38: another process keeps what it had put by, and ends, in the midst of tidying by a clock ahead."""
    ids = _keep(store, actor, *(os.urandom(300_000) for _n in range(4)))
    _forget(store, *ids[:3])
    store.close()
    minutes(1)
    other, tidying = open_store(settings), open_store(settings)
    raw = os.urandom(300_000)
    places = put_by(other, {_digest(raw): raw})

    def unit(work: Callable[[Session], None]) -> None:
        _unit(tidying)(work)
        with other.writing() as session:
            keep_messages(session, {_digest(raw): raw}, places)
        other.close()

    minutes(60)
    assert sweep(tidying, unit, threading.Event()) == 0
    with tidying.reading() as session:
        assert fetch_blobs(session, [_digest(raw)]) == {_digest(raw): raw}
    tidying.close()


def test_what_a_killed_process_left_goes(store: Store, minutes: Later) -> None:
    """It had put messages by, and did not live to say so: while it lives they are left alone."""
    assert store.segments is not None
    argv = [sys.executable, "-c", _HOLD, str(store.segments.folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=_ROOT) as process:
        try:
            assert process.stdout is not None
            name = process.stdout.readline().decode().strip()
            minutes(60)
            assert _swept(store) == 0
            assert [file.name for file in _files(store)] == [name]
        finally:
            process.kill()
    assert _swept(store) > 300_000
    assert _files(store) == []


def test_a_full_disk_is_told_and_what_is_there_stays(tmp_path: Path) -> None:
    """The next attempt begins in a new file, once there is room."""
    kept = os.urandom(300_000)
    with small_disk(tmp_path / "m", "1m") as folder:
        segments = Segments(folder)
        (place,) = segments.append([kept])
        with pytest.raises(Unavailable, match="o disco está cheio"):
            segments.append([bytes(900_000)])
        assert segments.read(place) == kept
        enlarge(folder, "4m")
        (again,) = segments.append([bytes(900_000)])
        assert again.segment != place.segment
        assert segments.read(again) == bytes(900_000)
        segments.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Settings:
    """Another installation with the same key and an empty database."""
    home = tmp_path / "elsewhere"
    home.mkdir(mode=0o700)
    url = f"sqlite:///{home / 'carteiro.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    return Settings(home=home, database_url=url, key_file=settings.home / "master.key")


@pytest.mark.usefixtures("mailbox")
def test_a_backup_has_the_messages_in_it(
    store: Store, actor: Actor, tmp_path: Path, elsewhere: Settings
) -> None:
    """R38: one file with everything, for either database; a lost message is one no longer kept."""
    raws = [os.urandom(300_000) for _n in range(3)]
    ids = [_keep(store, actor, raw)[0] for raw in raws]
    (file,) = _files(store)
    with file.open("r+b") as open_:
        open_.seek(100)
        open_.write(b"estragado")
    saved = tmp_path / "copia.db"
    told: list[tuple[int, int]] = []
    backup.write(store, saved, lambda *done: told.append(done), threading.Event())
    assert told == sorted(told)
    assert 600_000 < told[-1][0] <= told[-1][1]
    restore(
        elsewhere,
        saved,
        replacing=False,
        settle=restored.leave_to_a_person,
        done=lambda _done, _total: None,
    )
    there = open_store(elsewhere)
    assert _raws(there, ids) == raws[1:]
    with there.reading() as session:
        removed = session.execute(
            select(InboundMessage.raw_removed_at.is_not(None)).order_by(InboundMessage.id)
        )
        assert list(removed.scalars()) == [True, False, False]
        assert not any(session.scalars(select(Blob.segment)))
    there.close()


@pytest.mark.usefixtures("mailbox")
def test_what_is_put_aside_keeps_its_messages(
    store: Store, actor: Actor, settings: Settings, tmp_path: Path, minutes: Later
) -> None:
    """The database before can be gone back to, also once the new one has been tidied."""
    saved = tmp_path / "copia.db"
    backup.write(store, saved, lambda _done, _total: None, threading.Event())
    raw = os.urandom(300_000)
    ids = _keep(store, actor, raw)
    store.close()
    done = restore(
        settings,
        saved,
        replacing=True,
        settle=restored.leave_to_a_person,
        done=lambda _done, _total: None,
    )
    assert done.aside is not None
    new = open_store(settings)
    minutes(60)
    assert _swept(new) > 0
    assert _raws(new, ids) == []
    new.close()
    before = open_store(Settings(settings.home, f"sqlite:///{done.aside}"))
    assert _raws(before, ids) == [raw]
    before.close()


@pytest.mark.usefixtures("mailbox")
def test_a_missing_or_short_file_is_found(store: Store, actor: Actor) -> None:
    """What the check-up tells of; what is there is still given."""
    ids = _keep(store, actor, os.urandom(300_000), os.urandom(300_000))
    assert lost(store) == []
    (file,) = _files(store)
    os.truncate(file, 400_000)
    assert [(each.name, each.count) for each in lost(store)] == [(file.name, 2)]
    assert len(_raws(store, ids)) == 1
    file.unlink()
    assert lost(store)[0].count == 2
    assert _raws(store, ids) == []


def test_there_are_none_beside_postgresql(request: pytest.FixtureRequest, home: Path) -> None:
    """Other hosts share it: they would not find them."""
    url = request.getfixturevalue("postgres").database()
    there = open_store(Settings(home, url))
    assert put_by(there, {"0" * 64: bytes(1_000_000)}) == {}
    assert sweep(there, _unit(there), threading.Event()) == 0
    there.close()
