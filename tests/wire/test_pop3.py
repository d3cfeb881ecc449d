"""The POP3 client against a real Dovecot and against servers that misbehave (R36)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import Invalid
from services.failure import Failure, Stage, WireError
from services.wire import lines as lines_module
from services.wire import pop3
from services.wire.budget import Budget
from services.wire.endpoint import Endpoint, Login
from services.wire.lines import Lines
from services.wire.pop3 import NotRetrieved, Pop3Session, Retrieved, Stat, TooLarge
from tests.servers.certificate import Authority
from tests.servers.dovecot import Dovecot

ANA = Login("ana", "hunter2")
Item = Retrieved | TooLarge | NotRetrieved
Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = bytes | Act | None


class Server:
    """A POP3 server that plays a part: an answer, or an act, for each command (or its verb).

    ``None`` as an answer cuts the connection. ``seen`` is what the client said.
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = {
            "greeting": b"+OK ready\r\n",
            "CAPA": b"+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n",
            "USER": b"+OK\r\n",
            "PASS": b"+OK\r\n",
            "STAT": b"+OK 2 240\r\n",
            "LIST": b"+OK\r\n1 120\r\n2 120\r\n.\r\n",
            "UIDL": b"+OK\r\n1 a\r\n2 b\r\n.\r\n",
            "DELE": b"+OK\r\n",
            "RSET": b"+OK\r\n",
            "QUIT": b"+OK\r\n",
            **answers,
        }
        self.seen: list[bytes] = []
        self.gone = asyncio.Event()

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer("greeting", reader, writer)
            while line := await reader.readline():
                command = line.rstrip(b"\r\n")
                self.seen.append(command)
                whole, verb = command.decode(), command.split(b" ")[0].decode()
                await self._answer(whole if whole in self.answers else verb, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.gone.set()
            writer.transport.abort()

    async def _answer(
        self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answer = self.answers.get(key, b"-ERR unknown command\r\n")
        if answer is None:
            raise ConnectionResetError
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(reader, writer)


@asynccontextmanager
async def listening(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    listener = await asyncio.start_server(server.play, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield Endpoint("127.0.0.1", port, "none", timeout=5)
    finally:
        listener.close()


@asynccontextmanager
async def session_with(
    server: Server, *, wait: float = 5, deadline: float = 20
) -> AsyncIterator[Pop3Session]:
    async with listening(server) as endpoint:
        session = await pop3.connect(replace(endpoint, timeout=wait), deadline=deadline)
        try:
            yield session
        finally:
            session.abort()


async def items(session: Pop3Session, *numbers: int, max_bytes: int = 10_000_000) -> list[Item]:
    return [
        item async for item in session.retrieve(numbers, [100] * len(numbers), max_bytes=max_bytes)
    ]


async def failure_in(work: Awaitable[object]) -> Failure:
    with pytest.raises(WireError) as caught:
        await work
    return caught.value.failure


def pad(count: int) -> bytes:
    return base64.encodebytes(b"x" * count).replace(b"\n", b"\r\n")


# A real server


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_whole_session_with_dovecot(dovecot: Dovecot, security: str) -> None:
    """R36, R38: list, fetch, delete, QUIT; what was deleted is gone only then."""
    user = f"pop-{security}"
    dovecot.add_user(user, "secret")
    bodies = [b"Subject: %d\r\n\r\n.dot\r\n..two\r\n%b" % (n, pad(60_000)) for n in range(70)]
    for body in bodies:
        dovecot.deliver(user, body)
    port = dovecot.tls_port if security == "tls" else dovecot.port
    endpoint = Endpoint("127.0.0.1", port, security, ca_file=dovecot.ca_file)  # type: ignore[arg-type]
    steps: list[Stage] = []
    session = await pop3.connect(endpoint, deadline=60, on_step=lambda s, *_: steps.append(s))
    await session.login(Login(user, "secret"))
    assert (await session.stat()).count == 70
    listed = await session.list_messages()
    assert [m.size for m in listed] == [len(b) for b in bodies]
    assert len({m.uidl for m in listed} - {None}) == 70
    got = [
        item
        async for item in session.retrieve([m.number for m in listed], [m.size for m in listed])
    ]
    assert [(i.number, i.data) for i in got if isinstance(i, Retrieved)] == [
        (n + 1, body) for n, body in enumerate(bodies)
    ]
    assert await session.delete(range(1, 72)) == [True] * 70 + [False]
    await session.reset()
    assert await session.delete([1, 2]) == [True, True]
    await session.quit()
    assert not session.usable
    assert len(dovecot.messages(user)) == 68
    assert {*steps} - {Stage.TLS} == {
        Stage.DNS, Stage.TCP, Stage.GREETING, Stage.LOGIN, Stage.LIST, Stage.QUIT,
    }  # fmt: skip
    assert (Stage.TLS in steps) == (security != "none")
    assert "secret" not in "\n".join(session.transcript)


async def test_leaving_without_quit_deletes_nothing(dovecot: Dovecot) -> None:
    """R38: a failure after DELE closes without QUIT."""
    dovecot.add_user("pop-abort", "secret")
    dovecot.deliver("pop-abort", b"Subject: x\r\n\r\nx\r\n")
    session = await pop3.connect(Endpoint("127.0.0.1", dovecot.port, "none"), deadline=20)
    await session.login(Login("pop-abort", "secret"))
    assert await session.delete([1]) == [True]
    session.abort()
    assert len(dovecot.messages("pop-abort")) == 1


async def test_a_wrong_password_at_dovecot(dovecot: Dovecot) -> None:
    """R48: a definite refusal, told apart from the network."""
    dovecot.add_user("pop-wrong", "right")
    session = await pop3.connect(Endpoint("127.0.0.1", dovecot.port, "none"), deadline=20)
    failure = await failure_in(session.login(Login("pop-wrong", "hunter2")))
    assert (failure.stage, failure.kind, failure.field) == (Stage.LOGIN, "password", "password")
    assert failure.reply.startswith("-ERR [AUTH]")
    session.abort()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_an_unknown_certificate_ends_before_login(dovecot: Dovecot, security: str) -> None:
    port = dovecot.tls_port if security == "tls" else dovecot.port
    endpoint = Endpoint("127.0.0.1", port, security)  # type: ignore[arg-type]
    failure = await failure_in(pop3.connect(endpoint, deadline=20))
    assert (failure.stage, failure.kind) == (Stage.TLS, "certificate")
    unverified = replace(endpoint, verify_certificate=False)
    (await pop3.connect(unverified, deadline=20)).abort()


# TLS that somebody tampers with


@pytest.mark.parametrize(
    "answers",
    [
        {"CAPA": b"+OK\r\nUSER\r\n.\r\n"},
        {"CAPA": b"-ERR\r\n", "STLS": b"-ERR no\r\n"},
        {"CAPA": b"+OK\r\nSTLS\r\n.\r\n", "STLS": b"-ERR no\r\n"},
    ],
)
async def test_stls_stripped(answers: dict[str, bytes]) -> None:
    """No credential leaves when TLS was asked for and cannot be had."""
    server = Server(**answers)
    async with listening(server) as endpoint:
        failure = await failure_in(
            pop3.connect(replace(endpoint, security="starttls"), deadline=20)
        )
        await server.gone.wait()
    assert (failure.stage, failure.kind, failure.field) == (Stage.TLS, "tls", "security")
    assert {*server.seen} <= {b"CAPA", b"STLS"}


async def test_data_injected_before_tls() -> None:
    server = Server(CAPA=b"+OK\r\nSTLS\r\n.\r\n", STLS=b"+OK begin\r\n+OK injected\r\n")
    async with listening(server) as endpoint:
        failure = await failure_in(
            pop3.connect(replace(endpoint, security="starttls"), deadline=20)
        )
    assert (failure.stage, failure.kind) == (Stage.TLS, "protocol")


async def test_capabilities_heard_before_tls_are_forgotten(authority: Authority) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    server = Server(CAPA=b"+OK\r\nSTLS\r\nPIPELINING\r\nLOGIN-DELAY 900\r\n.\r\n")

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK begin\r\n")
        server.answers["CAPA"] = b"+OK\r\nUSER\r\nLOGIN-DELAY 60\r\n.\r\n"
        await writer.start_tls(context)

    server.answers["STLS"] = begin
    async with listening(server) as endpoint:
        secure = replace(endpoint, security="starttls", ca_file=authority.ca_file)
        session = await pop3.connect(secure, deadline=20)
    assert {*session.capabilities} == {"USER", "LOGIN-DELAY"}
    assert session.login_delay == 60
    session.abort()


async def test_tls_asked_of_a_plain_port() -> None:
    async with listening(Server()) as endpoint:
        failure = await failure_in(pop3.connect(replace(endpoint, security="tls"), deadline=20))
    assert (failure.stage, failure.kind, failure.field) == (Stage.TLS, "tls", "security")


# Logging in


async def test_xoauth2_takes_two_lines() -> None:
    """R44: Microsoft refuses the blob on the line of AUTH."""
    blob = base64.b64encode(b"user=ana\x01auth=Bearer token\x01\x01").decode()
    server = Server(**{"AUTH XOAUTH2": b"+\r\n", blob: b"+OK in\r\n"})
    async with session_with(server) as session:
        await session.login(Login("ana", "token", "xoauth2"))
        assert server.seen[-2:] == [b"AUTH XOAUTH2", blob.encode()]
        assert blob not in "\n".join(session.transcript)


async def test_a_refused_xoauth2_keeps_its_reason() -> None:
    blob = base64.b64encode(b"user=ana\x01auth=Bearer token\x01\x01").decode()
    reason = base64.b64encode(b'{"status":"400","scope":"pop"}')
    refusal = b"-ERR Authentication failure: unknown user name or bad password.\r\n"
    server = Server(**{"AUTH XOAUTH2": b"+ \r\n", blob: b"+ " + reason + b"\r\n", "": refusal})
    async with session_with(server) as session:
        failure = await failure_in(session.login(Login("ana", "token", "xoauth2")))
        assert session.usable
    assert server.seen[-1] == b""
    assert (failure.stage, failure.kind) == (Stage.LOGIN, "signin")
    assert '{"status":"400","scope":"pop"}' in failure.reply


async def test_auth_plain_where_user_is_not_offered() -> None:
    blob = base64.b64encode(b"\0ana\0hunter2").decode()
    capa = b"+OK\r\nSASL PLAIN\r\n.\r\n"
    server = Server(**{"CAPA": capa, "AUTH PLAIN": b"+ \r\n", blob: b"+OK\r\n"})
    async with session_with(server) as session:
        await session.login(ANA)


async def test_a_login_is_no_way_to_smuggle_a_command() -> None:
    server = Server()
    async with session_with(server) as session:
        for login in (Login("ana\r\nDELE 1", "x"), Login("ana", "x\nDELE 1")):
            with pytest.raises(Invalid):
                await session.login(login)
    assert server.seen == [b"CAPA"]


async def test_a_server_that_repeats_the_password() -> None:
    """The secret is neither in the failure nor in the transcript."""
    server = Server(PASS=b"-ERR [AUTH] PASS hunter2 is wrong\r\n")
    async with session_with(server) as session:
        failure = await failure_in(session.login(ANA))
        told = f"{failure} {session.transcript} {session!r}"
    assert "hunter2" not in told
    assert "PASS ***" in told


@pytest.mark.parametrize(
    ("reply", "kind", "permanent"),
    [
        (b"-ERR [IN-USE] mailbox locked\r\n", "busy", False),
        (b"-ERR [AUTH] no\r\n", "password", True),
        (b"-ERR [SYS/TEMP] later\r\n", "later", False),
        (b"-ERR [SYS/PERM] never\r\n", "admin", True),
        (b"-ERR [LOGIN-DELAY] slowly\r\n", "slow", False),
    ],
)
async def test_response_codes_are_told_apart(reply: bytes, kind: str, permanent: bool) -> None:
    """R48 (RFC 2449, RFC 3206)."""
    async with session_with(Server(PASS=reply)) as session:
        failure = await failure_in(session.login(ANA))
    assert (failure.kind, failure.permanent) == (kind, permanent)
    assert failure.reply == reply.decode().strip()
    assert failure.explanation


# Listing


async def test_a_server_without_capa_is_spoken_to_step_by_step() -> None:
    """No PIPELINING offered: the next command only after the reply."""
    ahead: list[bool] = []

    async def retr(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead.append(bool(reader._buffer))  # type: ignore[attr-defined]
        writer.write(b"+OK\r\nbody\r\n.\r\n")

    server = Server(CAPA=b"-ERR what\r\n", RETR=retr)
    async with session_with(server) as session:
        assert session.capabilities == {}
        assert session.login_delay is None
        await session.login(ANA)
        assert await session.stat() == Stat(2, 240)
        assert [m.uidl for m in await session.list_messages()] == ["a", "b"]
        assert await items(session, 1, 2, 3) == [Retrieved(n, b"body\r\n") for n in (1, 2, 3)]
        assert await session.delete([1, 2]) == [True, True]
    assert not any(ahead)


@pytest.mark.parametrize(
    ("uidl", "names"),
    [
        (b"-ERR not here\r\n", [None, None]),
        (b"+OK\r\n.\r\n", [None, None]),
        (b"+OK\r\n1\r\n2 \r\n.\r\n", [None, None]),
        (b"+OK\r\n1 same\r\n2 same\r\n.\r\n", [None, None]),
        (b"+OK\r\n2 b\r\n9 z\r\nrubbish\r\n.\r\n", [None, "b"]),
        (b"+OK\r\n1 " + b"x" * 500 + b"\r\n2 b\r\n.\r\n", [None, "b"]),
        (b"+OK\r\n1 \xff\r\n2 b\r\n.\r\n", ["\\xff", "b"]),
    ],
)
@pytest.mark.parametrize("pipelining", [True, False])
async def test_uidl_oddities(uidl: bytes, names: list[str | None], pipelining: bool) -> None:
    """No loss: what UIDL does not identify is still listed, without a name."""
    capa = b"+OK\r\nPIPELINING\r\n.\r\n" if pipelining else b"-ERR\r\n"
    async with session_with(Server(UIDL=uidl, CAPA=capa)) as session:
        assert [m.uidl for m in await session.list_messages()] == names
        assert session.usable


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_refused_list_leaves_the_session_in_step(pipelining: bool) -> None:
    capa = b"+OK\r\nPIPELINING\r\n.\r\n" if pipelining else b"-ERR\r\n"
    async with session_with(Server(LIST=b"-ERR [SYS/TEMP] no\r\n", CAPA=capa)) as session:
        assert (await failure_in(session.list_messages())).kind == "later"
        assert await session.stat() == Stat(2, 240)


# Retrieving


async def test_a_refusal_within_the_window_stops_nothing() -> None:
    """R41: one bad message never stops the others."""
    server = Server(RETR=b"+OK\r\nbody\r\n.\r\n", **{"RETR 20": b"-ERR no such message\r\n"})
    async with session_with(server) as session:
        got = await items(session, *range(1, 101))
        assert session.usable
    assert [i.number for i in got] == [*range(1, 101)]
    assert [i.number for i in got if isinstance(i, NotRetrieved)] == [20]


async def test_lines_of_any_length() -> None:
    body = b"Subject: x\r\n\r\n" + b"a" * 2_049 + b"\r\n" + b"b" * 1_000_000 + b"\r\n"
    async with session_with(Server(RETR=b"+OK\r\n" + body + b".\r\n")) as session:
        assert await items(session, 1, 2) == [Retrieved(1, body), Retrieved(2, body)]


async def test_a_message_listed_too_large_is_not_asked_for() -> None:
    server = Server(RETR=b"+OK\r\nbody\r\n.\r\n")
    async with session_with(server) as session:
        got = [i async for i in session.retrieve([1, 2], [5_000, 10], max_bytes=1_000)]
    assert got == [TooLarge(1, 5_000), Retrieved(2, b"body\r\n")]
    assert b"RETR 1" not in server.seen


async def test_a_message_that_turns_out_too_large_is_passed_over() -> None:
    large = b"+OK\r\n" + pad(100_000) + b".\r\n"
    async with session_with(Server(RETR=b"+OK\r\nok\r\n.\r\n", **{"RETR 2": large})) as session:
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

    server = Server(**{"RETR 2": endless}, RETR=b"+OK\r\nok\r\n.\r\n")
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

    async with session_with(Server(RETR=drip), wait=5, deadline=0.4) as session:
        async with asyncio.timeout(3):
            failure = await failure_in(items(session, 1))
        assert not session.usable
    assert (failure.kind, failure.stage) == ("timeout", Stage.RETRIEVE)


async def test_a_silent_server_meets_the_time_out() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(Server(greeting=nothing)) as endpoint:
        failure = await failure_in(pop3.connect(replace(endpoint, timeout=0.1), deadline=20))
    assert (failure.kind, failure.stage) == ("timeout", Stage.GREETING)
    async with session_with(Server(STAT=nothing), wait=0.1) as session:
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

    server = Server(RETR=stream)
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
    server = Server(RETR=b"+OK\r\nbody\r\n.\r\n")
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

    async with session_with(Server(STAT=nothing)) as session:
        task = asyncio.create_task(session.stat())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not session.usable


async def test_sessions_share_a_budget() -> None:
    """200 mailboxes at once do not hold 200 windows in memory."""
    budget = Budget(40_000)
    server = Server(RETR=b"+OK\r\n" + pad(10_000) + b".\r\n")
    async with listening(server) as endpoint:

        async def one() -> int:
            session = await pop3.connect(endpoint, deadline=20, budget=budget)
            got = [i async for i in session.retrieve(range(1, 21), [13_700] * 20)]
            session.abort()
            return len(got)

        assert await asyncio.gather(*(one() for _ in range(20))) == [20] * 20
    assert budget.take_now(40_000)


async def test_waiting_for_the_budget_has_an_end() -> None:
    budget = Budget(1_000)
    assert budget.take_now(1_000)
    async with listening(Server()) as endpoint:
        session = await pop3.connect(endpoint, deadline=0.2, budget=budget)
        assert (await failure_in(items(session, 1))).kind == "timeout"
    budget.release(1_000)
    assert budget.take_now(1_000)


# Cut at each stage


async def whole_session(endpoint: Endpoint) -> None:
    session = await pop3.connect(endpoint, deadline=20)
    try:
        await session.login(ANA)
        await session.stat()
        await session.list_messages()
        await items(session, 1, 2)
        await session.delete([1])
        await session.quit()
    finally:
        session.abort()
        assert not session.usable


@pytest.mark.parametrize(
    ("verb", "stage"),
    [
        ("greeting", Stage.GREETING),
        ("CAPA", Stage.GREETING),
        ("USER", Stage.LOGIN),
        ("PASS", Stage.LOGIN),
        ("STAT", Stage.LIST),
        ("LIST", Stage.LIST),
        ("UIDL", Stage.LIST),
        ("RETR 2", Stage.RETRIEVE),
        ("DELE", Stage.DELETE),
        ("QUIT", Stage.QUIT),
    ],
)
@pytest.mark.parametrize("said", [b"", b"+O", b"+OK half a re"])
async def test_a_connection_cut_at_each_stage(verb: str, stage: Stage, said: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()
        await writer.wait_closed()
        raise ConnectionResetError

    answers: dict[str, Answer] = {"RETR": b"+OK\r\nbody\r\n.\r\n", verb: cut}
    server = Server(**answers)
    async with listening(server) as endpoint:
        failure = await failure_in(whole_session(endpoint))
    assert (failure.kind, failure.stage, failure.permanent) == ("closed", stage, False)
    assert failure.who == endpoint.who


@pytest.mark.parametrize("rubbish", [b"220 smtp ready\r\n", b"\r\n", b"\0" * 100 + b"\n"])
@pytest.mark.parametrize("verb", ["greeting", "USER", "STAT", "LIST", "RETR", "DELE", "QUIT"])
async def test_rubbish_ends_the_session(verb: str, rubbish: bytes) -> None:
    """Never go on with a connection that is out of step."""
    server = Server(**{"RETR": b"+OK\r\nbody\r\n.\r\n", verb: rubbish})
    async with listening(server) as endpoint:
        assert (await failure_in(whole_session(endpoint))).kind == "protocol"


async def test_a_reply_line_without_end() -> None:
    async with listening(Server(greeting=b"+OK " + b"x" * 100_000)) as endpoint:
        failure = await failure_in(pop3.connect(endpoint, deadline=20))
    assert (failure.kind, failure.stage) == ("protocol", Stage.GREETING)


async def test_a_failed_connection_leaves_its_transcript() -> None:
    """R19: the e-mail test shows what was said."""
    transcript: list[str] = []
    server = Server(greeting=b"-ERR [SYS/TEMP] full house\r\n")
    async with listening(server) as endpoint:
        failure = await failure_in(pop3.connect(endpoint, deadline=20, transcript=transcript))
    assert (failure.kind, failure.stage) == ("later", Stage.GREETING)
    assert transcript == ["S: -ERR [SYS/TEMP] full house"]


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
