"""JSON that carries documents: what the national NFS-e's interface answers, saved as a file (R37).

There an XML stands packed and in Base64 (``nfseXmlGZipB64``, ``ArquivoXml`` in each of a
``LoteDFe``); other interfaces write it as it is. Names differ, so every text is looked at.
"""

from __future__ import annotations

import json
import re
from typing import Any

from services.fiscal.marks import marked
from services.fiscal.xml import MAX_BYTES
from services.reading.taking_apart import packages

_PACKED = re.compile(rb'[:,\[]\s{0,100}"(?:H4sI|PD94bWwg|UEsDB)')


_BEGIN = re.compile(r"[{[]")
_DECODER = json.JSONDecoder()


class Broken(Exception):
    """It carries documents and cannot be read."""


def may_carry(data: bytes) -> bool:
    """True for JSON, also in the midst of a text, that is worth reading."""
    begins = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return _PACKED.search(data) is not None or (begins and marked(data))


def documents(data: bytes) -> list[tuple[str, bytes]]:
    """Name and bytes of what the texts in the first JSON of ``data`` hold, in their order.

    Raises :class:`Broken` for what is no JSON, or too large.
    """
    if len(data) > MAX_BYTES:
        raise Broken(f"{len(data)} bytes")
    try:
        text = data.decode("utf-8-sig")
        begin = _BEGIN.search(text)
        value, _end = _DECODER.raw_decode(text, begin.start() if begin else 0)
    except (ValueError, RecursionError) as error:
        raise Broken(str(error)[:200]) from error
    found: list[tuple[str, bytes]] = []
    pending: list[Any] = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += reversed(value.values())
        elif isinstance(value, list):
            pending += reversed(value)
        elif isinstance(value, str) and (inner := packages.written(value)):
            found.append((f"{len(found) + 1}.xml", inner))
    return found
