"""Sending by SMTP: connect and log in step by step, deliver in one pipelined write.

Every reply is checked by itself (RFC 2920). What a delivery promises: an address is ``SENT`` only
after the server took responsibility for it, and ``UNCERTAIN`` whenever it may have done so.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Sequence

from services.failure import Failure, Stage, WireError
from services.language import _
from services.wire import replies, sasl
from services.wire.dial import dial, resolve
from services.wire.endpoint import Endpoint, Login
from services.wire.smtp_login import base64_of, log_in
from services.wire.smtp_outcome import Attempt, Delivery, RecipientOutcome, Verdict, broken, known
from services.wire.smtp_stream import Nonsense, Reply, Stream
from services.wire.tls import client_context

__all__ = [
    "Delivery",
    "RecipientOutcome",
    "SmtpConnection",
    "Verdict",
    "connect",
    "dot_stuff",
]

FINAL_TIMEOUT = 120.0
"""Seconds of patience for the reply to the final dot, after the last byte has left."""

OnStep = Callable[[Stage, str], None]
"""Told of each stage that was passed, with a few words of the server's (foreign text)."""

_ENVELOPE = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Za-z.:]{2,64}\]")
_ENDED = (OSError, EOFError, Nonsense)


def dot_stuff(data: bytes) -> bytes:
    """A body of CRLF lines with each leading dot doubled (RFC 5321 §4.5.2)."""
    stuffed = data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


async def connect(
    endpoint: Endpoint,
    login: Login | None,
    *,
    local_hostname: str | None = None,
    on_step: OnStep | None = None,
    transcript: list[str] | None = None,
) -> SmtpConnection:
    """A connection that is ready to deliver. Raises :class:`WireError` for the first failure.

    TLS is never skipped: without it no credential leaves, unless the endpoint's security is
    ``none``. A refused login is tried once, by one mechanism, so that no account gets locked.
    ``transcript`` collects the conversation without secrets.
    """
    step = on_step or _ignore
    if login is not None:
        sasl.check(login)
    addresses = await resolve(endpoint, endpoint.timeout)
    step(Stage.DNS, ", ".join(str(address[0]) for _family, address in addresses[:4]))
    sock = await dial(endpoint, addresses, endpoint.timeout)
    step(Stage.TCP, endpoint.place)
    connection = await _wrap(endpoint, sock, transcript)
    try:
        await _open(connection, login, _own_name(local_hostname, sock), step)
    except BaseException:
        connection.abort()
        raise
    return connection


class SmtpConnection:
    """A connection that was greeted and logged in; one message at a time."""

    def __init__(self, endpoint: Endpoint, stream: Stream, transcript: list[str] | None) -> None:
        self.endpoint = endpoint
        self.final_timeout = max(FINAL_TIMEOUT, endpoint.timeout)
        self.extensions: dict[str, str] = {}
        self.stream = stream
        self._transcript = transcript
        self._reset_due = False
        self._secrets: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """True while another message may be delivered."""
        return self.stream.quiet

    async def deliver(
        self,
        sender: str,
        recipients: Sequence[str],
        payload: bytes | Sequence[bytes],
        *,
        leaving: Callable[[], None] | None = None,
    ) -> Delivery:
        """Deliver one message to its recipients; refusals are outcomes, never exceptions.

        ``payload`` is CRLF-ended, dot-stuffed and 7-bit, whole or in parts; addresses are sent
        exactly as given. ``leaving`` is called just before the text leaves. :class:`ValueError`
        for a sender or recipient that cannot be put on a command line.
        """
        for address in (sender, *recipients):
            if _ENVELOPE.fullmatch(address) is None:
                raise ValueError("address not fit for an envelope")
        if not recipients:
            raise ValueError("no recipients")
        attempt = Attempt(self.endpoint.who, recipients)
        if not self.stream.quiet:
            self.abort()
            attempt.broke(Stage.SENDER, ConnectionResetError("connection closed"))
            return attempt.delivery(usable=False, untouched=True)
        parts = [payload] if isinstance(payload, bytes) else payload
        try:
            await self._transaction(attempt, sender, parts, leaving)
        except _ENDED as e:
            attempt.broke(attempt.stage, e)
            self.abort()
        except BaseException:
            self.abort()
            raise
        if attempt.closing:
            self.abort()
        return attempt.delivery(usable=self.stream.quiet)

    async def quit(self) -> None:
        """Leave politely, not waiting longer than a few seconds; never raises."""
        try:
            await self.command("QUIT", patience=min(5.0, self.endpoint.timeout))
        except _ENDED:
            self.abort()
        else:
            self.stream.close()

    def abort(self) -> None:
        """Close at once."""
        self.stream.abort()

    async def command(
        self, line: str, *, shown: str | None = None, patience: float | None = None
    ) -> Reply:
        """One command in lock-step; ``shown`` stands for it in the transcript."""
        self._note("C", line if shown is None else shown)
        self.stream.write(line.encode("ascii") + b"\r\n")
        return await self.reply(patience)

    async def reply(self, patience: float | None = None) -> Reply:
        """The next reply, within the endpoint's time-out."""
        told = await self.stream.reply(patience or self.endpoint.timeout)
        self._note("S", told.text)
        return told

    def hide(self, login: Login) -> None:
        """From now on the secret shows nowhere, should the server repeat it in any form."""
        self._secrets = (
            login.secret,
            base64_of(login.secret),
            base64_of(f"\0{login.username}\0{login.secret}"),
            sasl.xoauth2(login.username, login.secret).decode(),
        )

    def redacted(self, text: str) -> str:
        """Foreign text without the secret."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _note(self, who: str, text: str) -> None:
        if self._transcript is not None:
            text = self.redacted(text)
            self._transcript.extend(f"{who}: {line}" for line in text.split("\n"))

    # The transaction

    async def _transaction(
        self,
        attempt: Attempt,
        sender: str,
        parts: Sequence[bytes],
        leaving: Callable[[], None] | None,
    ) -> None:
        size = f" SIZE={sum(map(len, parts)) + 2}" if "SIZE" in self.extensions else ""
        commands = [
            f"MAIL FROM:<{sender}>{size}",
            *(f"RCPT TO:<{address}>" for address in attempt.addresses),
            "DATA",
        ]
        if self._reset_due:
            commands.insert(0, "RSET")
        replies_of = self._pipelined if "PIPELINING" in self.extensions else self._lock_step
        go_ahead = await replies_of(attempt, commands)
        self._reset_due = True
        if go_ahead is None:
            return
        if not self.stream.quiet:
            raise Nonsense("replies out of step")
        attempt.stage = Stage.DATA
        if not attempt.accepted:
            # RFC 2920 §3.1: an empty message ends what the server should not have begun.
            self.stream.write(b".\r\n")
            await self.reply()
            return
        data = b"".join([*parts, b".\r\n"])
        if not data.endswith(b"\r\n.\r\n"):
            data = data[:-3] + b"\r\n.\r\n"
        if leaving is not None:
            leaving()
        await self._body(attempt, data)

    async def _pipelined(self, attempt: Attempt, commands: list[str]) -> Reply | None:
        for line in commands:
            self._note("C", line)
        self.stream.write(("\r\n".join(commands) + "\r\n").encode("ascii"))
        for line in commands:
            told = await self.reply()
            if attempt.heard(line, told):
                return told
            if attempt.closing:
                break
        return None

    async def _lock_step(self, attempt: Attempt, commands: list[str]) -> Reply | None:
        for line in commands:
            if line == "DATA" and not attempt.accepted:
                break
            told = await self.command(line)
            if attempt.heard(line, told):
                return told
            if attempt.sender_refused or attempt.closing:
                break
        return None

    async def _body(self, attempt: Attempt, data: bytes) -> None:
        self._note("C", f"({len(data)} bytes)")
        attempt.in_doubt = True
        try:
            await self.stream.send(data, self.endpoint.timeout)
            told = await self.reply(self.final_timeout)
        except OSError:
            # A server may refuse in mid-message and hang up.
            early = self.stream.waiting_reply()
            if early is None or early.code < 400:
                attempt.in_doubt = not self.stream.unsent
                raise
            told = early
        attempt.concluded(told)
        self._reset_due = not told.good


# Connecting


async def _wrap(
    endpoint: Endpoint, sock: socket.socket, transcript: list[str] | None
) -> SmtpConnection:
    loop = asyncio.get_running_loop()
    secure = endpoint.security == "tls"
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _transport, stream = await loop.create_connection(
            Stream,
            sock=sock,
            ssl=client_context(endpoint.verify_certificate, endpoint.ca_file) if secure else None,
            server_hostname=endpoint.host if secure else None,
            ssl_handshake_timeout=endpoint.timeout if secure else None,
        )
    except _ENDED as e:
        sock.close()
        stage = Stage.TLS if secure else Stage.TCP
        raise WireError(broken(e, endpoint.who, stage)) from e
    except BaseException:
        sock.close()
        raise
    return SmtpConnection(endpoint, stream, transcript)


async def _open(connection: SmtpConnection, login: Login | None, name: str, step: OnStep) -> None:
    endpoint, stream = connection.endpoint, connection.stream
    stage = Stage.GREETING
    try:
        if endpoint.security == "tls":
            step(Stage.TLS, stream.tls_words())
        greeting = await connection.reply()
        if greeting.code != 220:
            raise _refused(endpoint, stage, greeting)
        await _hello(connection, name)
        step(Stage.GREETING, f"{greeting.text[4:]} ({' '.join(connection.extensions)})")
        if endpoint.security == "starttls":
            stage = Stage.TLS
            await _secure(connection, name)
            step(Stage.TLS, stream.tls_words())
        if login is not None:
            stage = Stage.LOGIN
            step(Stage.LOGIN, await log_in(connection, login))
    except _ENDED as e:
        raise WireError(broken(e, endpoint.who, stage)) from e


async def _hello(connection: SmtpConnection, name: str) -> None:
    """EHLO, or HELO for a server of before 2001; what was offered earlier is forgotten."""
    connection.extensions = {}
    told = await connection.command(f"EHLO {name}")
    if told.code in (500, 501, 502, 504, 550):
        told = await connection.command(f"HELO {name}")
    elif told.good:
        for line in told.text.split("\n")[1:]:
            keyword, _space, told_with = line[4:].strip().replace("=", " ", 1).partition(" ")
            connection.extensions[keyword.upper()] = told_with.upper()
    if not told.good:
        raise _refused(connection.endpoint, Stage.GREETING, told)


async def _secure(connection: SmtpConnection, name: str) -> None:
    """STARTTLS or nothing: not offered, refused or tampered with, the connection ends here."""
    endpoint, stream = connection.endpoint, connection.stream
    if "STARTTLS" not in connection.extensions:
        words = _(
            "O servidor não oferece STARTTLS nesta porta; nada foi enviado. "
            "Confira a porta, use TLS (465) ou veja se um antivírus ou firewall interfere."
        )
        raise WireError(Failure(endpoint.who, Stage.TLS, "tls", "", False, words, "security"))
    told = await connection.command("STARTTLS")
    if told.code != 220:
        raise _refused(endpoint, Stage.TLS, told)
    try:
        await stream.start_tls(
            client_context(endpoint.verify_certificate, endpoint.ca_file),
            endpoint.host,
            endpoint.timeout,
        )
    except Nonsense as e:
        words = _(
            "Alguém acrescentou dados à conexão antes do TLS; nada foi enviado. "
            "A rede até o servidor não é confiável."
        )
        raise WireError(
            Failure(endpoint.who, Stage.TLS, "tls", str(e), False, words, "security")
        ) from e
    await _hello(connection, name)


def _refused(endpoint: Endpoint, stage: Stage, told: Reply) -> WireError:
    kind, permanent = replies.classify(told.text, protocol="smtp")
    if told.code < 400:
        kind, permanent = "protocol", False
    return WireError(known(endpoint.who, stage, kind, told.text, permanent=permanent))


def _own_name(wanted: str | None, sock: socket.socket) -> str:
    """The name to greet with: the one wanted, else our address as a literal (RFC 5321 §4.1.4)."""
    if wanted is not None and _HOST.fullmatch(wanted):
        return wanted
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _ignore(_stage: Stage, _detail: str) -> None:
    """Nobody watches."""
