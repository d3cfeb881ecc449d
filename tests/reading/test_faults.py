"""What must hold when something fails in the middle of a reading."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DataError, OperationalError

from services.clock import set_source
from services.health.tokens import SignIns
from services.language import speaking
from services.reading import desk, intake, quarantine, rivals
from services.reading.rehearsal import Rehearsal
from services.reading.tick import LEASE_SECONDS, Reader
from services.registry.access import Actor
from services.settings import Settings
from services.store import leases
from services.store.engine import Store
from services.store.mail import InboundState
from services.store.notices import BellEntry
from services.wire.presets import preset_for
from tests.reading.conftest import Inbox, Readers, keys_of, letter
from tests.reading.maildrop import Maildrop
from tests.reading.proxy import Proxy

_ROOT = Path(__file__).parents[2]
_MANY = 50


class Killable:
    """Readers in processes of their own, each an hour later than the one before: mail is due."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.ahead = 0
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> asyncio.subprocess.Process:
        self.ahead += 3600
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.reading.reading_process"),
            *(str(self._settings.home), self._settings.database_url, str(self.ahead)),
            cwd=_ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"},
        )
        return self.process

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@pytest.fixture
async def killable(settings: Settings) -> AsyncIterator[Killable]:
    """A process to kill."""
    made = Killable(settings)
    yield made
    if made.process is not None and made.process.returncode is None:
        await made.kill()


@pytest.fixture
async def proxy(inbox: Inbox) -> AsyncIterator[Proxy]:
    """A relay between the readers and the mailbox's Dovecot."""
    async with Proxy(inbox.dovecot.port) as relay:
        inbox.set(pop_port=relay.port)
        yield relay


@pytest.fixture
def clock() -> Iterator[None]:
    """The clock is put back after the test."""
    yield
    set_source(None)


def _later(killable: Killable) -> None:
    ahead = killable.ahead + 3600
    set_source(lambda: datetime.now(UTC) + timedelta(seconds=ahead))


async def _finish(killable: Killable, reader: Reader, inbox: Inbox) -> None:
    """Read what is left, and find every document once and the mailbox empty."""
    _later(killable)
    await reader.recover()
    summary = await reader.run_due()
    assert summary.failures == []
    assert inbox.keys() == keys_of(range(1, _MANY + 1))
    assert inbox.left == []
    receipts = inbox.receipts()
    assert len(receipts) == _MANY
    assert {row.state for row in receipts} == {InboundState.IMPORTED}
    assert all(row.deleted_at for row in receipts)
    assert inbox.told() == (_MANY, _MANY, _MANY)


@pytest.mark.usefixtures("clock")
async def test_killed_at_random(
    killable: Killable, reader: Reader, inbox: Inbox, proxy: Proxy
) -> None:
    """R38: SIGKILL at random moments: 50 messages give 50 documents, each once."""
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))
    chance = random.Random(38)
    total = sum(path.stat().st_size for path in inbox.left)
    for _round in range(12):
        left = chance.randrange(int(total * 1.1))
        process = await killable.start()

        async def count(data: bytes) -> bool:
            nonlocal left
            left -= len(data)
            if left <= 0:
                await killable.kill()
            return left > 0

        proxy.on_reply = count
        await process.wait()
    proxy.on_reply = Proxy(0).on_reply
    await _finish(killable, reader, inbox)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("command", [b"RETR", b"DELE", b"QUIT"])
async def test_killed_before(
    command: bytes, killable: Killable, reader: Reader, inbox: Inbox, proxy: Proxy
) -> None:
    """R38: killed between RETR and commit, commit and DELE, DELE and QUIT: nothing lost or double."""
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))

    async def watch(data: bytes) -> bool:
        if command in data:
            await killable.kill()
            return False
        return True

    proxy.on_command = watch
    process = await killable.start()
    assert await process.wait() != 0
    assert len(inbox.left) == _MANY
    if command != b"RETR":
        assert inbox.count() == _MANY
    proxy.on_command = Proxy(0).on_command
    await _finish(killable, reader, inbox)


@pytest.mark.usefixtures("clock")
async def test_a_dry_run_after_a_kill_leaves_the_telling_to_the_next_reading(
    killable: Killable, reader: Reader, inbox: Inbox, proxy: Proxy, store: Store,
    settings: Settings, actor: Actor,
) -> None:  # fmt: skip
    """R42, R43: it takes the mailbox for itself, and changes nothing."""
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))

    async def watch(data: bytes) -> bool:
        if b"DELE" in data:
            await killable.kill()
            return False
        return True

    proxy.on_command = watch
    process = await killable.start()
    await process.wait()
    proxy.on_command = Proxy(0).on_command
    _later(killable)
    dry = Rehearsal(store, settings, SignIns(store, settings), actor, inbox.mailbox_id)
    assert len([each async for each in dry.run()]) == _MANY
    await _finish(killable, reader, inbox)


@pytest.mark.usefixtures("clock")
async def test_killed_after_quit(
    killable: Killable, reader: Reader, inbox: Inbox, proxy: Proxy
) -> None:
    """R43: killed before the reply to QUIT is noted: the receipt closes at the next reading."""
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))

    async def watch(data: bytes) -> bool:
        if b"Logging out" in data:
            await killable.kill()
            return False
        return True

    proxy.on_reply = watch
    process = await killable.start()
    assert await process.wait() != 0
    assert inbox.left == []
    proxy.on_reply = Proxy(0).on_reply
    await _finish(killable, reader, inbox)


async def test_a_process_a_day_ahead_takes_nothing_over(
    killable: Killable, reader: Reader, inbox: Inbox, proxy: Proxy
) -> None:
    """R36: one whose clock was set forward passes by the mailbox that is being read."""
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))
    killable.ahead = 86_400
    sessions = 0
    ended: list[int] = []

    async def watch(data: bytes) -> bool:
        nonlocal sessions
        sessions += b"PASS" in data
        if b"RETR" in data and killable.process is None:
            ended.append(await (await killable.start()).wait())
        return True

    proxy.on_command = watch
    assert (await reader.run_due()).messages == _MANY
    assert ended == [0]
    assert sessions == 1
    assert inbox.told() == (_MANY, _MANY, _MANY)


async def test_stopped_past_its_lease(
    killable: Killable, reader: Reader, inbox: Inbox, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: SIGSTOP, the mailbox is taken over, SIGCONT: the fence keeps the late one from it."""
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))
    stopped = asyncio.Event()

    async def watch(data: bytes) -> bool:
        if b"RETR" in data and not stopped.is_set():
            assert killable.process is not None
            killable.process.send_signal(signal.SIGSTOP)
            stopped.set()
        return True

    proxy.on_command = watch
    process = await killable.start()
    await stopped.wait()
    assert (await reader.run_due()).mailboxes == 0
    real = leases.uptime
    monkeypatch.setattr(leases, "uptime", lambda: real() + LEASE_SECONDS)
    assert (await reader.run_due()).messages == _MANY
    process.send_signal(signal.SIGCONT)
    assert await process.wait() == 0
    assert inbox.keys() == keys_of(range(1, _MANY + 1))
    assert inbox.told() == (_MANY, _MANY, _MANY)


@pytest.mark.parametrize("command", ["USER", "UIDL", "RETR 7", "DELE 3", "QUIT"])
async def test_cut_at(command: str, reader: Reader, inbox: Inbox) -> None:
    """R38: the network cut at a stage: the next reading ends what this one began."""
    cut = [command]

    def watch(told: str) -> None:
        if cut and told.startswith(cut[0]):
            cut.clear()
            raise ConnectionError

    async with Maildrop(*(letter(n) for n in range(1, 11))) as server:
        server.on_command = watch
        inbox.set(pop_port=server.port)
        summary = await reader.run_due()
        assert len(summary.failures) == 1
        assert len(server.messages) == 10
        assert server.quits == 0
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert server.messages == []
    assert inbox.keys() == keys_of(range(1, 11))
    assert len(inbox.receipts()) == 10


async def test_consumed_on_quit(reader: Reader, inbox: Inbox) -> None:
    """R38: a server that consumes what was retrieved: all of it is durable before QUIT."""
    async with Maildrop(*(letter(n) for n in range(1, 11)), consumes=True) as server:
        inbox.set(pop_port=server.port, delete_after="never")
        await reader.run_due()
        assert server.messages == []
    assert inbox.keys() == keys_of(range(1, 11))


@pytest.mark.parametrize("consumes", [False, True])
async def test_storing_fails(consumes: bool, readers: Readers, inbox: Inbox, store: Store) -> None:
    """R38: disk full or database read-only in the middle: no DELE, no QUIT; later it resumes."""
    broken = False
    told: list[str] = []

    def watch(command: str) -> None:
        nonlocal broken
        told.append(command.partition(" ")[0])
        broken = broken or command.startswith("RETR")

    @event.listens_for(store.write_engine, "before_cursor_execute")
    def _fail(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if broken and statement.startswith("INSERT INTO blob"):
            raise OperationalError(statement, None, Exception("database or disk is full"))

    async with Maildrop(*(letter(n) for n in range(1, 6)), consumes=consumes) as server:
        server.on_command = watch
        inbox.set(pop_port=server.port)
        summary = await readers().run_due()
        assert len(summary.failures) == 1
        assert "DELE" not in told
        assert server.quits == 0
        assert len(server.messages) == 5
        assert inbox.receipts() == []
        event.remove(store.write_engine, "before_cursor_execute", _fail)
        await readers().run_due(mailbox_id=inbox.mailbox_id)
        assert server.messages == []
    assert inbox.keys() == keys_of(range(1, 6))


async def test_database_connections_cut(reader: Reader, inbox: Inbox, store: Store) -> None:
    """R38: PostgreSQL ends every session in the middle: nothing lost, nothing double."""
    if store.is_sqlite:
        pytest.skip("SQLite has no sessions to end")
    cut = [True]

    def watch(command: str) -> None:
        if cut and command.startswith("RETR 5"):
            cut.clear()
            with store.reading() as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    async with Maildrop(*(letter(n) for n in range(1, 11))) as server:
        server.on_command = watch
        inbox.set(pop_port=server.port)
        await reader.run_due()
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert server.messages == []
    assert inbox.keys() == keys_of(range(1, 11))


async def _cut_at(statement: str, reader: Reader, store: Store) -> None:
    """Have the reading cancelled while the database is at its first ``statement``."""
    loop = asyncio.get_running_loop()
    reached, go_on = asyncio.Event(), threading.Event()

    @event.listens_for(store.write_engine, "before_cursor_execute")
    def _wait(connection: object, cursor: object, words: str, *rest: object) -> None:
        if words.startswith(statement):
            loop.call_soon_threadsafe(reached.set)
            assert go_on.wait(20)

    reading = asyncio.create_task(reader.run_due())
    await reached.wait()
    reading.cancel()
    loop.call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await reading
    event.remove(store.write_engine, "before_cursor_execute", _wait)


async def test_cut_while_batches_are_on_their_way(
    reader: Reader, inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38, R43: a console that closes: what is committed all the same is told, the rest read later."""
    monkeypatch.setattr("services.reading.intake._FULL", intake._Pace(8, 2**20, 3))
    inbox.deliver(*(letter(n) for n in range(1, _MANY + 1)))
    await _cut_at("INSERT INTO document", reader, store)
    done = inbox.count()
    assert done > 0
    assert inbox.told() == (done, done, len(inbox.receipts()))
    assert len(inbox.left) == _MANY
    await reader.run_due()
    assert inbox.keys() == keys_of(range(1, _MANY + 1))
    assert inbox.told() == (_MANY, _MANY, _MANY)
    assert inbox.left == []


async def test_a_server_that_falls_silent_holds_nothing_up(
    reader: Reader, inbox: Inbox, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R36, R38: what has come is stored meanwhile, for its bytes are what others wait for."""
    monkeypatch.setattr("services.reading.intake._BATCH_SECONDS", 0.2)
    monkeypatch.setattr("services.wire.pop3.WINDOW", 1)
    inbox.deliver(*(letter(n) for n in range(1, 6)))
    go_on = asyncio.Event()

    async def silent(data: bytes) -> bool:
        if data.startswith(b"RETR 4"):
            await go_on.wait()
        return True

    proxy.on_command = silent
    held = reader._desk.held
    reading = asyncio.create_task(reader.run_due())
    async with asyncio.timeout(10):
        while inbox.keys() != keys_of([1, 2, 3]):
            assert not reading.done()
            await asyncio.sleep(0.01)
        await held.take(desk._HELD)
    held.release(desk._HELD)
    go_on.set()
    assert (await reading).documents == 5
    assert inbox.left == []


async def test_cut_while_the_mailbox_is_claimed(reader: Reader, inbox: Inbox, store: Store) -> None:
    """R38: a console that closes at once leaves the mailbox to the next reading."""
    inbox.deliver(letter(1))
    await _cut_at("INSERT INTO lease", reader, store)
    assert (await reader.run_due()).documents == 1


async def test_writer_dies(reader: Reader, inbox: Inbox) -> None:
    """R38: a dead writer fails the reading at once; the server deletes nothing."""

    def watch(command: str) -> None:
        if command.startswith("RETR 1"):
            reader._desk.writer.close()

    async with Maildrop(letter(1)) as server:
        server.on_command = watch
        inbox.set(pop_port=server.port)
        async with asyncio.timeout(10):
            summary = await reader.run_due()
        assert len(summary.failures) == 1
        assert server.quits == 0
        assert len(server.messages) == 1


@pytest.mark.parametrize(
    "uidls", [None, ["", "", ""], ["x", "x", "y"]], ids=["no", "blank", "twice"]
)
async def test_uidls_that_tell_nothing(
    uidls: list[str] | None, reader: Reader, inbox: Inbox
) -> None:
    """R38: UIDL absent, blank or given twice: content decides, nothing is lost or double."""
    inbox.set(delete_after="never")
    async with Maildrop(*(letter(n) for n in range(1, 4))) as server:
        server.uidls = uidls
        inbox.set(pop_port=server.port)
        for _again in range(2):
            await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert len(server.messages) == 3
    assert inbox.keys() == keys_of(range(1, 4))
    assert len(inbox.receipts()) == 3


async def test_a_slow_line_without_uidls(
    reader: Reader, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: what stays there and has no name is read in one session: the next would begin anew."""
    monkeypatch.setattr("services.reading.intake.ASKING_SECONDS", 0.0)
    async with Maildrop(*(letter(n) for n in range(1, 46))) as server:
        server.uidls = None
        inbox.set(pop_port=server.port, delete_after="never")
        await reader.run_due()
    assert inbox.keys() == keys_of(range(1, 46))


async def test_uidls_begin_anew_for_new_mail(reader: Reader, inbox: Inbox) -> None:
    """R38: after a deletion the server gives the same UIDLs to other messages: all are read."""
    async with Maildrop(*(letter(n) for n in range(1, 4))) as server:
        inbox.set(pop_port=server.port)
        await reader.run_due()
        server.messages = [letter(n) for n in range(4, 7)]
        server.uidls = ["uidl-0", "uidl-1", "uidl-2"]
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert server.messages == []
    assert inbox.keys() == keys_of(range(1, 7))


async def test_uidls_change_for_the_same_mail(reader: Reader, inbox: Inbox) -> None:
    """R38: new UIDLs for mail that is kept on the server: no second document or receipt."""
    inbox.set(delete_after="never")
    async with Maildrop(*(letter(n) for n in range(1, 4))) as server:
        inbox.set(pop_port=server.port)
        await reader.run_due()
        server.uidls = ["a", "b", "c"]
        assert (await reader.run_due(mailbox_id=inbox.mailbox_id)).documents == 0
        server.retrieved = 0
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert server.retrieved == 0
    assert len(inbox.receipts()) == 3


async def test_uidls_swapped_while_kept(reader: Reader, inbox: Inbox) -> None:
    """R38: a remembered UIDL with another size: the mailbox was numbered anew, all is fetched."""
    inbox.set(delete_after="never")
    async with Maildrop(letter(1), letter(2)) as server:
        inbox.set(pop_port=server.port)
        await reader.run_due()
        server.messages = [letter(3, subject="Outro assunto"), letter(4)]
        await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert inbox.keys() == keys_of(range(1, 5))


async def test_a_server_that_keeps_what_was_deleted(reader: Reader, inbox: Inbox) -> None:
    """R38: DELE ignored by the server: looked at once more, then left alone."""
    async with Maildrop(letter(1), letter(2)) as server:
        server.keeps = True
        inbox.set(pop_port=server.port)
        for _again in range(4):
            await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert server.retrieved == 4
    assert inbox.keys() == keys_of([1, 2])


async def test_one_poisonous_message_among_fifty(reader: Reader, inbox: Inbox) -> None:
    """R41: 49 are imported in that run; the one is held with its reason."""
    broken = letter(50).replace(b"MIME-Version: 1.0\r\n", b"") + b"\r\n" * 3
    poison = b"Subject: x\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 2_000 + broken
    raws = [letter(n) for n in range(1, 50)]
    inbox.deliver(*raws[:20], poison, *raws[20:])
    summary = await reader.run_due()
    assert (summary.messages, summary.documents, summary.quarantined) == (50, 49, 1)
    assert inbox.keys() == keys_of(range(1, 50))
    assert inbox.left == []


async def test_a_message_that_the_database_refuses(
    reader: Reader, inbox: Inbox, store: Store
) -> None:
    """R41: one message whose import raises is held, the others of its batch are imported."""

    bad = keys_of([3])[0]

    @event.listens_for(store.write_engine, "before_cursor_execute")
    def _fail(
        connection: object, cursor: object, statement: str, values: object, *rest: object
    ) -> None:
        if statement.startswith("INSERT INTO document") and bad in repr(values):
            raise DataError(statement, None, Exception("value too long"))

    inbox.deliver(*(letter(n) for n in range(1, 6)))
    summary = await reader.run_due()
    event.remove(store.write_engine, "before_cursor_execute", _fail)
    assert summary.documents == 4
    assert inbox.held() == ["refused_values"]
    assert inbox.left == []


async def test_too_large_stays_on_the_server(
    reader: Reader, inbox: Inbox, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R41: over the size cap: held once with its reason, never deleted; the others are read."""
    monkeypatch.setattr("services.reading.intake.MAX_MESSAGE", 100_000)
    large = letter(9) + b"x" * 200_000
    inbox.deliver(letter(1), large, letter(2))
    for _again in range(2):
        await reader.run_due(mailbox_id=inbox.mailbox_id)
    assert inbox.keys() == keys_of([1, 2])
    assert inbox.held() == ["too_large"]
    assert len(inbox.left) == 1
    with store.reading() as session, speaking("en"):
        (held,) = quarantine.rows(session, actor, quarantine.ids(session, actor)).values()
    assert held.detail == "0 MB on the server; the limit is 0 MB"


async def test_another_reader_is_noticed(
    readers: Readers, inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R38: what was to stay there and vanished rings once; what the server renumbered does not."""
    async with Maildrop(*(letter(n) for n in range(1, 6))) as server:
        inbox.set(pop_port=server.port, delete_after="never")
        reader = readers()
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert len(server.messages) == 5
        server.uidls = [f"anew-{n}" for n in range(5)]
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert _vanished(store) == []
        for left in (3, 3, 2):
            del server.messages[left:]
            del server.uidls[left:]
            await reader.run_due(mailbox_id=inbox.mailbox_id)
        (entry,) = _vanished(store)
        assert (entry.count, entry.severity) == (3, "warning")
        assert "3 mensagens sumiram" in entry.title
        monkeypatch.setattr(rivals, "preset_of_host", lambda _host: preset_for("a@gmail.com"))
        server.messages.clear()
        server.uidls.clear()
        await reader.run_due(mailbox_id=inbox.mailbox_id)
        assert _vanished(store)[0].count == 3, "this provider hides what was fetched"
    assert inbox.count() == 5


def _vanished(store: Store) -> list[BellEntry]:
    with store.reading() as session:
        found = session.scalars(select(BellEntry).where(BellEntry.type_key == "reading_failed"))
        return list(found)
