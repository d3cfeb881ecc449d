"""Sending: logging in and TLS, and no credential without either."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path

import pytest

from services.errors import Invalid
from services.failure import Stage, WireError
from services.wire.endpoint import Endpoint, Login
from services.wire.smtp import connect
from tests.servers.certificate import Authority
from tests.servers.letters import BODY, LOGIN, TO, endpoint, send, verdicts
from tests.servers.scripted_smtp import CUT, ScriptedSmtp


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server_tls(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    return context


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
