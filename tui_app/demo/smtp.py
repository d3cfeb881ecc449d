"""The SMTP server of the demonstration (RFC 5321, 2920, 4954), with the habits of real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tui_app.demo.post import Box, PostOffice
from tui_app.demo.talk import line_of, plain, xoauth2

_OFFERS = "250-localhost\r\n250-PIPELINING\r\n250-SIZE 33554432\r\n250 AUTH PLAIN XOAUTH2"
_BYE = "221 2.0.0 Bye"
_REFUSED = "535 5.7.8 Username and Password not accepted."
_OVER = "550 5.4.5 Daily user sending limit exceeded. For more information on quota limits"
ACCEPTED = "250 2.0.0 OK"
UNKNOWN = "550 5.1.1 The email account that you tried to reach does not exist."


class Smtp:
    """Every account sends by it: some have a daily limit, some are slow."""

    def __init__(self, post: PostOffice) -> None:
        self._post = post

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        await _say(writer, "220 localhost ESMTP Carteiro demo")
        box = await self._log_in(reader, writer)
        recipients: list[str] = []
        while box is not None:
            verb, _space, rest = (await line_of(reader)).partition(" ")
            match verb.upper():
                case "EHLO":
                    await _say(writer, _OFFERS)
                case "MAIL":
                    recipients = []
                    await _say(writer, "250 2.1.0 OK" if self._post.may_send(box) else _OVER)
                case "RCPT" if not self._post.may_send(box):
                    await _say(writer, "503 5.5.1 MAIL first")
                case "RCPT":
                    address = rest.partition("<")[2].partition(">")[0]
                    known = self._post.knows(address)
                    recipients += [address] if known else []
                    await _say(writer, "250 2.1.5 OK" if known else UNKNOWN)
                case "DATA" if not recipients:
                    await _say(writer, "503 5.5.1 RCPT first")
                case "DATA":
                    await _say(writer, "354 Go ahead")
                    letter = await _letter(reader)
                    await asyncio.sleep(box.slow)
                    self._post.send(box, recipients, letter)
                    await _say(writer, ACCEPTED)
                case "RSET" | "NOOP":
                    await _say(writer, ACCEPTED)
                case "QUIT":
                    await _say(writer, _BYE)
                    return
                case _:
                    await _say(writer, "500 5.5.2 Unknown command")

    async def _log_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Box | None:
        """Who logged in; None who left instead."""
        while True:
            verb, _space, rest = (await line_of(reader)).partition(" ")
            match verb.upper():
                case "EHLO":
                    await _say(writer, _OFFERS)
                case "AUTH":
                    box = await self._admitted(reader, writer, rest)
                    await _say(writer, _REFUSED if box is None else "235 2.7.0 Accepted")
                    if box is not None:
                        return box
                case "QUIT":
                    await _say(writer, _BYE)
                    return None
                case _:
                    await _say(writer, "530 5.7.0 Authentication Required")

    async def _admitted(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: str
    ) -> Box | None:
        mechanism, _space, blob = rest.partition(" ")
        if not blob:
            await _say(writer, "334 ")
            blob = await line_of(reader)
        by_token = mechanism.upper() == "XOAUTH2"
        name, secret = xoauth2(blob) if by_token else plain(blob)
        return self._post.admits(name, secret, by_token=by_token)


async def _letter(reader: asyncio.StreamReader) -> bytes:
    """The message before the final dot, without its stuffing."""
    raw = await reader.readuntil(b"\r\n.\r\n")
    return b"\r\n".join(_unstuffed(raw[:-5])) + b"\r\n"


def _unstuffed(raw: bytes) -> Iterator[bytes]:
    for line in raw.split(b"\r\n"):
        yield line.removeprefix(b".") if line.startswith(b"..") else line


async def _say(writer: asyncio.StreamWriter, reply: str) -> None:
    writer.write(reply.encode() + b"\r\n")
    await writer.drain()
