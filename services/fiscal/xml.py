"""The one door for XML that strangers wrote."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import lxml.etree as etree

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 64

RefusalReason = Literal["malformed", "doctype", "too_large", "too_deep", "encoding"]

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM = b"\xef\xbb\xbf"
# Where a document type may stand: before the first element.
_PROLOG = re.compile(rb"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:\-]{1,40})["']""")
_ENCODINGS = frozenset(
    {b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso8859-1", b"latin1"}
    | {b"iso-8859-15", b"windows-1252", b"cp1252"}
)
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


class UnsafeXml(Exception):
    """XML that is not taken in; ``reason`` is a code, the text the parser's own words."""

    def __init__(self, reason: RefusalReason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason: RefusalReason = reason
        self.detail = detail


def parse(data: bytes) -> etree._Element:
    """The root element of ``data``.

    No entity is expanded, nothing is loaded, any DOCTYPE is refused, at most ``MAX_BYTES`` bytes
    and ``MAX_DEPTH`` levels. UTF-8 and UTF-16 (by byte order mark) and the Latin encodings are
    read. Raises :class:`UnsafeXml` and nothing else.
    """
    if len(data) > MAX_BYTES:
        raise UnsafeXml("too_large", f"{len(data)} bytes")
    parser = _parser(None)
    if data[:2] in _UTF16:
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError as error:
            raise UnsafeXml("encoding", str(error)) from error
        parser = _parser("utf-8")
    data = data.removeprefix(_UTF8_BOM).lstrip()
    _refuse_prolog(data, declared=parser is _parser(None))
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, MemoryError) as error:
        reason: RefusalReason = "too_deep" if "xcessive depth" in str(error) else "malformed"
        raise UnsafeXml(reason, str(error)[:200]) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeXml("doctype")
    if _TOO_DEEP(root):
        raise UnsafeXml("too_deep")
    return root


def _refuse_prolog(data: bytes, *, declared: bool) -> None:
    prolog = _PROLOG.match(data)
    start = prolog.end() if prolog else 0
    if data[start : start + 2] == b"<!":
        raise UnsafeXml("doctype")
    if b"\0" in data[:4]:
        raise UnsafeXml("encoding")
    encoding = _DECLARED.match(data) if declared else None
    if encoding and encoding[1].lower() not in _ENCODINGS:
        raise UnsafeXml("encoding", encoding[1].decode())


@cache
def _parser(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        encoding=encoding,
    )
