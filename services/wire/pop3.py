"""A POP3 client that pipelines (RFC 1939, 2449, 2595, 5034).

Every failure is a :class:`WireError`. A refusal (``-ERR``) leaves the session usable; anything
else (a time-out, a cut, a reply that makes no sense, a cancelled call) closes it, because the
next reply could be read from the middle of a message. One task at a time.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from services.failure import Failure, Stage, WireError
from services.language import _
from services.wire import sasl
from services.wire.budget import Budget
from services.wire.dial import dial, resolve
from services.wire.endpoint import Endpoint, Login
from services.wire.lines import Lines, TooLong
from services.wire.maildrop import Listed, NotRetrieved, Retrieved, Stat, TooLarge, listing
from services.wire.replies import classify, explain, field_of
from services.wire.tls import client_context, failure_of

__all__ = [
    "Listed",
    "NotRetrieved",
    "OnStep",
    "Pop3Session",
    "Retrieved",
    "Stat",
    "TooLarge",
    "connect",
]

WINDOW = 32
MAX_MESSAGE = 60 * 2**20
_DELETE_WINDOW = 200
_LISTING_LIMIT = 16 * 2**20
_CAPA_LIMIT = 64 * 1024
_TRANSCRIPT_LINES = 200
# What a message without a listed size is thought to hold, and the least that any is counted as.
_SMALL = 16 * 1024
# All sessions of the process: half of what reading may use, the rest is for buffers and copies.
_IN_FLIGHT = Budget(48 * 2**20)

OnStep = Callable[[Stage, str, float], None]


async def connect(
    endpoint: Endpoint,
    *,
    deadline: float,
    on_step: OnStep | None = None,
    budget: Budget = _IN_FLIGHT,
) -> Pop3Session:
    """A session that is greeted, encrypted as the endpoint asks, and knows its capabilities.

    ``deadline`` is how many seconds the whole session may take, QUIT included; ``on_step`` hears
    of each step that went well (stage, detail, milliseconds). With "starttls" nothing more is
    said to a server that offers no STLS or that sends anything before TLS has begun.
    """
    session = Pop3Session(endpoint, deadline, on_step, budget)
    try:
        await session._open()  # noqa: SLF001
    except BaseException:
        session.abort()
        raise
    return session


class Pop3Session:
    """An open session; made by :func:`connect`.

    ``capabilities`` maps the names of CAPA to their parameters (empty when the server has no
    CAPA); ``transcript`` is the talk so far, without secrets and without messages.
    """

    def __init__(
        self, endpoint: Endpoint, seconds: float, on_step: OnStep | None, budget: Budget
    ) -> None:
        self._endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self._lines = Lines(endpoint.timeout, self._loop.time() + seconds)
        self._on_step = on_step
        self._budget = budget
        self._step_began = self._loop.time()
        self._secrets: list[str] = []
        self._under_way: deque[tuple[int, int, int]] = deque()
        self.capabilities: Mapping[str, tuple[str, ...]] = {}
        self.transcript: list[str] = []

    # Opening

    async def _open(self) -> None:
        endpoint = self._endpoint
        addresses = await resolve(endpoint, self._patience())
        self._step(Stage.DNS, ", ".join(address[1][0] for address in addresses))
        sock = await dial(endpoint, addresses, self._patience())
        self._step(Stage.TCP, str(sock.getpeername()[0]))
        # asyncio sets TCP_NODELAY: USER and PASS do not wait for delayed acknowledgements.
        if endpoint.security == "tls":
            await self._encrypt(sock)
        else:
            await self._loop.create_connection(lambda: self._lines, sock=sock)
        greeting = await self._reply(Stage.GREETING)
        await self._capa(Stage.GREETING)
        self._step(Stage.GREETING, greeting)
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
            await self._command(Stage.TLS, b"STLS")
        except WireError as e:
            self.abort()
            failure = e.failure
            if failure.reply.startswith("-ERR"):
                failure = replace(failure, kind="tls", field="security")
            raise WireError(failure) from e
        if self._lines.unread:
            raise self._out_of_step(
                Stage.TLS, _("O servidor, ou alguém no caminho, enviou dados antes do TLS.")
            )
        await self._encrypt()
        await self._capa(Stage.TLS)

    async def _encrypt(self, sock: socket.socket | None = None) -> None:
        """TLS on a fresh socket, or from here on over the connection that is open."""
        endpoint, lines = self._endpoint, self._lines
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
        self._step(Stage.TLS, f"{told.version()} {told.cipher()[0]}")

    async def _capa(self, stage: Stage) -> None:
        self._send(stage, b"CAPA", "CAPA")
        if (await self._status(stage)).startswith("-ERR"):
            self.capabilities = {}
            return
        rows = (row.split() for row in await self._rows(stage, _CAPA_LIMIT))
        self.capabilities = {row[0].upper(): tuple(row[1:]) for row in rows if row}

    # The session

    @property
    def usable(self) -> bool:
        """False once the session ended or lost its step."""
        return self._lines.open

    @property
    def login_delay(self) -> int | None:
        """Seconds that the server wants between two logins (CAPA LOGIN-DELAY), if it says so."""
        told = self.capabilities.get("LOGIN-DELAY", ())
        return int(told[0]) if told and told[0].isdecimal() else None

    async def login(self, login: Login) -> None:
        """USER and PASS (AUTH PLAIN where only that is offered), or AUTH XOAUTH2.

        Raises :class:`Invalid` before anything is sent for a name or secret that cannot be.
        The ``reply`` of a refused XOAUTH2 ends in the JSON that the server gave as its reason.
        """
        sasl.check(login)
        if login.mechanism == "xoauth2":
            reply = await self._xoauth2(login)
        elif "USER" not in self.capabilities and "PLAIN" in self.capabilities.get("SASL", ()):
            blob = sasl.plain(login.username, login.secret)
            self._secrets += [login.secret, blob.decode()]
            await self._invite(b"AUTH PLAIN")
            reply = await self._command(Stage.LOGIN, blob, "***")
        else:
            self._secrets.append(login.secret)
            await self._command(Stage.LOGIN, b"USER " + login.username.encode())
            reply = await self._command(Stage.LOGIN, b"PASS " + login.secret.encode(), "PASS ***")
        self._step(Stage.LOGIN, reply)

    async def _xoauth2(self, login: Login) -> str:
        blob = sasl.xoauth2(login.username, login.secret)
        self._secrets += [login.secret, blob.decode()]
        await self._invite(b"AUTH XOAUTH2")
        self._send(Stage.LOGIN, blob, "***")
        reason = ""
        status = await self._status(Stage.LOGIN)
        if not status.startswith(("+OK", "-ERR")):
            reason = self._clean(sasl.challenge(status[1:]))
            self._send(Stage.LOGIN, b"", "")
            status = await self._status(Stage.LOGIN)
        if status.startswith("+OK") and not reason:
            return status
        if not status.startswith("-ERR"):
            raise self._out_of_step(Stage.LOGIN, reply=status)
        raise WireError(self._refusal(Stage.LOGIN, status, reason))

    async def _invite(self, command: bytes) -> None:
        self._send(Stage.LOGIN, command, command.decode())
        status = await self._status(Stage.LOGIN)
        if status.startswith("-ERR"):
            raise WireError(self._refusal(Stage.LOGIN, status))
        if status.startswith("+OK"):
            raise self._out_of_step(Stage.LOGIN, reply=status)

    async def stat(self) -> Stat:
        """How many messages there are, and their bytes."""
        reply = await self._command(Stage.LIST, b"STAT")
        words = reply.split()
        if len(words) < 3 or not (words[1].isdecimal() and words[2].isdecimal()):
            raise self._out_of_step(Stage.LIST, reply=reply)
        return Stat(int(words[1]), int(words[2]))

    async def list_messages(self) -> list[Listed]:
        """Every message with its size and, where the server has them, its UIDL.

        A UIDL that is blank, absurdly long or given to two messages identifies nothing: None.
        """
        if "PIPELINING" in self.capabilities:
            self._send(Stage.LIST, b"LIST\r\nUIDL", "LIST\r\nUIDL")
            sizes = await self._listing_reply()
            names = await self._listing_reply()
        else:
            self._send(Stage.LIST, b"LIST", "LIST")
            sizes = await self._listing_reply()
            self._send(Stage.LIST, b"UIDL", "UIDL")
            names = await self._listing_reply()
        if isinstance(sizes, Failure):
            raise WireError(sizes)
        listed = listing(sizes, [] if isinstance(names, Failure) else names)
        self._step(Stage.LIST, str(len(listed)))
        return listed

    async def _listing_reply(self) -> list[str] | Failure:
        status = await self._status(Stage.LIST)
        if status.startswith("+OK"):
            return await self._rows(Stage.LIST, _LISTING_LIMIT)
        return self._refusal(Stage.LIST, status)

    async def retrieve(
        self, numbers: Sequence[int], sizes: Sequence[int], *, max_bytes: int = MAX_MESSAGE
    ) -> AsyncIterator[Retrieved | TooLarge | NotRetrieved]:
        """The messages in the order given, those listed over ``max_bytes`` first.

        ``sizes`` are the listed ones. What is listed too large is not asked for; what turns out
        too large is thrown away as it comes, and the session ends (kind "size") when it goes on
        past twice the cap. Nothing is read ahead of a slow consumer beyond the window. Leaving
        the loop early closes the session when replies are still under way.
        """
        self._expect_idle(Stage.RETRIEVE)
        waiting: deque[tuple[int, int]] = deque()
        for number, size in zip(numbers, sizes, strict=True):
            if size > max_bytes:
                yield TooLarge(number, size)
            else:
                waiting.append((number, size))
        self._note(f"C: RETR ({len(waiting)})")
        window = WINDOW if "PIPELINING" in self.capabilities else 1
        try:
            while waiting or self._under_way:
                if waiting and len(self._under_way) <= window // 2:
                    await self._ask_for(waiting, window)
                number, size, taken = self._under_way[0]
                try:
                    item = await self._retrieved(number, size, max_bytes)
                    self._under_way.popleft()
                except BaseException:
                    self.abort()
                    raise
                try:
                    yield item
                finally:
                    self._budget.release(taken)
        finally:
            if self._under_way:
                self.abort()
            self._budget.release(sum(taken for _, _, taken in self._under_way))
            self._under_way.clear()

    async def _ask_for(self, waiting: deque[tuple[int, int]], window: int) -> None:
        commands: list[bytes] = []
        while waiting and len(self._under_way) < window:
            number, size = waiting[0]
            taken = max(size, _SMALL)
            if not self._budget.take_now(taken):
                if self._under_way:
                    break
                try:
                    async with asyncio.timeout_at(self._lines.deadline):
                        await self._budget.take(taken)
                except TimeoutError as e:
                    raise self._broken(e, Stage.RETRIEVE) from e
            waiting.popleft()
            self._under_way.append((number, size, taken))
            commands.append(b"RETR %d\r\n" % number)
        self._write(Stage.RETRIEVE, b"".join(commands))

    async def _retrieved(
        self, number: int, size: int, max_bytes: int
    ) -> Retrieved | TooLarge | NotRetrieved:
        try:
            status = await self._lines.line()
            if status.startswith(b"+OK"):
                data = await self._lines.block(max_bytes, max_bytes)
                if data is None:
                    return TooLarge(number, max(size, max_bytes + 1))
                return Retrieved(number, data)
        except (OSError, TooLong) as e:
            raise self._broken(e, Stage.RETRIEVE) from e
        if not status.startswith(b"-ERR"):
            raise self._out_of_step(Stage.RETRIEVE, reply=self._text(status))
        return NotRetrieved(number, self._refusal(Stage.RETRIEVE, self._text(status)))

    async def delete(self, numbers: Sequence[int]) -> list[bool]:
        """Mark messages for deletion at QUIT; for each, whether the server agreed."""
        window = _DELETE_WINDOW if "PIPELINING" in self.capabilities else 1
        self._expect_idle(Stage.DELETE)
        self._note(f"C: DELE ({len(numbers)})")
        agreed: list[bool] = []
        for first in range(0, len(numbers), window):
            group = numbers[first : first + window]
            self._write(Stage.DELETE, b"".join(b"DELE %d\r\n" % number for number in group))
            for _number in group:
                status = await self._status(Stage.DELETE, noted=False)
                agreed.append(status.startswith("+OK"))
        return agreed

    async def reset(self) -> None:
        """Take back every deletion of this session."""
        await self._command(Stage.DELETE, b"RSET")

    async def quit(self) -> None:
        """End the session: only now does the server delete. Without an answer it is unknown."""
        try:
            reply = await self._command(Stage.QUIT, b"QUIT")
        finally:
            self.abort()
        self._step(Stage.QUIT, reply)

    def abort(self) -> None:
        """Close without QUIT: nothing is deleted on the server."""
        self._lines.abort()

    # Commands and replies

    async def _command(self, stage: Stage, command: bytes, shown: str | None = None) -> str:
        """Send a line and give its +OK; a refusal is raised and leaves the session usable."""
        self._send(stage, command, command.decode() if shown is None else shown)
        return await self._reply(stage)

    async def _reply(self, stage: Stage) -> str:
        status = await self._status(stage)
        if status.startswith("-ERR"):
            raise WireError(self._refusal(stage, status))
        if not status.startswith("+OK"):
            raise self._out_of_step(stage, reply=status)
        return status

    def _send(self, stage: Stage, command: bytes, shown: str) -> None:
        self._expect_idle(stage)
        for line in shown.split("\r\n"):
            self._note(f"C: {line}")
        self._write(stage, command + b"\r\n")

    def _write(self, stage: Stage, data: bytes) -> None:
        try:
            self._lines.write(data)
        except OSError as e:
            raise self._broken(e, stage) from e

    async def _status(self, stage: Stage, *, noted: bool = True) -> str:
        """A line that begins with +OK, -ERR or + (a challenge), secrets removed."""
        try:
            status = self._text(await self._lines.line())
        except (OSError, TooLong) as e:
            raise self._broken(e, stage) from e
        except BaseException:
            self.abort()
            raise
        if noted:
            self._note(f"S: {status}")
        if not status.startswith(("+", "-ERR")):
            raise self._out_of_step(stage, reply=status)
        return status

    async def _rows(self, stage: Stage, limit: int) -> list[str]:
        try:
            block = await self._lines.block(limit)
        except (OSError, TooLong) as e:
            raise self._broken(e, stage) from e
        except BaseException:
            self.abort()
            raise
        if block is None:
            raise self._out_of_step(stage)
        rows = block.decode("utf-8", "backslashreplace").split("\r\n")[:-1]
        if stage != Stage.LIST:
            for row in rows:
                self._note(f"S: {row}")
        return rows

    def _expect_idle(self, stage: Stage) -> None:
        if self._under_way:
            raise self._out_of_step(stage)

    def _text(self, line: bytes) -> str:
        return self._clean(line.decode("utf-8", "replace"))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _note(self, line: str) -> None:
        if len(self.transcript) < _TRANSCRIPT_LINES:
            self.transcript.append(line)

    def _step(self, stage: Stage, detail: str) -> None:
        began, self._step_began = self._step_began, self._loop.time()
        if self._on_step is not None:
            self._on_step(stage, detail, (self._step_began - began) * 1000)

    def _patience(self) -> float:
        left = self._lines.deadline - self._loop.time()
        return max(0.0, min(self._endpoint.timeout, left))

    # Failures

    def _refusal(self, stage: Stage, reply: str, reason: str = "") -> Failure:
        told = f"{reply} {reason}".strip()
        kind, permanent = classify(told, protocol="pop3")
        return Failure(
            self._endpoint.who, stage, kind, told, permanent, explain(kind), field_of(kind)
        )

    def _failure(
        self, stage: Stage, kind: str, explanation: str, reply: str = "", field: str | None = None
    ) -> Failure:
        return Failure(self._endpoint.who, stage, kind, reply, explanation=explanation, field=field)

    def _broken(self, exc: OSError | TooLong, stage: Stage) -> WireError:
        """Close the session and say what broke it."""
        self.abort()
        if isinstance(exc, TooLong):
            if stage == Stage.RETRIEVE:
                explanation = _("A mensagem passou muito do tamanho máximo; a conexão foi fechada.")
                return WireError(self._failure(stage, "size", explanation))
            return self._out_of_step(stage)
        return WireError(failure_of(exc, self._endpoint.who, stage))

    def _out_of_step(self, stage: Stage, explanation: str = "", reply: str = "") -> WireError:
        """Close the session: what was read is not what the protocol allows."""
        self.abort()
        field = None
        if not explanation and stage == Stage.GREETING:
            explanation, field = _("Nesta porta não responde um servidor POP3."), "port"
        explanation = explanation or _("O servidor respondeu fora do protocolo POP3.")
        return WireError(self._failure(stage, "protocol", explanation, reply, field))
