"""What both mail servers do alike: serve a connection line by line, understand a login."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import Awaitable, Callable

LONGEST = 1 << 25
Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A server on a free port of 127.0.0.1, over TLS, whose connections end with it."""

    def __init__(self, converse: Converse) -> None:
        self._converse = converse
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, tls: ssl.SSLContext) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=tls, limit=LONGEST
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for writer in self._open.values():
            writer.transport.abort()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            await self._converse(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            return  # whoever speaks so is no mail program, has left, or is cut by stop()
        finally:
            del self._open[task]
            writer.transport.abort() if writer.is_closing() else writer.close()


async def line_of(reader: asyncio.StreamReader) -> str:
    """The next line, without its end; raises ``EOFError`` at the end of the connection."""
    raw = await reader.readline()
    if not raw.endswith(b"\n"):
        raise EOFError
    return raw.decode("latin-1").rstrip("\r\n")


def plain(blob: str) -> tuple[str, str]:
    """Name and password of AUTH PLAIN (RFC 4616)."""
    _identity, name, password = b64decode(blob).decode().split("\0")
    return name, password


def xoauth2(blob: str) -> tuple[str, str]:
    """Name and access token of AUTH XOAUTH2."""
    told = dict(part.split("=", 1) for part in b64decode(blob).decode().split("\1") if "=" in part)
    return told["user"], told["auth"].removeprefix("Bearer ")
