"""One SMTP connection as replies to read and bytes to write, with bounds on both."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from typing import NamedTuple

MAX_WAITING = 256 * 1024
"""Bytes of replies that may wait unread; a server that says more is talking nonsense."""
_LINE_LIMIT = 8 * 1024
_REPLY_LIMIT = 32 * 1024
_PIECE = 256 * 1024
_LINE = re.compile(rb"([2-5]\d\d)([- ]|$)")


class Nonsense(Exception):
    """What came is no SMTP reply, or none was due; the connection is out of step."""


class Reply(NamedTuple):
    """A whole reply: its code and its lines as they came, joined by line feeds."""

    code: int
    text: str

    @property
    def good(self) -> bool:
        """2xx."""
        return 200 <= self.code < 300


class Stream(asyncio.Protocol):
    """Reads whole replies in order and writes with a limit on silence. One user at a time.

    A connection that ended raises :class:`ConnectionError`, after the replies that came before.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._sending = False
        self._error: Exception | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; from one unsent byte on, we want to know when all have left."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=1, low=0)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Wake the reader when a line is whole."""
        self._buffer += data
        if len(self._buffer) > MAX_WAITING:
            self._fail(Nonsense("replies without end"))
            self.abort()
        elif b"\n" in data or len(self._buffer) > _LINE_LIMIT:
            self._wake()

    def eof_received(self) -> None:
        """The server is done; the transport closes itself."""
        self._fail(ConnectionResetError("closed by the server"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the connection, expected or not."""
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError("connection closed"))

    def pause_writing(self) -> None:
        """Not all that was written has left."""
        self._paused = True

    def resume_writing(self) -> None:
        """All that was written has left."""
        self._paused = False
        self._wake()

    # What a client calls

    @property
    def quiet(self) -> bool:
        """True when the connection is open and nothing has come that was not asked for."""
        return self._error is None and not self._buffer

    @property
    def unsent(self) -> bool:
        """True when it is certain that the last bytes of :meth:`send` never left."""
        return self._sending

    def write(self, data: bytes) -> None:
        """Send soon. Raises :class:`ConnectionError` on an ended connection."""
        if self._error is not None:
            raise self._error
        assert self._transport is not None
        self._transport.write(data)

    async def send(self, data: bytes, stall: float) -> None:
        """Send all and return when it has left; ``stall`` seconds without progress time out."""
        self._sending = True
        for at in range(0, len(data), _PIECE):
            self.write(data if len(data) <= _PIECE else data[at : at + _PIECE])
            if self._paused:
                await self._drain(stall)
        self._sending = False

    async def reply(self, patience: float) -> Reply:
        """The next whole reply.

        Raises :class:`TimeoutError` after ``patience`` seconds however many bytes trickle in,
        :class:`Nonsense` for what is no reply.
        """
        if (ready := self._take()) is not None:
            return ready
        async with asyncio.timeout(patience):
            while True:
                if self._error is not None:
                    raise self._error
                await self._wait()
                if (ready := self._take()) is not None:
                    return ready

    def waiting_reply(self) -> Reply | None:
        """A reply that has already come, if any."""
        return self._take()

    async def start_tls(self, context: ssl.SSLContext, host: str, patience: float) -> None:
        """Turn the connection into TLS. Nothing said before may be waiting (RFC 3207 §4.2)."""
        if self._buffer:
            raise Nonsense("data injected before TLS")
        assert self._transport is not None
        upgraded = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=patience
        )
        if upgraded is None:
            raise self._error or ConnectionResetError("connection closed")
        upgraded.set_write_buffer_limits(high=1, low=0)
        self._transport = upgraded

    def tls_words(self) -> str:
        """Version and cipher of the TLS session; empty without one."""
        assert self._transport is not None
        cipher = self._transport.get_extra_info("cipher")
        return f"{cipher[1]} {cipher[0]}" if cipher else ""

    def close(self) -> None:
        """Close after what was written has left."""
        self._fail(ConnectionResetError("connection closed"))
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._fail(ConnectionResetError("connection closed"))
        if self._transport is not None:
            # Debian 12's Python: over TLS, what was closed before has nothing left to cut.
            with suppress(AttributeError):
                self._transport.abort()

    # Reading

    def _take(self) -> Reply | None:
        start = 0
        lines: list[bytes] = []
        while (end := self._buffer.find(b"\n", start)) >= 0:
            if end - start > _LINE_LIMIT or end > _REPLY_LIMIT:
                raise Nonsense("reply without end")
            line = bytes(self._buffer[start:end]).rstrip(b"\r")
            start = end + 1
            told = _LINE.match(line)
            if told is None or (lines and not lines[0].startswith(told[1])):
                raise Nonsense(line[:200].decode("utf-8", "replace"))
            lines.append(line)
            if told[2] != b"-":
                del self._buffer[:start]
                return Reply(int(told[1]), b"\n".join(lines).decode("utf-8", "replace"))
        if len(self._buffer) - start > _LINE_LIMIT or start > _REPLY_LIMIT:
            raise Nonsense("reply without end")
        return None

    # Waiting

    async def _drain(self, stall: float) -> None:
        assert self._transport is not None
        while self._paused:
            if self._error is not None:
                raise self._error
            before = self._transport.get_write_buffer_size()
            try:
                async with asyncio.timeout(stall):
                    await self._wait()
            except TimeoutError:
                if self._transport.get_write_buffer_size() >= before:
                    raise

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake()
