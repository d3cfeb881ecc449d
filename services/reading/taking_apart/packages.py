"""XML that carries documents: distribution packages, SOAP envelopes, lots, lists (R37)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from copy import deepcopy

import lxml.etree as etree

from services.fiscal.facts import Facts
from services.fiscal.kinds import municipal
from services.fiscal.marks import begins_in_base64, marked
from services.fiscal.recognise import READERS
from services.fiscal.xml import UnsafeXml, parse, wide_encoding

_PACKED = b"H4sI"
# How many elements are looked at to find out whether others are municipal documents.
_PATIENCE = 200_000


def may_carry(data: bytes) -> bool:
    """True when it is worth looking for documents in some XML that is none itself."""
    return marked(data) or _PACKED in data or wide_encoding(data) is not None


def documents(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of what the XML in ``data`` carries, in its order.

    Documents among the elements are taken out with the namespaces that they use, so that their
    signatures hold; those written as text, escaped, in Base64 or packed as well, come as they are.
    """
    try:
        root = parse(data)
    except UnsafeXml:
        return
    pending = [root]
    number = 0
    patience = _PATIENCE
    while pending:
        element = pending.pop()
        if not isinstance(element.tag, str):
            continue
        if element is root:
            document = False
        elif municipal.is_document(element) and element.tag not in READERS:
            patience -= municipal.size(element) if patience > 0 else 0
            document = patience > 0 and isinstance(municipal.read(element), Facts)
        else:
            document = element.tag in READERS
        if document:
            inner: bytes | None = _alone(element)
        elif len(element):
            pending += reversed(element)
            continue
        else:
            inner = written(element.text or "")
        if inner:
            number += 1
            yield f"{element.get('NSU', '')[:15] or number}.xml", inner


def _alone(element: etree._Element) -> bytes:
    alone = deepcopy(element)
    alone.tail = None
    return bytes(etree.tostring(alone, encoding="utf-8"))


def written(text: str) -> bytes | None:
    """What a text holds when it is a document itself; None for any other text."""
    data = text.strip().encode("utf-8", "replace")
    if data[:1] == b"<":
        return data if marked(data) else None
    if begins_in_base64(data):
        try:
            return b64decode(data + b"===")
        except binascii.Error:
            return None
    return None
