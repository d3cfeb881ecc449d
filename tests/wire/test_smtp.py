"""Sending: what arrives, what is refused, and what is only ever said when it is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.failure import Stage, WireError
from services.wire.endpoint import Endpoint, Login, Security
from services.wire.smtp import Verdict, connect, dot_stuff
from tests.servers.dovecot import Dovecot
from tests.servers.letters import BODY, LOGIN, TO, endpoint, send, verdicts
from tests.servers.ports import is_root
from tests.servers.postfix import Postfix
from tests.servers.scripted_smtp import CUT, SILENCE, ScriptedSmtp
from tests.servers.sink import Sink


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


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
