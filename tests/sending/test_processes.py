"""Several processes over one queue; killed, stopped, and continued at the wrong moment."""

from __future__ import annotations

import asyncio
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select

from services.outbox import claims, queue
from services.registry.access import Actor
from services.sending.tick import Sender
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import OutboxAttempt, OutboxMessage, OutboxState, ServerHour
from tests.sending.conftest import AddMailbox, Queue, Show
from tests.servers.ports import wait_until
from tests.servers.scripted_smtp import SILENCE, ScriptedSmtp
from tests.servers.sink import Sink

TOP = Path(__file__).resolve().parents[2]
Worker = subprocess.Popen[str]


@pytest.fixture
def worker(settings: Settings) -> Iterator[Callable[[], Worker]]:
    """Start a worker process; it works at each line it is given."""
    started: list[Worker] = []

    def start() -> Worker:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.sending.worker",
                str(settings.home),
                settings.database_url,
            ],
            cwd=TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def go(process: Worker) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hold_the_row(store: Store, message: int, holding: Event, told: Event) -> None:
    """Let nobody write the e-mail (with SQLite, anything) until told to go on."""
    with store.writing() as session:
        session.execute(select(OutboxMessage).where(OutboxMessage.id == message).with_for_update())
        holding.set()
        told.wait()


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, holds, "the server heard it")


async def test_killed_before_the_final_dot_it_is_sent_exactly_once(
    worker: Callable[[], Worker],
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """SIGKILL while the server has not yet asked for the text."""
    async with ScriptedSmtp({"DATA": [SILENCE, "354 go"]}) as server:
        mailbox(server.port, timeout=60)
        message = enqueue()
        process = worker()
        go(process)
        await until(lambda: "DATA" in server.heard)
        assert show(message).attempts[0].outcome == OutboxState.SENDING
        process.kill()
        process.wait()
        await sender.run_due()
        assert len(server.bodies) == 1
        detail = show(message)
        assert detail.view.state == OutboxState.SENT
        assert [a.outcome for a in detail.attempts] == ["deferred", "sent"]


async def test_killed_after_the_reply_it_is_on_record_as_the_server_took_it(
    worker: Callable[[], Worker],
    settings: Settings,
    store: Store,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R33: the server has said 250 and 550, the database lets nobody write, SIGKILL: no duplicate."""
    gate = asyncio.Event()
    script = {"RCPT": ["250 ok", "550 5.1.1 unknown"]}
    async with ScriptedSmtp(script, taken=gate) as server:
        mailbox(server.port, timeout=60)
        message = enqueue("a@loja.example; b@loja.example")
        process = worker()
        go(process)
        await until(lambda: len(server.bodies) == 1)
        holding, told = Event(), Event()
        held = asyncio.create_task(asyncio.to_thread(hold_the_row, store, message, holding, told))
        await asyncio.to_thread(holding.wait)
        gate.set()
        (journal,) = (settings.home / "sending").iterdir()
        await until(lambda: b"recipients" in journal.read_bytes())
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        process.kill()
        process.wait()
        told.set()
        await held
        await sender.run_due()
        assert len([body for body in server.bodies if b"Segue a nota" in body]) == 1
        detail = show(message)
        assert [r.state for r in detail.view.recipients] == [OutboxState.SENT, OutboxState.FAILED]
        assert "550" in (detail.view.recipients[1].reply or "")
        assert [a.outcome for a in detail.attempts] == [detail.view.state]
        assert not list((settings.home / "sending").iterdir())
        with store.reading() as session:
            # The notice of it is refused too.
            assert session.execute(select(ServerHour.sent, ServerHour.failed)).all() == [(1, 1)]


async def test_killed_twice_after_the_final_dot_it_goes_out_no_third_time(
    worker: Callable[[], Worker],
    store: Store,
    actor: Actor,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """R33: the third copy is left to a person, who may send it again."""
    async with ScriptedSmtp({"body": [SILENCE, SILENCE, "250 taken"]}) as server:
        mailbox(server.port, timeout=60)
        message = enqueue()
        for copies in (1, 2):
            process = worker()
            go(process)
            await until(lambda: len(server.bodies) == copies)  # noqa: B023 - awaited within
            process.kill()
            process.wait()
        await sender.run_due()
        assert len(server.bodies) == 2
        detail = show(message)
        assert detail.view.state == OutboxState.UNCERTAIN
        assert "Confira com o destinatário" in (detail.view.error or "")
        assert [a.outcome for a in detail.attempts] == ["uncertain", "uncertain"]
        with store.writing() as session:
            assert queue.retry(session, actor, [message]) == 1
        await sender.run_due()
        assert len(server.bodies) == 3
        assert show(message).view.state == OutboxState.SENT


async def test_killed_after_the_final_dot_there_is_at_most_one_duplicate(
    worker: Callable[[], Worker],
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
) -> None:
    """With the same Message-ID, byte for byte, and the first attempt marked as uncertain."""
    async with ScriptedSmtp({"body": [SILENCE, "250 taken"]}) as server:
        mailbox(server.port, timeout=60)
        message = enqueue()
        process = worker()
        go(process)
        await until(lambda: len(server.bodies) == 1)
        process.kill()
        process.wait()
        await sender.run_due()
        await sender.run_due()
        assert len(server.bodies) == 2
        assert server.bodies[0] == server.bodies[1]
        detail = show(message)
        assert detail.view.state == OutboxState.SENT
        assert [a.outcome for a in detail.attempts] == ["uncertain", "sent"]


async def test_stopped_past_its_claim_it_sends_and_records_nothing(
    worker: Callable[[], Worker],
    store: Store,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGSTOP, the claim is taken over, SIGCONT: the fence keeps the late one from the record."""
    real, skew = claims.steady, [0.0]
    monkeypatch.setattr(claims, "steady", lambda: real() + skew[0])
    async with ScriptedSmtp({"DATA": [SILENCE, "354 go"]}) as server:
        mailbox(server.port, timeout=3)
        message = enqueue()
        process = worker()
        go(process)
        await until(lambda: "DATA" in server.heard)
        process.send_signal(signal.SIGSTOP)
        assert await sender.run_due() == 0, "the stopped process still holds its claim"
        skew[0] = claims.LEASE * 2
        assert await sender.run_due() == 1
        assert show(message).view.state == OutboxState.SENT
        process.send_signal(signal.SIGCONT)
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        detail = show(message)
        assert detail.view.state == OutboxState.SENT
        assert [a.outcome for a in detail.attempts] == ["uncertain", "sent"]
        assert len(server.bodies) == 1


async def test_two_processes_share_two_hundred(
    worker: Callable[[], Worker], mailbox: AddMailbox, enqueue: Queue, show: Show, sink: Sink
) -> None:
    """Each e-mail leaves once."""
    mailbox(sink.port)
    messages = [enqueue(f"c{n}@x.example") for n in range(200)]
    processes = [worker(), worker()]
    for process in processes:
        go(process)
    done = [int(process.stdout.readline()) for process in processes if process.stdout]
    taken = Counter(m.recipients for m in sink.wait_for(200))
    assert len(taken) == 200
    assert set(taken.values()) == {1}
    assert sum(done) == 200
    assert {show(m).view.state for m in messages} == {OutboxState.SENT}


async def test_two_processes_share_the_limit_of_a_minute(
    worker: Callable[[], Worker], store: Store, mailbox: AddMailbox, enqueue: Queue
) -> None:
    """R34: together they send what one may, whoever is first; the rest is not even tried."""
    async with ScriptedSmtp() as server:
        mailbox(server.port, most_per_minute=7)
        for number in range(30):
            enqueue(f"c{number}@x.example")
        processes = [worker(), worker()]
        for process in processes:
            go(process)
        for process in processes:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
        assert len(server.bodies) == 7
        with store.reading() as session:
            assert session.scalar(select(func.count()).select_from(OutboxAttempt)) == 7
            assert not claims.is_due(session)


async def test_two_processes_share_the_connections_of_a_mailbox(
    worker: Callable[[], Worker], mailbox: AddMailbox, enqueue: Queue, show: Show
) -> None:
    """R34: never more at once than it takes, and each gets its turn."""
    async with ScriptedSmtp() as server:
        mailbox(server.port, most_connections=2)
        messages = [enqueue(f"c{number}@x.example") for number in range(210)]
        processes = [worker(), worker()]
        for process in processes:
            go(process)
        done = []
        for process in processes:
            assert process.stdout is not None
            done.append(int(await asyncio.to_thread(process.stdout.readline)))
        assert sum(done) == 210
        assert len(server.bodies) == 210
        assert server.most_at_once <= 2
        assert {show(m).view.state for m in messages} == {OutboxState.SENT}
