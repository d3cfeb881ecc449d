"""Lines and dot-ended blocks read off a connection by searching for their end marks."""

from __future__ import annotations

import asyncio
from contextlib import suppress

_CHUNK = 64 * 1024
_PLENTY = 256 * 1024
_LINE_LIMIT = 16 * 1024
_END = b"\r\n.\r\n"
_STUFFED = b"\r\n.."
_FEW_DOTS = 256


class TooLong(Exception):
    """A line or block that did not end within its bounds; the stream is lost."""


class Lines(asyncio.BufferedProtocol):
    """One connection: ``write`` bytes, await a ``line`` or a ``block``.

    The socket is read straight into one buffer. It stops being read while ``_PLENTY`` bytes wait
    unread and nobody asks for more, so that a slow consumer slows the server down. ``idle`` is
    the longest silence in seconds while something is awaited, ``deadline`` the loop time after
    which nothing is awaited any more: both raise :class:`TimeoutError`. A connection that ended
    raises :class:`ConnectionError` once all that came before has been consumed. One consumer.
    """

    def __init__(self, idle: float, deadline: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle = idle
        self.deadline = deadline
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray(_CHUNK)
        self._view = memoryview(self._buffer)
        self._start = self._stop = 0
        self._mark = b"\n"
        self._searched = 0
        self._bound = 0
        self._dots = 0
        self._stuffed = False
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._active = self._loop.time()
        self._paused = False
        self._error: OSError | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Room for what arrives: the rest of the buffer, made larger or compact when short."""
        size = len(self._buffer)
        if size - self._stop < _CHUNK // 2:
            live = self._stop - self._start
            if live > size // 2 or size < _PLENTY:
                self._move_to(bytearray(size * 2), live)
            else:
                self._view[:live] = self._view[self._start : self._stop]
                self._start, self._stop = 0, live
        return self._view[self._stop :]

    def buffer_updated(self, nbytes: int) -> None:
        """Wake the consumer only when what it waits for has come."""
        self._stop += nbytes
        self._active = self._loop.time()
        if self._waiter is None:
            if self.unread >= _PLENTY and self.transport is not None:
                self.transport.pause_reading()
                self._paused = True
        elif self._search() >= 0 or self.unread > self._bound:
            self._wake()

    def eof_received(self) -> None:
        """The server is done; the transport closes itself."""
        self._fail(ConnectionResetError("closed by the server"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the connection, expected or not."""
        lost = exc if isinstance(exc, OSError) else ConnectionResetError("connection closed")
        self._fail(lost)

    # What a protocol client calls

    @property
    def unread(self) -> int:
        """Bytes that arrived and were not consumed."""
        return self._stop - self._start

    @property
    def open(self) -> bool:
        """False once the connection failed or was closed by either side."""
        return self._error is None

    def write(self, data: bytes) -> None:
        """Send; the transport keeps what the socket does not take at once."""
        if self._error is not None:
            raise self._error
        assert self.transport is not None
        self.transport.write(data)

    async def line(self) -> bytes:
        """The next line without its end (CRLF, or a bare LF)."""
        at = await self._find(b"\n", _LINE_LIMIT)
        if at < 0:
            raise TooLong("line")
        line = bytes(self._view[self._start : at])
        self._start = at + 1
        return line[:-1] if line.endswith(b"\r") else line

    async def block(self, limit: int, discard: int = 0) -> bytes | None:
        """The lines up to one with a lone dot, un-dot-stuffed, with their CRLFs (RFC 1939 §3).

        More than ``limit`` bytes are thrown away as they come and give ``None``; after
        ``discard`` more without an end, :class:`TooLong`.
        """
        self._dots, self._stuffed = 0, False
        if await self._starts_with_end():
            return b""
        at = await self._find(_END, limit)
        if at < 0:
            await self._discard_block(limit + discard)
            return None
        data = bytes(self._view[self._start : at + 2])
        self._consume_to(at + len(_END))
        if self._stuffed:
            data = data.replace(_STUFFED, b"\r\n.")
        return data[1:] if data.startswith(b"..") else data

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self.transport is not None:
            # Debian 12's Python: over TLS, what was closed before has nothing left to cut.
            with suppress(AttributeError):
                self.transport.abort()
        self._fail(ConnectionResetError("connection closed"))

    # The search

    async def _starts_with_end(self) -> bool:
        while self.unread < 3:
            have = bytes(self._view[self._start : self._stop])
            if not b".\r\n".startswith(have):
                return False
            self._mark, self._searched = _END, 0
            await self._more(2)
        if not self._buffer.startswith(b".\r\n", self._start):
            return False
        self._start += 3
        return True

    async def _find(self, mark: bytes, limit: int) -> int:
        """Where the mark is in the buffer, or -1 when more than ``limit`` bytes lack it."""
        self._mark, self._searched = mark, 0
        while (at := self._search()) < 0:
            if self.unread > limit + len(mark):
                return -1
            await self._more(limit + len(mark))
        return -1 if at - self._start > limit else at

    def _search(self) -> int:
        if self._mark is _END and self._dots < _FEW_DOTS:
            return self._search_dots()
        self._stuffed = True
        at = self._buffer.find(self._mark, self._start + self._searched, self._stop)
        self._searched = (
            max(self._searched, self.unread - len(self._mark) + 1) if at < 0 else at - self._start
        )
        return at

    def _search_dots(self) -> int:
        """Find the end mark by its dot, and see on the way whether any dot was stuffed.

        Base64 has no dots: this takes a seventh of two searches for sequences. A text full of
        dots is searched for the mark instead, and supposed to be stuffed.
        """
        at = self._start + self._searched + 2
        while (at := self._buffer.find(b".", at, self._stop - 2)) >= 0:
            around = self._buffer[at - 2 : at + 3]
            self._searched = at - 2 - self._start
            if around == _END:
                return at - 2
            self._stuffed = self._stuffed or around.startswith(_STUFFED)
            self._dots += 1
            if self._dots >= _FEW_DOTS:
                return self._search()
            at += 1
        self._searched = max(self._searched, self.unread - len(_END) + 1)
        return -1

    async def _discard_block(self, bound: int) -> None:
        thrown = 0
        while (at := self._search()) < 0:
            keep = min(self.unread, len(_END) - 1)
            thrown += self.unread - keep
            if thrown > bound:
                raise TooLong("block")
            self._start = self._stop - keep
            self._searched = 0
            await self._more(_CHUNK)
        self._consume_to(at + len(_END))

    def _consume_to(self, position: int) -> None:
        self._start = position
        if len(self._buffer) > 2 * _PLENTY and self.unread < _CHUNK:
            self._move_to(bytearray(_PLENTY), self.unread)

    def _move_to(self, buffer: bytearray, live: int) -> None:
        buffer[:live] = self._view[self._start : self._stop]
        self._buffer, self._view = buffer, memoryview(buffer)
        self._start, self._stop = 0, live

    # Waiting

    async def _more(self, bound: int) -> None:
        """Wait for the mark that is searched for, or for more than ``bound`` unread bytes."""
        if self._error is not None:
            raise self._error
        if self._loop.time() >= self.deadline:
            raise TimeoutError
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        self._bound = bound
        self._waiter = self._loop.create_future()
        self._active = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_at(self._due(), self._on_timer)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _due(self) -> float:
        return min(self.deadline, self._active + self._idle)

    def _on_timer(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() >= self._due():
            self._waiter.set_exception(TimeoutError())
        else:
            self._timer = self._loop.call_at(self._due(), self._on_timer)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: OSError) -> None:
        self._error = self._error or error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._error)
