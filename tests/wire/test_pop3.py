"""The POP3 client against a real Dovecot and against servers that misbehave (R36)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import replace

import pytest

from services.errors import Invalid
from services.failure import Stage
from services.wire import pop3
from services.wire.endpoint import Endpoint, Login
from services.wire.pop3 import Retrieved, Stat
from tests.servers.certificate import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.scripted_pop3 import (
    ANA,
    Answer,
    ScriptedPop3,
    failure_in,
    items,
    listening,
    pad,
    session_with,
)

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
    server = ScriptedPop3(**answers)
    async with listening(server) as endpoint:
        failure = await failure_in(
            pop3.connect(replace(endpoint, security="starttls"), deadline=20)
        )
        await server.gone.wait()
    assert (failure.stage, failure.kind, failure.field) == (Stage.TLS, "tls", "security")
    assert {*server.seen} <= {b"CAPA", b"STLS"}


async def test_data_injected_before_tls() -> None:
    server = ScriptedPop3(CAPA=b"+OK\r\nSTLS\r\n.\r\n", STLS=b"+OK begin\r\n+OK injected\r\n")
    async with listening(server) as endpoint:
        failure = await failure_in(
            pop3.connect(replace(endpoint, security="starttls"), deadline=20)
        )
    assert (failure.stage, failure.kind) == (Stage.TLS, "protocol")


async def test_capabilities_heard_before_tls_are_forgotten(authority: Authority) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    server = ScriptedPop3(CAPA=b"+OK\r\nSTLS\r\nPIPELINING\r\nLOGIN-DELAY 900\r\n.\r\n")

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
    async with listening(ScriptedPop3()) as endpoint:
        failure = await failure_in(pop3.connect(replace(endpoint, security="tls"), deadline=20))
    assert (failure.stage, failure.kind, failure.field) == (Stage.TLS, "tls", "security")


# Logging in


async def test_xoauth2_takes_two_lines() -> None:
    """R44: Microsoft refuses the blob on the line of AUTH."""
    blob = base64.b64encode(b"user=ana\x01auth=Bearer token\x01\x01").decode()
    server = ScriptedPop3(**{"AUTH XOAUTH2": b"+\r\n", blob: b"+OK in\r\n"})
    async with session_with(server) as session:
        await session.login(Login("ana", "token", "xoauth2"))
        assert server.seen[-2:] == [b"AUTH XOAUTH2", blob.encode()]
        assert blob not in "\n".join(session.transcript)


async def test_a_refused_xoauth2_keeps_its_reason() -> None:
    blob = base64.b64encode(b"user=ana\x01auth=Bearer token\x01\x01").decode()
    reason = base64.b64encode(b'{"status":"400","scope":"pop"}')
    refusal = b"-ERR Authentication failure: unknown user name or bad password.\r\n"
    server = ScriptedPop3(
        **{"AUTH XOAUTH2": b"+ \r\n", blob: b"+ " + reason + b"\r\n", "": refusal}
    )
    async with session_with(server) as session:
        failure = await failure_in(session.login(Login("ana", "token", "xoauth2")))
        assert session.usable
    assert server.seen[-1] == b""
    assert (failure.stage, failure.kind) == (Stage.LOGIN, "signin")
    assert '{"status":"400","scope":"pop"}' in failure.reply


async def test_auth_plain_where_user_is_not_offered() -> None:
    blob = base64.b64encode(b"\0ana\0hunter2").decode()
    capa = b"+OK\r\nSASL PLAIN\r\n.\r\n"
    server = ScriptedPop3(**{"CAPA": capa, "AUTH PLAIN": b"+ \r\n", blob: b"+OK\r\n"})
    async with session_with(server) as session:
        await session.login(ANA)


async def test_a_login_is_no_way_to_smuggle_a_command() -> None:
    server = ScriptedPop3()
    async with session_with(server) as session:
        for login in (Login("ana\r\nDELE 1", "x"), Login("ana", "x\nDELE 1")):
            with pytest.raises(Invalid):
                await session.login(login)
    assert server.seen == [b"CAPA"]


async def test_a_server_that_repeats_the_password() -> None:
    """The secret is neither in the failure nor in the transcript."""
    server = ScriptedPop3(PASS=b"-ERR [AUTH] PASS hunter2 is wrong\r\n")
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
    async with session_with(ScriptedPop3(PASS=reply)) as session:
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

    server = ScriptedPop3(CAPA=b"-ERR what\r\n", RETR=retr)
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
    async with session_with(ScriptedPop3(UIDL=uidl, CAPA=capa)) as session:
        assert [m.uidl for m in await session.list_messages()] == names
        assert session.usable


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_refused_list_leaves_the_session_in_step(pipelining: bool) -> None:
    capa = b"+OK\r\nPIPELINING\r\n.\r\n" if pipelining else b"-ERR\r\n"
    async with session_with(ScriptedPop3(LIST=b"-ERR [SYS/TEMP] no\r\n", CAPA=capa)) as session:
        assert (await failure_in(session.list_messages())).kind == "later"
        assert await session.stat() == Stat(2, 240)


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
    server = ScriptedPop3(**answers)
    async with listening(server) as endpoint:
        failure = await failure_in(whole_session(endpoint))
    assert (failure.kind, failure.stage, failure.permanent) == ("closed", stage, False)
    assert failure.who == endpoint.who


@pytest.mark.parametrize("rubbish", [b"220 smtp ready\r\n", b"\r\n", b"\0" * 100 + b"\n"])
@pytest.mark.parametrize("verb", ["greeting", "USER", "STAT", "LIST", "RETR", "DELE", "QUIT"])
async def test_rubbish_ends_the_session(verb: str, rubbish: bytes) -> None:
    """Never go on with a connection that is out of step."""
    server = ScriptedPop3(**{"RETR": b"+OK\r\nbody\r\n.\r\n", verb: rubbish})
    async with listening(server) as endpoint:
        assert (await failure_in(whole_session(endpoint))).kind == "protocol"


async def test_a_reply_line_without_end() -> None:
    async with listening(ScriptedPop3(greeting=b"+OK " + b"x" * 100_000)) as endpoint:
        failure = await failure_in(pop3.connect(endpoint, deadline=20))
    assert (failure.kind, failure.stage) == ("protocol", Stage.GREETING)


async def test_a_failed_connection_leaves_its_transcript() -> None:
    """R19: the e-mail test shows what was said."""
    transcript: list[str] = []
    server = ScriptedPop3(greeting=b"-ERR [SYS/TEMP] full house\r\n")
    async with listening(server) as endpoint:
        failure = await failure_in(pop3.connect(endpoint, deadline=20, transcript=transcript))
    assert (failure.kind, failure.stage) == ("later", Stage.GREETING)
    assert transcript == ["S: -ERR [SYS/TEMP] full house"]
