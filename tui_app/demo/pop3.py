"""The POP3 server of the demonstration (RFC 1939, 2449), pipelining, with Microsoft's XOAUTH2."""

from __future__ import annotations

import asyncio

from tui_app.demo.post import Box, PostOffice
from tui_app.demo.talk import line_of, xoauth2

_CAPA = ("USER", "UIDL", "TOP", "PIPELINING", "RESP-CODES", "SASL XOAUTH2")


class Pop3:
    """Every account is read by it."""

    def __init__(self, post: PostOffice) -> None:
        self._post = post

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end; deletions count from QUIT on."""
        writer.write(b"+OK Carteiro demo\r\n")
        box = await self._log_in(reader, writer)
        if box is None:
            return
        letters = self._post.look(box)
        gone: set[int] = set()
        while True:
            verb, *told = (await line_of(reader)).upper().split(" ")
            place = int(told[0]) - 1 if told else -1
            left = [n for n in range(len(letters)) if n not in gone]
            match verb:
                case "CAPA":
                    _rows(writer, _CAPA)
                case "STAT":
                    size = sum(len(letters[n][1]) for n in left)
                    writer.write(b"+OK %d %d\r\n" % (len(left), size))
                case "LIST":
                    _rows(writer, [f"{n + 1} {len(letters[n][1])}" for n in left])
                case "UIDL":
                    _rows(writer, [f"{n + 1} {letters[n][0]}" for n in left])
                case "RETR" if place in left:
                    stuffed = letters[place][1].replace(b"\r\n.", b"\r\n..")
                    writer.write(b"+OK\r\n" + stuffed + b".\r\n")
                case "DELE" if place in left:
                    gone.add(place)
                    writer.write(b"+OK\r\n")
                case "RSET":
                    gone.clear()
                    writer.write(b"+OK\r\n")
                case "NOOP":
                    writer.write(b"+OK\r\n")
                case "QUIT":
                    self._post.drop(box, [letters[n][0] for n in gone])
                    writer.write(b"+OK\r\n")
                    await writer.drain()
                    return
                case _:
                    writer.write(b"-ERR no such command or message\r\n")
            await writer.drain()

    async def _log_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Box | None:
        name = ""
        while True:
            await writer.drain()
            line = await line_of(reader)
            verb, _space, rest = line.partition(" ")
            box: Box | None
            match verb.upper():
                case "CAPA":
                    _rows(writer, _CAPA)
                    continue
                case "USER":
                    name = rest
                    writer.write(b"+OK\r\n")
                    continue
                case "PASS":
                    box = self._post.admits(name, rest)
                case "AUTH":
                    writer.write(b"+ \r\n")
                    await writer.drain()
                    user, token = xoauth2(await line_of(reader))
                    box = self._post.admits(user, token, by_token=True)
                case "QUIT":
                    writer.write(b"+OK\r\n")
                    return None
                case _:
                    writer.write(b"-ERR log in first\r\n")
                    continue
            if box is not None:
                writer.write(b"+OK\r\n")
                return box
            writer.write(b"-ERR [AUTH] Username and password not accepted.\r\n")


def _rows(writer: asyncio.StreamWriter, rows: list[str] | tuple[str, ...]) -> None:
    told = "".join(f"{row}\r\n" for row in rows)
    writer.write(f"+OK\r\n{told}.\r\n".encode())
