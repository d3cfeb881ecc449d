"""A relay in front of a POP server that tells a test what passes, before it passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

Watch = Callable[[bytes], Awaitable[bool]]


async def _pass(_data: bytes) -> bool:
    return True


class Proxy:
    """Relays 127.0.0.1:``port`` to a server; ``on_command`` and ``on_reply`` see each piece first.

    A watcher that answers False has the piece dropped and both sides closed.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self.on_command: Watch = _pass
        self.on_reply: Watch = _pass
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_raised: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            sink.close()
            return
        relays = {
            asyncio.create_task(_relay(source, forth, lambda data: self.on_command(data))),
            asyncio.create_task(_relay(back, sink, lambda data: self.on_reply(data))),
        }
        await asyncio.wait(relays, return_when=asyncio.FIRST_COMPLETED)
        for task in relays:
            task.cancel()
        forth.close()
        sink.close()


async def _relay(source: asyncio.StreamReader, sink: asyncio.StreamWriter, watch: Watch) -> None:
    try:
        while (data := await source.read(16384)) and await watch(data):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        return
