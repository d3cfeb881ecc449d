"""A POP3 server that plays a part, and conversations of the client with it."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from services.failure import Failure, WireError
from services.wire import pop3
from services.wire.endpoint import Endpoint, Login
from services.wire.pop3 import NotRetrieved, Pop3Session, Retrieved, TooLarge

ANA = Login("ana", "hunter2")
Item = Retrieved | TooLarge | NotRetrieved
Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = bytes | Act | None


class ScriptedPop3:
    """A POP3 server that plays a part: an answer, or an act, for each command (or its verb).

    ``None`` as an answer cuts the connection. ``seen`` is what the client said.
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = {
            "greeting": b"+OK ready\r\n",
            "CAPA": b"+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n",
            "USER": b"+OK\r\n",
            "PASS": b"+OK\r\n",
            "STAT": b"+OK 2 240\r\n",
            "LIST": b"+OK\r\n1 120\r\n2 120\r\n.\r\n",
            "UIDL": b"+OK\r\n1 a\r\n2 b\r\n.\r\n",
            "DELE": b"+OK\r\n",
            "RSET": b"+OK\r\n",
            "QUIT": b"+OK\r\n",
            **answers,
        }
        self.seen: list[bytes] = []
        self.gone = asyncio.Event()

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer("greeting", reader, writer)
            while line := await reader.readline():
                command = line.rstrip(b"\r\n")
                self.seen.append(command)
                whole, verb = command.decode(), command.split(b" ")[0].decode()
                await self._answer(whole if whole in self.answers else verb, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.gone.set()
            writer.transport.abort()

    async def _answer(
        self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answer = self.answers.get(key, b"-ERR unknown command\r\n")
        if answer is None:
            raise ConnectionResetError
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(reader, writer)


@asynccontextmanager
async def listening(
    server: ScriptedPop3, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Endpoint]:
    listener = await asyncio.start_server(server.play, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield Endpoint("127.0.0.1", port, "none", timeout=5)
    finally:
        listener.close()


@asynccontextmanager
async def session_with(
    server: ScriptedPop3, *, wait: float = 5, deadline: float = 20
) -> AsyncIterator[Pop3Session]:
    async with listening(server) as endpoint:
        session = await pop3.connect(replace(endpoint, timeout=wait), deadline=deadline)
        try:
            yield session
        finally:
            session.abort()


async def items(session: Pop3Session, *numbers: int, max_bytes: int = 10_000_000) -> list[Item]:
    return [
        item async for item in session.retrieve(numbers, [100] * len(numbers), max_bytes=max_bytes)
    ]


async def failure_in(work: Awaitable[object]) -> Failure:
    with pytest.raises(WireError) as caught:
        await work
    return caught.value.failure


def pad(count: int) -> bytes:
    return base64.encodebytes(b"x" * count).replace(b"\n", b"\r\n")
