"""The attachments in a winmail.dat, Outlook's own wrapping (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

SIGNATURE = b"\x78\x9f\x3e\x22"
_HEAD = struct.Struct("<BII")
_START = len(SIGNATURE) + 2
_TITLE = 0x00018010
_DATA = 0x0006800F
_RENDERING = 0x00069002


class Broken(Exception):
    """It ends in the middle of something."""


def attachments(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of every attachment; :class:`Broken` where the rest cannot be read."""
    at = _START
    name, content = "", b""
    while at < len(data):
        if at + _HEAD.size > len(data):
            raise Broken("truncated")
        _level, attribute, size = _HEAD.unpack_from(data, at)
        begin = at + _HEAD.size
        at = begin + size + 2
        if at > len(data):
            raise Broken("truncated")
        if attribute == _RENDERING:
            if content:
                yield name, content
            name, content = "", b""
        elif attribute == _TITLE:
            name = data[begin : begin + size].rstrip(b"\0").decode("cp1252", "replace")
        elif attribute == _DATA:
            content = data[begin : begin + size]
    if content:
        yield name, content
