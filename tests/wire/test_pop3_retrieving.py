"""Messages by POP3: whole whatever is in them, within bytes, memory and time (R36)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.failure import Stage
from services.wire import lines as lines_module
from services.wire import pop3
from services.wire.budget import Budget
from services.wire.lines import Lines
from services.wire.pop3 import NotRetrieved, Retrieved, TooLarge
from tests.servers.scripted_pop3 import (
    ScriptedPop3,
    failure_in,
    items,
    listening,
    pad,
    session_with,
)

# Retrieving


async def test_a_refusal_within_the_window_stops_nothing() -> None:
    """R41: one bad message never stops the others."""
    server = ScriptedPop3(RETR=b"+OK\r\nbody\r\n.\r\n", **{"RETR 20": b"-ERR no such message\r\n"})
    async with session_with(server) as session:
        got = await items(session, *range(1, 101))
        assert session.usable
    assert [i.number for i in got] == [*range(1, 101)]
    assert [i.number for i in got if isinstance(i, NotRetrieved)] == [20]


async def test_lines_of_any_length() -> None:
    body = b"Subject: x\r\n\r\n" + b"a" * 2_049 + b"\r\n" + b"b" * 1_000_000 + b"\r\n"
    async with session_with(ScriptedPop3(RETR=b"+OK\r\n" + body + b".\r\n")) as session:
        assert await items(session, 1, 2) == [Retrieved(1, body), Retrieved(2, body)]


async def test_a_message_listed_too_large_is_not_asked_for() -> None:
    server = ScriptedPop3(RETR=b"+OK\r\nbody\r\n.\r\n")
    async with session_with(server) as session:
        got = [i async for i in session.retrieve([1, 2], [5_000, 10], max_bytes=1_000)]
    assert got == [TooLarge(1, 5_000), Retrieved(2, b"body\r\n")]
    assert b"RETR 1" not in server.seen


async def test_after_a_while_nothing_more_is_asked_for() -> None:
    """R38: what was asked for is given, and the session can be ended in order."""
    server = ScriptedPop3(RETR=b"+OK\r\nbody\r\n.\r\n")
    async with session_with(server) as session:
        numbers = range(1, 101)
        got = [i.number async for i in session.retrieve(numbers, [10] * 100, asking_seconds=0)]
        assert got == list(range(1, pop3.WINDOW + 1))
        await session.quit()
    assert server.seen[-1] == b"QUIT"


async def test_a_message_that_turns_out_too_large_is_passed_over() -> None:
    large = b"+OK\r\n" + pad(100_000) + b".\r\n"
    async with session_with(
        ScriptedPop3(RETR=b"+OK\r\nok\r\n.\r\n", **{"RETR 2": large})
    ) as session:
        got = await items(session, 1, 2, 3, max_bytes=100_000)
        assert got == [Retrieved(1, b"ok\r\n"), TooLarge(2, 100_001), Retrieved(3, b"ok\r\n")]
        await session.quit()


async def test_an_endless_message_ends_the_session() -> None:
    """A size cap: the rest is not worth waiting for."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")
        while True:
            writer.write(b"more of the same\r\n" * 1000)
            await writer.drain()

    server = ScriptedPop3(**{"RETR 2": endless}, RETR=b"+OK\r\nok\r\n.\r\n")
    async with session_with(server) as session:
        messages = session.retrieve([1, 2, 3], [10, 10, 10], max_bytes=500_000)
        assert await anext(messages) == Retrieved(1, b"ok\r\n")
        failure = await failure_in(anext(messages))
        assert not session.usable
    assert (failure.kind, failure.stage) == ("size", Stage.RETRIEVE)


async def test_a_byte_at_a_time_meets_the_deadline() -> None:
    """Never silent for long, and yet it ends."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    async with session_with(ScriptedPop3(RETR=drip), wait=5, deadline=0.4) as session:
        async with asyncio.timeout(3):
            failure = await failure_in(items(session, 1))
        assert not session.usable
    assert (failure.kind, failure.stage) == ("timeout", Stage.RETRIEVE)


async def test_a_silent_server_meets_the_time_out() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(ScriptedPop3(greeting=nothing)) as endpoint:
        failure = await failure_in(pop3.connect(replace(endpoint, timeout=0.1), deadline=20))
    assert (failure.kind, failure.stage) == ("timeout", Stage.GREETING)
    async with session_with(ScriptedPop3(STAT=nothing), wait=0.1) as session:
        assert (await failure_in(session.stat())).kind == "timeout"
        assert (await failure_in(session.quit())).kind == "closed"


async def test_a_slow_consumer_slows_the_server_down() -> None:
    """Memory stays bounded: the socket is not read while nobody consumes."""
    sent = 0
    stalled = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while not reader.at_eof():
            writer.write(b"+OK\r\n" + pad(1_000_000) + b".\r\n")
            sent += 1
            try:
                await asyncio.wait_for(writer.drain(), 0.5)
            except TimeoutError:
                stalled.set()
                await writer.drain()

    server = ScriptedPop3(RETR=stream)
    async with session_with(server) as session:
        messages = session.retrieve(range(1, 31), [1_000_000] * 30)
        await anext(messages)
        await stalled.wait()
        assert session._talk.lines.unread < 2_000_000
        assert sent < 30
        count = 1
        async for item in messages:
            assert isinstance(item, Retrieved)
            count += 1
            if count == 30:
                break
    assert count == 30


async def test_leaving_the_loop_early_ends_the_session() -> None:
    """Replies under way would be taken for those of the next command."""
    server = ScriptedPop3(RETR=b"+OK\r\nbody\r\n.\r\n")
    budget = Budget(10**6)
    async with listening(server) as endpoint:
        session = await pop3.connect(endpoint, deadline=20, budget=budget)
        messages = session.retrieve(range(1, 10), [10] * 9)
        assert await anext(messages) == Retrieved(1, b"body\r\n")
        assert (await failure_in(session.quit())).kind == "protocol"
        await messages.aclose()
        assert budget.take_now(10**6)
        await server.gone.wait()
    assert b"QUIT" not in server.seen


async def test_a_cancelled_command_ends_the_session() -> None:
    asked = asyncio.Event()

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with session_with(ScriptedPop3(STAT=nothing)) as session:
        task = asyncio.create_task(session.stat())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not session.usable


async def test_sessions_share_a_budget() -> None:
    """200 mailboxes at once do not hold 200 windows in memory."""
    budget = Budget(40_000)
    server = ScriptedPop3(RETR=b"+OK\r\n" + pad(10_000) + b".\r\n")
    async with listening(server) as endpoint:

        async def one() -> int:
            session = await pop3.connect(endpoint, deadline=20, budget=budget)
            got = [i async for i in session.retrieve(range(1, 21), [13_700] * 20)]
            session.abort()
            return len(got)

        assert await asyncio.gather(*(one() for _ in range(20))) == [20] * 20
    assert budget.take_now(40_000)


async def test_a_silent_server_leaves_bytes_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """R36: large mail under way at a server that says nothing holds up no other mailbox."""
    monkeypatch.setattr(pop3, "_SHARE", 40_000)
    budget = Budget(100_000)
    asked = asyncio.Event()

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with (
        listening(ScriptedPop3(RETR=nothing)) as silent,
        listening(ScriptedPop3(RETR=b"+OK\r\nbody\r\n.\r\n")) as quick,
    ):
        slow = await pop3.connect(silent, deadline=20, budget=budget)
        waiting = asyncio.create_task(anext(slow.retrieve(range(1, 6), [20_000] * 5)))
        await asked.wait()
        session = await pop3.connect(quick, deadline=2, budget=budget)
        assert len([i async for i in session.retrieve(range(1, 4), [60_000] * 3)]) == 3
        session.abort()
        waiting.cancel()
        await asyncio.wait({waiting})


async def test_waiting_for_the_budget_has_an_end() -> None:
    budget = Budget(1_000)
    assert budget.take_now(1_000)
    async with listening(ScriptedPop3()) as endpoint:
        session = await pop3.connect(endpoint, deadline=0.2, budget=budget)
        assert (await failure_in(items(session, 1))).kind == "timeout"
    budget.release(1_000)
    assert budget.take_now(1_000)


async def test_whoever_is_cancelled_as_bytes_come_free_is_just_cancelled() -> None:
    """All mailboxes are cut at once when the console closes: each gives back what it holds."""
    budget = Budget(1_000)
    assert budget.take_now(1_000)
    waiting = [asyncio.create_task(budget.take(size)) for size in (400, 1_000, 600)]
    await asyncio.sleep(0)
    for task in waiting[:2]:
        task.cancel()
    budget.release(1_000)
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError] * 2 + [type(None)]
    budget.release(600)
    assert budget.take_now(1_000)


# Any bytes, cut anywhere

_PIECES = st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"a", b"\r\n.", b"..", b"\0", b"x" * 70])
_BODIES = st.lists(st.one_of(_PIECES, st.binary(max_size=20)), max_size=30).map(
    lambda pieces: b"".join(pieces) + b"\r\n"
)


def on_the_wire(body: bytes) -> bytes:
    """What RFC 1939 §3 makes of a message."""
    stuffed = b"\r\n".join(
        b"." + line if line.startswith(b".") else line for line in body.split(b"\r\n")
    )
    return b"+OK\r\n" + stuffed + b".\r\n"


def feed(lines: Lines, data: bytes) -> None:
    while data:
        room = lines.get_buffer(-1)
        size = min(len(room), len(data))
        room[:size] = data[:size]
        lines.buffer_updated(size)
        data = data[size:]


@settings(max_examples=300, deadline=None)
@given(
    bodies=st.lists(_BODIES, min_size=1, max_size=5),
    cuts=st.lists(st.integers(1, 50)),
    few_dots=st.sampled_from([0, 1, 3, 256]),
)
def test_any_bytes_survive_any_cut(bodies: list[bytes], cuts: list[int], few_dots: int) -> None:
    """What the server stored is what is handed over, however it arrives."""
    wire = b"".join(map(on_the_wire, bodies))

    async def read() -> list[bytes | None]:
        lines = Lines(5, asyncio.get_running_loop().time() + 5)

        async def consume() -> list[bytes | None]:
            got = []
            for _body in bodies:
                assert await lines.line() == b"+OK"
                got.append(await lines.block(10_000))
            return got

        task = asyncio.create_task(consume())
        rest = wire
        for cut in cuts:
            feed(lines, rest[:cut])
            rest = rest[cut:]
            await asyncio.sleep(0)
        feed(lines, rest)
        got = await task
        assert lines.unread == 0
        lines.abort()
        return got

    with patch.object(lines_module, "_FEW_DOTS", few_dots):
        assert asyncio.run(read()) == bodies
