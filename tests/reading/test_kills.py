"""SIGKILL again and again over a server that consumes what was retrieved."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from services.clock import set_source
from services.jobs.retention import forget_old
from services.reading.recovery import raw_messages
from services.reading.tick import Reader
from services.settings import Settings
from services.store.engine import Store
from tests.reading.conftest import Inbox, keys_of, letter
from tests.reading.maildrop import Maildrop

_ROOT = Path(__file__).parents[2]
# Each reader lives as much later than the one before: mail is due.
_LATER = 3_600
_AT_MOST = 6
# With SQLite it is put into a file of its own before it is kept.
_LARGE = 300_000


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=pytest.mark.long)])
async def test_nothing_lost_nothing_twice(
    kills: int, settings: Settings, store: Store, reader: Reader, inbox: Inbox, tmp_path: Path
) -> None:
    """R38: new mail between the kills, as many readings that end well as it takes.

    Every message can be read afterwards, also once what the killed left behind is tidied away.
    """
    chance = random.Random(kills)
    last_words = (tmp_path / "readers").open("wb+")
    forks = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.reading.fork_server"),
        *(str(settings.home), settings.database_url),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=last_words,
        env={k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"},
    )
    assert forks.stdin is not None
    assert forks.stdout is not None
    await forks.stdout.readline()
    delivered = killed = rounds = 0
    try:
        async with Maildrop(consumes=True) as server:
            inbox.set(pop_port=server.port)
            while killed < kills:
                for _new in range(chance.randint(0, 3)):
                    if len(server.messages) < _AT_MOST:
                        delivered += 1
                        size = _LARGE if delivered % 2 else 500
                        server.messages.append(letter(delivered, pdf_bytes=size))
                        assert server.uidls is not None
                        server.uidls.append(f"uidl-{delivered}")
                rounds += 1
                forks.stdin.write(f"{rounds * _LATER}\n".encode())
                pid = int(await forks.stdout.readline())
                doom = _doom(pid, server, chance)
                status = int(await forks.stdout.readline())
                doom.cancel()
                killed += os.WIFSIGNALED(status)
                assert os.WIFSIGNALED(status) or status == 0, _told(last_words)
            server.on_command = lambda _command: None
            ahead = (rounds + 1) * _LATER
            set_source(lambda: datetime.now(UTC) + timedelta(seconds=ahead))
            await reader.recover()
            summary = await reader.run_due()
            assert summary.failures == []
            assert server.messages == []
            forget_old(store, threading.Event())
            assert _whole(store, inbox) == delivered
    finally:
        set_source(None)
        forks.stdin.close()
        await forks.wait()
        last_words.close()
    assert inbox.keys() == keys_of(range(1, delivered + 1))
    assert inbox.held() == []


def _told(last_words: BinaryIO) -> str:
    last_words.seek(0)
    return last_words.read().decode()


def _whole(store: Store, inbox: Inbox) -> int:
    """How many of the messages that were kept are there to be read."""
    ids = [each.id for each in inbox.receipts()]
    with store.reading() as session:
        return len(raw_messages(session, ids))


def _doom(pid: int, server: Maildrop, chance: random.Random) -> asyncio.Task[None]:
    """The reader's end: before one of its commands is answered, or some time after it."""
    left = chance.randint(1, 2 * len(server.messages) + 8)
    wait = chance.choice((0.0, 0.0, chance.uniform(0, 0.2)))
    reached = asyncio.Event()

    def count(_command: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            if wait:
                reached.set()
                return
            _kill(pid)
            raise ConnectionError

    async def later() -> None:
        await reached.wait()
        await asyncio.sleep(wait)
        _kill(pid)

    server.on_command = count
    return asyncio.create_task(later())


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
