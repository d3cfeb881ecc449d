"""Sending: what arrives, what is refused, and what is only ever said when it is certain."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Invalid
from services.failure import Stage, WireError
from services.wire.endpoint import Endpoint, Login, Security
from services.wire.smtp import Delivery, SmtpConnection, Verdict, connect, dot_stuff
from tests.servers.certificate import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.ports import is_root
from tests.servers.postfix import Postfix
from tests.servers.scripted_smtp import CUT, SILENCE, ScriptedSmtp
from tests.servers.sink import Sink

BODY = b"Subject: x\r\n\r\nhello\r\n"
TO = ["a@example.com", "b@example.com", "c@example.com"]
LOGIN = Login("ana@example.com", "very secret")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server_tls(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    return context


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def endpoint(
    server: ScriptedSmtp | Sink,
    security: Security = "none",
    ca_file: Path | None = None,
    timeout: float = 5.0,
) -> Endpoint:
    return Endpoint(server.host, server.port, security, timeout=timeout, ca_file=ca_file)


async def send(server: ScriptedSmtp, *, patience: float = 5.0) -> tuple[SmtpConnection, Delivery]:
    connection = await connect(endpoint(server, timeout=patience), None)
    connection.final_timeout = patience
    return connection, await connection.deliver("me@example.com", TO, BODY)


def verdicts(delivery: Delivery) -> list[str]:
    return [outcome.verdict.value for outcome in delivery.outcomes]


# What arrives


@pytest.mark.parametrize("options", [(), ("-p",)], ids=["pipelined", "lock-step"])
async def test_messages_arrive_whole_one_after_the_other(options: tuple[str, ...]) -> None:
    """R27, R33: to a real server, kept connection, envelope and body byte for byte."""
    with Sink(*options) as server:
        connection = await connect(endpoint(server), None)
        for n in range(3):
            parts = [b"Subject: %d\r\n\r\n" % n, b"..dot\r\n", b"line\r\n" * 20_000]
            delivery = await connection.deliver("me@example.com", TO, parts)
            assert verdicts(delivery) == ["sent"] * 3
            assert delivery.usable
        await connection.quit()
        messages = sorted(server.wait_for(3), key=lambda m: m.raw[m.raw.index(b"Subject") :])
        for n, message in enumerate(messages):
            assert message.sender == "me@example.com"
            assert list(message.recipients) == TO
            assert message.raw.rstrip(b"\n").endswith(
                b"Subject: %d\n\n.dot\n" % n + b"line\n" * 19_999 + b"line"
            )


async def test_the_envelope_is_one_write_and_the_reply_of_each_is_its_own() -> None:
    """R33: 250, 550 and 451 in one transaction: sent, final, later, each alone."""
    script = {
        "RCPT TO:<b@example.com>": "550 5.1.1 no such user",
        "RCPT TO:<c@example.com>": "451 4.3.0 not now",
    }
    for pipelining in (True, False):
        async with ScriptedSmtp(script, pipelining=pipelining) as server:
            connection, delivery = await send(server)
            assert verdicts(delivery) == ["sent", "failed", "deferred"]
            assert [o.reply for o in delivery.outcomes] == [
                "250 taken",
                "550 5.1.1 no such user",
                "451 4.3.0 not now",
            ]
            refused = delivery.outcomes[1].failure
            assert refused is not None
            assert (refused.stage, refused.kind) == (Stage.RECIPIENT, "recipient")
            assert delivery.mailbox_failure is None
            assert delivery.usable
            assert len(server.bodies) == 1
            connection.abort()


async def test_size_is_told_when_offered() -> None:
    async with ScriptedSmtp() as server:
        connection, _ = await send(server)
        assert f"MAIL FROM:<me@example.com> SIZE={len(BODY) + 2}" in server.heard
        connection.abort()


@pytest.mark.parametrize("pipelining", [True, False])
async def test_after_refusals_the_next_message_starts_anew(pipelining: bool) -> None:
    """A refused envelope is reset, and nothing of it leaks into the next."""
    script = {"RCPT": ["550 5.1.1 no"] * 3 + ["250 ok"], "DATA": "354 go"}
    if pipelining:
        script["DATA"] = ["503 no valid recipients", "354 go"]
    async with ScriptedSmtp(script, pipelining=pipelining) as server:
        connection, first = await send(server)
        assert verdicts(first) == ["failed"] * 3
        assert first.usable
        second = await connection.deliver("me@example.com", TO, BODY)
        assert verdicts(second) == ["sent"] * 3
        assert "RSET" in server.heard
        assert server.bodies == [BODY + b".\r\n"]
        connection.abort()


async def test_a_body_wanted_without_recipients_is_ended_at_once() -> None:
    """RFC 2920: DATA accepted although nobody was: a lone dot, and nothing counts as sent."""
    script = {"RCPT": ["550 5.1.1 no"] * 3 + ["250 ok"], "body": ["250 taken (nothing)", "250 ok"]}
    async with ScriptedSmtp(script) as server:
        connection, delivery = await send(server)
        assert verdicts(delivery) == ["failed"] * 3
        assert server.bodies == [b".\r\n"]
        assert verdicts(await connection.deliver("me@example.com", TO, BODY)) == ["sent"] * 3
        connection.abort()


@pytest.mark.skipif(not is_root(), reason="Postfix needs root")
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_through_postfix_with_login(security: Security) -> None:
    """R33: a real submission server: TLS, login, an unknown recipient among good ones."""
    with Dovecot() as dovecot, Postfix(dovecot) as postfix:
        for name in ("ana@example.com", "bia@example.com"):
            dovecot.add_user(name, "very secret")
        port = postfix.tls_port if security == "tls" else postfix.port
        at = Endpoint(postfix.host, port, security, ca_file=postfix.ca_file)
        with pytest.raises(WireError) as caught:
            await connect(at, Login("ana@example.com", "wrong"))
        assert caught.value.failure.kind == "password"
        connection = await connect(at, LOGIN)
        body = BODY + b"line\r\n" * 20_000
        for _ in range(2):
            delivery = await connection.deliver(
                "ana@example.com", ["bia@example.com", "unknown@example.com"], body
            )
            assert verdicts(delivery) == ["sent", "failed"]
            assert delivery.usable
        await connection.quit()
        delivered = dovecot.wait_for("bia@example.com", 2)
        for path in delivered:
            assert (
                path.read_bytes().replace(b"\r\n", b"\n").endswith(b"hello\n" + b"line\n" * 20_000)
            )


# What is refused


@pytest.mark.parametrize(
    ("script", "expected", "kind", "blamed"),
    [
        ({"MAIL": "535 5.7.8 no"}, "failed", "password", True),
        ({"MAIL": "530 5.7.57 Client not authenticated"}, "failed", "config", True),
        ({"MAIL": "452 4.3.1 no space"}, "deferred", "later", True),
        ({"MAIL": "552 5.3.4 Message size exceeds fixed limit"}, "failed", "size", False),
        ({"RCPT": "454 4.7.1 not now"}, "deferred", "later", False),
        ({"RCPT": "554 5.7.1 Relay access denied"}, "failed", "relay", True),
        ({"RCPT": "550 5.7.9 not by your policy"}, "failed", "other", False),
        ({"RCPT": "550 5.4.5 Daily user sending limit exceeded"}, "deferred", "quota", True),
        ({"RCPT": "450 4.2.1 is receiving email too quickly"}, "deferred", "recipient_busy", False),
        ({"DATA": "451 4.3.0 not now"}, "deferred", "later", True),
        ({"body": "451 4.7.1 Greylisting in action"}, "deferred", "later", False),
        ({"body": "552 5.3.4 Message size exceeds fixed limit"}, "failed", "size", False),
        ({"body": "550 spam"}, "failed", "other", False),
        (
            {"body": "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"},
            "deferred",
            "quota",
            True,
        ),
        ({"body": "432 4.3.2 Concurrent connections limit exceeded."}, "deferred", "slow", True),
        ({"body": "454 4.7.0 Too many login attempts"}, "deferred", "slow", True),
    ],
)
@pytest.mark.parametrize("pipelining", [True, False])
async def test_refusals(
    script: dict[str, str], expected: str, kind: str, blamed: bool, pipelining: bool
) -> None:
    """R13, R33, R34, R48: temporary or final by the reply; the mailbox only for its own fault."""
    if "MAIL" in script or "RCPT" in script:
        script = {**script, "DATA": "503 5.5.1 no"}
    async with ScriptedSmtp(script, pipelining=pipelining) as server:
        connection, delivery = await send(server)
        assert verdicts(delivery) == [expected] * 3
        assert {o.failure.kind for o in delivery.outcomes if o.failure} == {kind}
        assert all(o.failure and o.failure.explanation for o in delivery.outcomes)
        assert (delivery.mailbox_failure is not None) is blamed
        assert delivery.usable
        assert all(body == BODY + b".\r\n" for body in server.bodies)
        connection.abort()


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "body"])
async def test_421_defers_and_closes(verb: str) -> None:
    """R34: a server that closes is left; the mailbox may rest."""
    async with ScriptedSmtp({verb: "421 4.3.2 closing"}) as server:
        _, delivery = await send(server)
        assert verdicts(delivery) == ["deferred"] * 3
        assert delivery.mailbox_failure is not None
        assert delivery.mailbox_failure.kind == "later"
        assert not delivery.usable


async def test_a_421_after_some_answers_keeps_them() -> None:
    script = {"RCPT": ["550 5.1.1 no", "250 ok", "421 4.3.2 closing"]}
    async with ScriptedSmtp(script) as server:
        _, delivery = await send(server)
        assert verdicts(delivery) == ["failed", "deferred", "deferred"]
        assert server.bodies == []


# What is cut


@pytest.mark.parametrize("fault", [CUT, SILENCE])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("pipelining", [True, False])
async def test_cut_or_silent_before_the_body_means_not_sent(
    verb: str, fault: str, pipelining: bool
) -> None:
    async with ScriptedSmtp({verb: fault}, pipelining=pipelining) as server:
        _, delivery = await send(server, patience=0.3)
        assert verdicts(delivery) == ["deferred"] * 3
        assert not delivery.usable
        assert delivery.mailbox_failure is None
        failure = delivery.outcomes[0].failure
        assert failure is not None
        # Behind a missing reply the others are out of step.
        assert failure.kind in (("closed",) if fault == CUT else ("timeout", "protocol"))


@pytest.mark.parametrize("fault", [CUT, SILENCE, "hello", "354 again"])
async def test_no_reply_to_the_final_dot_is_uncertain(fault: str) -> None:
    """The 250 that never arrives: the server may have it, and we say so."""
    async with ScriptedSmtp({"body": fault, "RCPT": ["550 5.1.1 no", "250 ok"]}) as server:
        _, delivery = await send(server, patience=0.3)
        assert verdicts(delivery) == ["failed", "uncertain", "uncertain"]
        assert not delivery.usable


async def test_a_server_that_stops_reading_has_not_got_it() -> None:
    """Bytes that never left this machine are certain not to have been taken."""
    stopped = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        await reader.readline()
        writer.write(b"250-x\r\n250 PIPELINING\r\n")
        for reply in (b"250 x\r\n", b"250 x\r\n", b"354 x\r\n"):
            await reader.readline()
            writer.write(reply)
        await stopped.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024)
    port = server.sockets[0].getsockname()[1]
    connection = await connect(Endpoint("127.0.0.1", port, "none", timeout=0.3), None)
    delivery = await connection.deliver("me@example.com", TO[:1], b"x" * 998 + b"\r\n" * 20_000_000)
    stopped.set()
    server.close()
    assert verdicts(delivery) == ["deferred"]
    failure = delivery.outcomes[0].failure
    assert failure is not None
    assert failure.kind == "timeout"


async def test_one_byte_at_a_time_meets_the_deadline() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        except OSError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(WireError) as caught:
        await connect(Endpoint("127.0.0.1", port, "none", timeout=0.3), None)
    assert caught.value.failure.kind == "timeout"
    assert caught.value.failure.stage == Stage.GREETING
    server.close()


@pytest.mark.parametrize(
    "greeting",
    ["SSH-2.0-OpenSSH", "220-" + "x" * 9_000, "\r\n".join(["220-x"] * 20_000), "1" * 600_000],
)
async def test_nonsense_is_a_protocol_failure(greeting: str) -> None:
    async with ScriptedSmtp({"greeting": greeting}) as server:
        with pytest.raises(WireError) as caught:
            await connect(endpoint(server), None)
        assert caught.value.failure.kind == "protocol"


async def test_replies_nobody_asked_for_are_never_taken_for_a_receipt() -> None:
    """A 250 that came before the body is no receipt."""
    async with ScriptedSmtp({"DATA": "354 go\r\n250 taken"}) as server:
        _, delivery = await send(server)
        assert verdicts(delivery) == ["deferred"] * 3
        assert not delivery.usable


async def test_a_connection_that_ended_meanwhile_is_untouched() -> None:
    async with ScriptedSmtp({"body": "250 taken\r\n421 idle, closing"}) as server:
        connection, delivery = await send(server)
        assert verdicts(delivery) == ["sent"] * 3
        again = await connection.deliver("me@example.com", TO, BODY)
        assert again.untouched
        assert verdicts(again) == ["deferred"] * 3
        assert len(server.bodies) == 1


async def test_cancelling_closes_the_connection() -> None:
    async with ScriptedSmtp({"DATA": SILENCE}) as server:
        connection = await connect(endpoint(server), None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connection.deliver("me@example.com", TO, BODY)
        assert not connection.usable


@pytest.mark.parametrize(
    "address", ["a@b.c> SIZE=1", "a@b.c\r\nRSET", "<a@b.c>", "a b@c.d", "é@b.c", "", "a@b.c\x00"]
)
async def test_only_plain_addresses_reach_the_wire(address: str) -> None:
    """The envelope equals what was validated: nothing is cut or quoted here."""
    async with ScriptedSmtp() as server:
        connection = await connect(endpoint(server), None)
        for sender, recipients in ((address, TO), ("me@example.com", [address])):
            with pytest.raises(ValueError, match="envelope"):
                await connection.deliver(sender, recipients, BODY)
        assert [line.partition(" ")[0] for line in server.heard] == ["EHLO"]
        connection.abort()


# Logging in


async def refused(server: ScriptedSmtp, login: Login, at: Endpoint | None = None) -> WireError:
    with pytest.raises(WireError) as caught:
        await connect(at or endpoint(server), login)
    return caught.value


async def test_login_plain_and_transcript_without_the_secret() -> None:
    """R19: the steps are told, the transcript holds no secret."""
    steps: list[Stage] = []
    transcript: list[str] = []
    async with ScriptedSmtp({"AUTH": "235 hello very secret"}) as server:
        connection = await connect(
            endpoint(server),
            LOGIN,
            local_hostname="mail.example.com",
            on_step=lambda stage, _detail: steps.append(stage),
            transcript=transcript,
        )
        assert server.heard[0] == "EHLO mail.example.com"
        sent = base64.b64decode(server.heard[1].split()[2])
        assert sent == b"\0ana@example.com\0very secret"
        assert steps == [Stage.DNS, Stage.TCP, Stage.GREETING, Stage.LOGIN]
        assert "C: AUTH PLAIN ***" in transcript
        assert not any("very secret" in line or "c2VjcmV0" in line for line in transcript)
        connection.abort()


async def test_login_login_when_plain_is_not_offered() -> None:
    script: dict[str, str | list[str]] = {
        "EHLO": "250-x\r\n250 AUTH=LOGIN",
        "AUTH": "334 UGFzc3dvcmQ6",
        base64.b64encode(b"very secret").decode(): "235 ok",
    }
    async with ScriptedSmtp(script) as server:
        connection = await connect(endpoint(server), LOGIN)
        assert server.heard[1].startswith("AUTH LOGIN ")
        connection.abort()


async def test_wrong_password_is_tried_once() -> None:
    """R48: one refusal for one attempt, whatever else the server offers: no lock-out."""
    echo = base64.b64encode(b"\0ana@example.com\0very secret").decode()
    async with ScriptedSmtp({"AUTH": f"535-5.7.8 bad {echo}\r\n535 5.7.8 very secret"}) as server:
        failure = (await refused(server, LOGIN)).failure
        assert (failure.kind, failure.permanent, failure.field) == ("password", True, "password")
        assert failure.stage == Stage.LOGIN
        assert "very secret" not in failure.reply
        assert echo not in failure.reply
        assert sum(line.startswith("AUTH") for line in server.heard) == 1


async def test_xoauth2_keeps_the_reason() -> None:
    told = {"status": "401", "schemes": "bearer"}
    challenge = base64.b64encode(json.dumps(told).encode()).decode()
    script: dict[str, str | list[str]] = {
        "AUTH": f"334 {challenge}",
        "": "535 5.7.3 Authentication unsuccessful [X.PROD.OUTLOOK.COM]",
    }
    async with ScriptedSmtp(script) as server:
        failure = (await refused(server, Login("ana@x.com", "token", "xoauth2"))).failure
        assert '"status":"401"' in failure.reply
        assert "535 5.7.3" in failure.reply
        assert failure.kind == "signin"


async def test_no_mechanism_no_credentials() -> None:
    async with ScriptedSmtp({"EHLO": "250-x\r\n250 AUTH CRAM-MD5"}) as server:
        failure = (await refused(server, LOGIN)).failure
        assert failure.field == "authenticate"
        assert len(server.heard) == 1


@pytest.mark.parametrize("secret", ["a\r\nRSET", "a\x00b", ""])
async def test_control_characters_in_credentials_do_not_connect(secret: str) -> None:
    async with ScriptedSmtp() as server:
        with pytest.raises(Invalid) as caught:
            await connect(endpoint(server), Login("ana", secret))
        assert caught.value.field == "password"
        assert server.connections == 0


@pytest.mark.parametrize(
    ("greeting", "kind"), [("421 4.3.2 busy", "later"), ("554 no service", "other")]
)
async def test_a_refusing_greeting(greeting: str, kind: str) -> None:
    async with ScriptedSmtp({"greeting": greeting}) as server:
        failure = (await refused(server, LOGIN)).failure
        assert (failure.stage, failure.kind) == (Stage.GREETING, kind)


async def test_helo_for_a_server_without_ehlo() -> None:
    async with ScriptedSmtp({"EHLO": "502 what?", "HELO": "250 hello"}) as server:
        connection, delivery = await send(server)
        assert verdicts(delivery) == ["sent"] * 3
        connection.abort()


# TLS


async def test_tls_from_the_first_byte(authority: Authority, server_tls: ssl.SSLContext) -> None:
    async with ScriptedSmtp(tls=server_tls, implicit=True) as server:
        connection = await connect(endpoint(server, "tls", authority.ca_file), LOGIN)
        body = BODY + b"line\r\n" * 300_000
        delivery = await connection.deliver("me@example.com", TO, body)
        assert verdicts(delivery) == ["sent"] * 3
        assert server.bodies == [body + b".\r\n"]
        connection.abort()


async def test_starttls_forgets_what_was_said_before(
    authority: Authority, server_tls: ssl.SSLContext
) -> None:
    script: dict[str, str | list[str]] = {
        "EHLO": "250-x\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 AUTH LOGIN",
        "STARTTLS": "220 go",
        "ehlo_tls": "250-x\r\n250 AUTH PLAIN",
    }
    steps: list[tuple[Stage, str]] = []
    async with ScriptedSmtp(script, tls=server_tls) as server:
        connection = await connect(
            endpoint(server, "starttls", authority.ca_file),
            LOGIN,
            on_step=lambda stage, detail: steps.append((stage, detail)),
        )
        assert connection.extensions == {"AUTH": "PLAIN"}
        assert [stage for stage, _ in steps] == [
            Stage.DNS,
            Stage.TCP,
            Stage.GREETING,
            Stage.TLS,
            Stage.LOGIN,
        ]
        assert steps[3][1].startswith("TLSv1.")
        assert verdicts(await connection.deliver("me@example.com", TO, BODY)) == ["sent"] * 3
        connection.abort()


@pytest.mark.parametrize(
    "script",
    [
        {"EHLO": "250-x\r\n250 AUTH PLAIN"},
        {"EHLO": "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": "454 not now"},
        {
            "EHLO": "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN",
            "STARTTLS": "220 go\r\n250-x\r\n250 AUTH PLAIN",
        },
        {"EHLO": "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": CUT},
    ],
    ids=["stripped", "refused", "injected", "cut"],
)
async def test_no_credential_without_tls(
    script: dict[str, str], authority: Authority, server_tls: ssl.SSLContext
) -> None:
    """STARTTLS stripped, refused or with data injected before TLS: nothing leaves."""
    async with ScriptedSmtp(script, tls=server_tls) as server:
        at = endpoint(server, "starttls", authority.ca_file)
        failure = (await refused(server, LOGIN, at)).failure
        assert failure.stage == Stage.TLS
        assert not any(line.startswith(("AUTH", "MAIL")) for line in server.heard)


async def test_an_unknown_authority_is_refused(server_tls: ssl.SSLContext) -> None:
    async with ScriptedSmtp(tls=server_tls, implicit=True) as server:
        failure = (await refused(server, LOGIN, endpoint(server, "tls"))).failure
        assert (failure.kind, failure.field) == ("certificate", "verify_certificate")
        assert server.heard == []


async def test_another_host_s_certificate_is_refused(authority: Authority, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue(tmp_path, "other.example.com"))
    script = {"EHLO": "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": "220 go"}
    async with ScriptedSmtp(script, tls=context) as server:
        at = endpoint(server, "starttls", authority.ca_file)
        assert (await refused(server, LOGIN, at)).failure.kind == "certificate"
        unverified = Endpoint(server.host, server.port, "starttls", verify_certificate=False)
        (await connect(unverified, LOGIN)).abort()


async def test_plain_port_spoken_to_in_tls() -> None:
    async with ScriptedSmtp() as server:
        failure = (await refused(server, LOGIN, endpoint(server, "tls"))).failure
        assert failure.stage == Stage.TLS
        assert failure.field == "security"


# Dots


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"", b".\x0b", b"MAIL FROM:<x@y>"])))
def test_stuffed_bodies_never_end_early(lines: list[bytes]) -> None:
    body = b"\r\n".join(lines) + b"\r\n"
    stuffed = dot_stuff(body)
    assert b"\r\n.\r\n" not in b"\r\n" + stuffed
    unstuffed = b"\r\n".join(line.removeprefix(b".") for line in stuffed.split(b"\r\n"))
    assert unstuffed == body


def test_verdicts_are_words_of_the_outbox() -> None:
    assert {v.value for v in Verdict} == {"sent", "deferred", "failed", "uncertain"}
