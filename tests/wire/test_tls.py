"""TLS: what is trusted, and what a person is told when it fails (R19)."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from services.errors import Invalid
from services.failure import Failure, Stage, WireError
from services.wire.dial import dial, resolve
from services.wire.endpoint import Endpoint
from services.wire.tls import client_context, failure_of
from tests.servers.ports import free_port


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@asynccontextmanager
async def tls_server(context: ssl.SSLContext) -> AsyncIterator[int]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def meet(port: int, context: ssl.SSLContext) -> Failure | str:
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="mail.example.com"
            )
            line = await reader.readline()
            writer.transport.abort()
            return line.decode().strip()
    except OSError as e:
        return failure_of(e, "mail.example.com:995", Stage.TLS)


def test_contexts_are_shared_and_strict() -> None:
    context = client_context()
    assert context is client_context()
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_verification_can_be_switched_off() -> None:
    context = client_context(False)
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_authority_is_said(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Invalid) as refusal:
        client_context(True, file)
    assert refusal.value.field == "ca_file"


async def test_a_good_certificate(authority: trustme.CA, ca_file: Path) -> None:
    context = server_context(authority.issue_cert("mail.example.com"))
    async with tls_server(context) as port:
        assert await meet(port, client_context(True, ca_file)) == "hello"


def expired(ca: trustme.CA) -> trustme.LeafCert:
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    return ca.issue_cert("mail.example.com", not_before=past, not_after=past.replace(year=2021))


@pytest.mark.parametrize(
    ("issue", "words", "field"),
    [
        (lambda ca: ca.issue_cert("other.example.com"), "outro nome", "host"),
        (expired, "venceu", "verify_certificate"),
        (
            lambda ca: trustme.CA().issue_cert("mail.example.com"),
            "autoridade desconhecida",
            "verify_certificate",
        ),
    ],
    ids=["name", "expired", "unknown"],
)
async def test_a_bad_certificate_names_its_fault(
    authority: trustme.CA,
    ca_file: Path,
    issue: Callable[[trustme.CA], trustme.LeafCert],
    words: str,
    field: str,
) -> None:
    """R19: the field to mend is the one that the words speak of."""
    async with tls_server(server_context(issue(authority))) as port:
        failure = await meet(port, client_context(True, ca_file))
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.field) == ("certificate", field)
        assert words in failure.explanation
        assert not failure.permanent
        assert await meet(port, client_context(False)) == "hello"


@pytest.mark.parametrize(
    ("code", "words"), [(23, "revogado"), (26, "não serve"), (66, "chave fraca"), (1, "validação")]
)
def test_what_openssl_finds_is_told_by_its_code(code: int, words: str) -> None:
    """R19: its own words are English, and stand beside ours as the answer."""
    error = ssl.SSLCertVerificationError("x")
    error.verify_code, error.verify_message = code, "its own words"
    failure = failure_of(error, "mail:465", Stage.TLS)
    assert words in failure.explanation
    assert failure.reply == "its own words"


async def test_a_server_without_tls(ca_file: Path) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK plain\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        failure = await meet(server.sockets[0].getsockname()[1], client_context(True, ca_file))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.field) == ("tls", "security")


@pytest.mark.parametrize(
    ("exc", "stage", "kind", "field"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Stage.DNS, "dns", "host"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), Stage.DNS, "dns", "host"),
        (UnicodeError("label too long"), Stage.DNS, "dns", "host"),
        (ConnectionRefusedError(111, "refused"), Stage.TCP, "network", "port"),
        (OSError(113, "No route to host"), Stage.TCP, "network", "host"),
        (TimeoutError(), Stage.TCP, "timeout", "host"),
        (TimeoutError(), Stage.RETRIEVE, "timeout", "timeout"),
        (ConnectionResetError(104, "reset"), Stage.TLS, "tls", "security"),
        (ConnectionResetError(104, "reset"), Stage.LOGIN, "closed", None),
        (asyncio.IncompleteReadError(b"", 1), Stage.DATA, "closed", None),
        (ssl.SSLError(1, "[SSL: UNSUPPORTED_PROTOCOL] x"), Stage.TLS, "tls", "security"),
    ],
)
def test_every_error_is_a_typed_fact(
    exc: BaseException, stage: Stage, kind: str, field: str | None
) -> None:
    failure = failure_of(exc, "mail:110", stage)
    assert (failure.kind, failure.field, failure.stage) == (kind, field, stage)
    assert failure.explanation
    assert not failure.permanent


def test_a_library_is_looked_through() -> None:
    outer = RuntimeError("library")
    outer.__cause__ = ConnectionRefusedError(111, "refused")
    assert failure_of(outer, "mail:25", Stage.TCP).kind == "network"


def test_a_fact_stays_itself() -> None:
    fact = Failure("mail:25", Stage.LOGIN, "password")
    assert failure_of(WireError(fact), "other", Stage.TCP) is fact


async def test_an_unknown_name_is_a_dns_failure() -> None:
    for host in ("nowhere.invalid", "a" * 70 + ".example", "a\0b"):
        with pytest.raises(WireError) as caught:
            await resolve(Endpoint(host, 110, "none"), 10)
        assert (caught.value.failure.stage, caught.value.failure.field) == (Stage.DNS, "host")


async def test_a_closed_port_is_a_network_failure() -> None:
    endpoint = Endpoint("127.0.0.1", free_port(), "none")
    with pytest.raises(WireError) as caught:
        await dial(endpoint, await resolve(endpoint, 5), 5)
    assert (caught.value.failure.kind, caught.value.failure.field) == ("network", "port")


async def test_the_second_address_is_tried_when_the_first_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        addresses = [
            (socket.AF_INET, ("127.0.0.1", free_port())),
            (socket.AF_INET, ("127.0.0.1", port)),
        ]
        sock = await dial(Endpoint("mail.example.com", port, "none"), addresses, 5)
        assert sock.getpeername()[1] == port
        sock.close()
