"""The last resort: files that stand in a message although nothing in its structure leads there.

A wrong boundary, a header that ends too early, uuencoded files in the text.
"""

from __future__ import annotations

import binascii
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress

from services.fiscal import marks

_RUN = re.compile(rb"[A-Za-z0-9+/=\r\n \t]+")
_UUENCODED = re.compile(rb"(?:^|\n)begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n")


def hinted(raw: bytes) -> bool:
    """True for a message that a document could be in, although none was found."""
    return marks.hinted(raw) or is_uuencoded(raw)


def is_uuencoded(data: bytes) -> bool:
    """True when a file in the old encoding of Unix stands in ``data``."""
    return b"begin " in data and _UUENCODED.search(data) is not None


def files(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of what looks like a file."""
    at = 0
    while start := marks.FORGOTTEN.search(raw, at):
        run = _RUN.match(raw, start.start())
        at = run.end() if run else start.end()
        if run:
            with suppress(binascii.Error):
                yield "", b64decode(run[0] + b"===")
    yield from uuencoded(raw)


def texts(raw: bytes) -> Iterator[bytes]:
    """The message as one text, and as what it would be if it were quoted-printable."""
    if marks.marked(raw):
        yield raw
        if b"=3D" in raw:
            yield quopri.decodestring(raw)


def uuencoded(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of every uuencoded file in ``data``, as far as it can be read."""
    at = 0
    while start := _UUENCODED.search(data, at):
        end = data.find(b"\nend", start.end())
        at = end if end >= 0 else len(data)
        content = bytearray()
        with suppress(binascii.Error):
            for line in data[start.end() : at].splitlines():
                content += binascii.a2b_uu(line)
        yield start[1].decode("utf-8", "replace").strip(), bytes(content)
