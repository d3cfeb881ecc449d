"""A POP3 server whose peculiarities a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self


class Maildrop:
    """One mailbox on 127.0.0.1:``port``, with PIPELINING.

    ``uidls`` gives the UIDL of each message (None: the server has no UIDL). ``consumes``: what was
    retrieved is gone after QUIT, as at Gmail. ``on_command`` hears of each command before it is
    answered and may raise :class:`ConnectionError` to cut the session. ``quits`` counts.
    """

    def __init__(self, *messages: bytes, consumes: bool = False) -> None:
        self.messages = list(messages)
        self.uidls: list[str] | None = [f"uidl-{n}" for n in range(len(messages))]
        self.consumes = consumes
        self.keeps = False
        self.on_command: Callable[[str], None] = lambda command: None
        self.retrieved = 0
        self.quits = 0
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
        gone: set[int] = set()
        fetched: set[int] = set()
        sink.write(b"+OK ready\r\n")
        try:
            while line := await source.readline():
                command = line.decode().strip()
                self.on_command(command)
                verb, _, word = command.partition(" ")
                if verb == "QUIT":
                    self.quits += 1
                    self._expunge(gone | (fetched if self.consumes else set()))
                    sink.write(b"+OK bye\r\n")
                    await sink.drain()
                    break
                sink.write(self._answer(verb, word, gone, fetched))
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()

    def _answer(self, verb: str, word: str, gone: set[int], fetched: set[int]) -> bytes:
        if verb == "CAPA":
            uidl = b"" if self.uidls is None else b"UIDL\r\n"
            return b"+OK\r\nUSER\r\nPIPELINING\r\n" + uidl + b".\r\n"
        if verb == "STAT":
            return f"+OK {len(self.messages)} {sum(map(len, self.messages))}\r\n".encode()
        if verb == "LIST":
            rows = (f"{n} {len(m)}\r\n" for n, m in enumerate(self.messages, 1))
            return b"+OK\r\n" + "".join(rows).encode() + b".\r\n"
        if verb == "UIDL":
            if self.uidls is None:
                return b"-ERR no UIDL here\r\n"
            rows = (f"{n} {u}\r\n" for n, u in enumerate(self.uidls, 1))
            return b"+OK\r\n" + "".join(rows).encode() + b".\r\n"
        if verb == "RETR":
            self.retrieved += 1
            fetched.add(int(word))
            body = self.messages[int(word) - 1].replace(b"\r\n.", b"\r\n..")
            return b"+OK\r\n" + body + b"\r\n.\r\n"
        if verb == "DELE":
            gone.add(int(word))
        return b"+OK\r\n"

    def _expunge(self, gone: set[int]) -> None:
        if self.keeps:
            return
        left = [n for n in range(1, len(self.messages) + 1) if n not in gone]
        if self.uidls is not None:
            self.uidls = [self.uidls[n - 1] for n in left]
        self.messages = [self.messages[n - 1] for n in left]
