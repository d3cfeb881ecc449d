"""The talk with a POP3 server: greeting, TLS, capabilities, commands and replies.

RFC 1939, 2449 (CAPA, response codes) and 2595 (STLS).
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from services.failure import Failure, Stage, WireError
from services.language import _
from services.wire.dial import dial, resolve
from services.wire.endpoint import Endpoint
from services.wire.lines import Lines, TooLong
from services.wire.replies import classify, explain, field_of, without_password
from services.wire.tls import client_context, failure_of

_CAPA_LIMIT = 64 * 1024
_TRANSCRIPT_LINES = 200

OnStep = Callable[[Stage, str, float], None]


class Asked(NamedTuple):
    """A message under way: its listed ``size``, and the bytes ``taken`` from the budget for it."""

    number: int
    size: int
    taken: int


class Talk:
    """One connection to a POP3 server.

    ``under_way`` are the messages that were asked for and not read yet: while there are any, no
    other command can be sent. ``secrets`` are taken out of every reply and of the transcript.
    """

    def __init__(
        self, endpoint: Endpoint, seconds: float, on_step: OnStep | None, transcript: list[str]
    ) -> None:
        self._endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self.lines = Lines(endpoint.timeout, self._loop.time() + seconds)
        self._on_step = on_step
        self._step_began = self._loop.time()
        self.secrets: list[str] = []
        self.under_way: deque[Asked] = deque()
        self.capabilities: Mapping[str, tuple[str, ...]] = {}
        self.transcript = transcript

    async def open(self) -> None:
        """Connect, hear the greeting, begin TLS, learn the capabilities."""
        endpoint = self._endpoint
        addresses = await resolve(endpoint, self._patience())
        self.step(Stage.DNS, ", ".join(address[1][0] for address in addresses))
        sock = await dial(endpoint, addresses, self._patience())
        self.step(Stage.TCP, endpoint.place)
        # asyncio sets TCP_NODELAY: USER and PASS do not wait for delayed acknowledgements.
        if endpoint.security == "tls":
            await self._encrypt(sock)
        else:
            await self._loop.create_connection(lambda: self.lines, sock=sock)
        greeting = await self.reply(Stage.GREETING)
        await self._capa(Stage.GREETING)
        self.step(Stage.GREETING, greeting)
        if endpoint.security == "starttls":
            await self._stls()

    async def _stls(self) -> None:
        if self.capabilities and "STLS" not in self.capabilities:
            self.abort()
            raise WireError(
                self._failure(
                    Stage.TLS,
                    "tls",
                    _("O servidor não oferece STARTTLS nesta porta; nada foi enviado a ele."),
                    field="security",
                )
            )
        try:
            await self.command(Stage.TLS, b"STLS")
        except WireError as e:
            self.abort()
            failure = e.failure
            if failure.reply.startswith("-ERR"):
                failure = replace(failure, kind="tls", field="security")
            raise WireError(failure) from e
        if self.lines.unread:
            raise self.out_of_step(
                Stage.TLS, _("O servidor, ou alguém no caminho, enviou dados antes do TLS.")
            )
        await self._encrypt()
        await self._capa(Stage.TLS)

    async def _encrypt(self, sock: socket.socket | None = None) -> None:
        """TLS on a fresh socket, or from here on over the connection that is open."""
        endpoint, lines = self._endpoint, self.lines
        context = client_context(endpoint.verify_certificate, endpoint.ca_file)
        try:
            async with asyncio.timeout(self._patience()):
                if sock is not None:
                    await self._loop.create_connection(
                        lambda: lines, sock=sock, ssl=context, server_hostname=endpoint.host
                    )
                elif lines.transport is not None:
                    lines.transport = await self._loop.start_tls(
                        lines.transport, lines, context, server_hostname=endpoint.host
                    )
        except OSError as e:
            raise WireError(failure_of(e, endpoint.who, Stage.TLS)) from e
        if lines.transport is None:
            raise WireError(failure_of(ConnectionResetError(), endpoint.who, Stage.TLS))
        told = lines.transport.get_extra_info("ssl_object")
        self.step(Stage.TLS, f"{told.version()} {told.cipher()[0]}")

    async def _capa(self, stage: Stage) -> None:
        self.send(stage, b"CAPA", "CAPA")
        if (await self.status(stage)).startswith("-ERR"):
            self.capabilities = {}
            return
        rows = (row.split() for row in await self.rows(stage, _CAPA_LIMIT))
        self.capabilities = {row[0].upper(): tuple(row[1:]) for row in rows if row}

    def abort(self) -> None:
        """Close at once."""
        self.lines.abort()

    # Commands and replies

    async def command(self, stage: Stage, command: bytes, shown: str | None = None) -> str:
        """Send a line and give its +OK; a refusal is raised and leaves the session usable."""
        self.send(stage, command, command.decode() if shown is None else shown)
        return await self.reply(stage)

    async def reply(self, stage: Stage) -> str:
        """The +OK line that comes next."""
        status = await self.status(stage)
        if status.startswith("-ERR"):
            raise WireError(self.refusal(stage, status))
        return status

    def send(self, stage: Stage, command: bytes, shown: str) -> None:
        """Send a command; ``shown`` stands for it in the transcript."""
        self.expect_idle(stage)
        for line in shown.split("\r\n"):
            self.note(f"C: {line}")
        self.write(stage, command + b"\r\n")

    def write(self, stage: Stage, data: bytes) -> None:
        """Send bytes as they are."""
        try:
            self.lines.write(data)
        except OSError as e:
            raise self.broken(e, stage) from e

    async def status(self, stage: Stage, *, challenge: bool = False, noted: bool = True) -> str:
        """A line that begins with +OK or -ERR, or + where a challenge may come."""
        try:
            status = self.text(await self.lines.line())
        except (OSError, TooLong) as e:
            raise self.broken(e, stage) from e
        except BaseException:
            self.abort()
            raise
        if noted:
            self.note(f"S: {status}")
        if not status.startswith(("+OK", "-ERR", "+" if challenge else "+OK")):
            raise self.out_of_step(stage, reply=status)
        return status

    async def rows(self, stage: Stage, limit: int) -> list[str]:
        """The lines of a multi-line reply; more than ``limit`` bytes end the session."""
        try:
            block = await self.lines.block(limit)
        except (OSError, TooLong) as e:
            raise self.broken(e, stage) from e
        except BaseException:
            self.abort()
            raise
        if block is None:
            raise self.out_of_step(stage)
        rows = block.decode("utf-8", "backslashreplace").split("\r\n")[:-1]
        if stage != Stage.LIST:
            for row in rows:
                self.note(f"S: {row}")
        return rows

    def expect_idle(self, stage: Stage) -> None:
        """Nothing may be left of an earlier reply; otherwise the session ends."""
        if self.under_way or self.lines.unread:
            raise self.out_of_step(stage)

    def text(self, line: bytes) -> str:
        """A line of the server's as text, secrets removed."""
        return self.clean(line.decode("utf-8", "replace"))

    def clean(self, text: str) -> str:
        """The text without the secrets, should the server repeat them."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def note(self, line: str) -> None:
        """A line for the transcript, which keeps the first 200."""
        if len(self.transcript) < _TRANSCRIPT_LINES:
            self.transcript.append(line)

    def step(self, stage: Stage, detail: str) -> None:
        """Tell that a step went well, and how long it took."""
        began, self._step_began = self._step_began, self._loop.time()
        if self._on_step is not None:
            self._on_step(stage, detail, (self._step_began - began) * 1000)

    def _patience(self) -> float:
        left = self.lines.deadline - self._loop.time()
        return max(0.0, min(self._endpoint.timeout, left))

    # Failures

    def refusal(
        self, stage: Stage, reply: str, reason: str = "", *, by_token: bool = False
    ) -> Failure:
        """The fact behind an -ERR; ``reason`` are further words of the server's."""
        told = f"{reply} {reason}".strip()
        kind, permanent = classify(told, protocol="pop3")
        if by_token:
            kind = without_password(kind)
        return Failure(
            self._endpoint.who, stage, kind, told, permanent, explain(kind), field_of(kind)
        )

    def _failure(
        self, stage: Stage, kind: str, explanation: str, reply: str = "", field: str | None = None
    ) -> Failure:
        return Failure(self._endpoint.who, stage, kind, reply, explanation=explanation, field=field)

    def broken(self, exc: OSError | TooLong, stage: Stage) -> WireError:
        """Close the session and say what broke it."""
        self.abort()
        if isinstance(exc, TooLong):
            if stage == Stage.RETRIEVE:
                explanation = _("A mensagem passou muito do tamanho máximo; a conexão foi fechada.")
                return WireError(self._failure(stage, "size", explanation))
            return self.out_of_step(stage)
        return WireError(failure_of(exc, self._endpoint.who, stage))

    def out_of_step(self, stage: Stage, explanation: str = "", reply: str = "") -> WireError:
        """Close the session: what was read is not what the protocol allows."""
        self.abort()
        field = None
        if not explanation and stage == Stage.GREETING:
            explanation, field = _("Nesta porta não responde um servidor POP3."), "port"
        explanation = explanation or _("O servidor respondeu fora do protocolo POP3.")
        return WireError(self._failure(stage, "protocol", explanation, reply, field))
