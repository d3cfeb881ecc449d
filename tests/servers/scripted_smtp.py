"""An SMTP server that answers what the test says, and remembers every byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Self

CUT = "CUT"
"""Instead of a reply: close the connection."""
SILENCE = "SILENCE"
"""Instead of a reply: none."""


class ScriptedSmtp:
    """Answers by verb: ``script`` maps a verb, or the whole line, to replies used in turn.

    The last reply of a list goes on for ever. ``greeting``, ``EHLO``, ``body`` (the reply to the
    final dot) are keys too; ``tls`` is used after STARTTLS, ``ehlo_tls`` is the EHLO reply then.
    ``taken`` holds the reply to the final dot back until it is set. ``heard`` is every command
    line, ``bodies`` every message as it came, dots and all.
    """

    def __init__(
        self,
        script: Mapping[str, str | list[str]] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        pipelining: bool = True,
        taken: asyncio.Event | None = None,
    ) -> None:
        offers = "250-scripted\r\n" + ("250-PIPELINING\r\n" if pipelining else "")
        self._script: dict[str, list[str]] = {
            "greeting": ["220 scripted ESMTP"],
            "EHLO": [offers + "250-SIZE 1000000\r\n250 AUTH PLAIN LOGIN XOAUTH2"],
            "MAIL": ["250 sender ok"],
            "RCPT": ["250 recipient ok"],
            "DATA": ["354 go ahead"],
            "body": ["250 taken"],
            "RSET": ["250 reset"],
            "AUTH": ["235 welcome"],
            "QUIT": ["221 bye"],
        }
        for key, value in (script or {}).items():
            self._script[key] = [value] if isinstance(value, str) else list(value)
        self._tls = tls
        self._implicit = implicit
        self._taken = taken
        self.host = "127.0.0.1"
        self.port = 0
        self.heard: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.most_at_once = 0
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, self.host, 0, ssl=self._tls if self._implicit else None, limit=1 << 25
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_raised: object) -> None:
        self._server.close()
        for writer in self._open.values():
            writer.transport.abort()
        if self._open:
            await asyncio.wait(self._open)

    def _answer(self, *keys: str) -> str:
        for key in keys:
            if key in self._script:
                answers = self._script[key]
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return "500 what?"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError, AttributeError):
            return
        finally:
            del self._open[task]
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
        if answer == CUT:
            return False
        if answer != SILENCE:
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()
        return not answer.startswith(("421", "221"))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say(writer, self._answer("greeting")):
            return
        while raw := await reader.readline():
            line = raw.decode("latin-1").removesuffix("\r\n")
            self.heard.append(line)
            answer = self._answer(line, line.partition(" ")[0])
            if not await self._say(writer, answer):
                return
            if line == "STARTTLS" and answer.startswith("220") and self._tls is not None:
                plain = writer.transport
                try:
                    await writer.start_tls(self._tls)
                finally:
                    if writer.transport is None:  # the client left during the handshake
                        writer._transport = plain
                if "ehlo_tls" in self._script:
                    self._script["EHLO"] = self._script["ehlo_tls"]
            elif line == "DATA" and answer.startswith("354"):
                first = await reader.readexactly(3)
                body = first
                if first != b".\r\n":
                    body += await reader.readuntil(b"\r\n.\r\n")
                self.bodies.append(body)
                if self._taken is not None:
                    await self._taken.wait()
                if not await self._say(writer, self._answer("body")):
                    return
