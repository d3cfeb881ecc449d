"""The one door for XML that strangers wrote."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import lxml.etree as etree

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 64

RefusalReason = Literal["malformed", "doctype", "too_large", "too_deep", "encoding"]

_WIDE = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
# The beginning that nearly every document has, and in which there is nothing to be looked into.
_USUAL = re.compile(rb"""<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?><[A-Za-z]""")
_UTF8_BOM = b"\xef\xbb\xbf"
# Where a document type may stand: before the first element.
_PROLOG = re.compile(rb"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:\-]{1,40})["']""")
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_LATIN = frozenset(
    {b"iso-8859-1", b"iso8859-1", b"latin1", b"iso-8859-15", b"windows-1252", b"cp1252"}
)
# Said by programs that made the text in memory and wrote it in another encoding.
_UTF16 = frozenset({b"utf-16", b"utf16", b"utf-16le", b"utf-16be", b"unicode"})
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")", regexp=False)


class UnsafeXml(Exception):
    """XML that is not taken in; ``reason`` is a code, the text the parser's own words."""

    def __init__(self, reason: RefusalReason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason: RefusalReason = reason
        self.detail = detail


def parse(data: bytes) -> etree._Element:
    """The root element of ``data``.

    No entity is expanded, nothing is loaded, any DOCTYPE is refused, at most ``MAX_BYTES`` bytes
    and ``MAX_DEPTH`` levels. UTF-8, UTF-16 and the Latin encodings are read, whatever the document
    says it is in. Raises :class:`UnsafeXml` and nothing else.
    """
    if len(data) > MAX_BYTES:
        raise UnsafeXml("too_large", f"{len(data)} bytes")
    encoding = None
    if not _USUAL.match(data):
        data, encoding = _looked_into(data)
    try:
        root = _root(data, encoding)
    except UnsafeXml as refusal:
        if encoding or refusal.reason != "malformed" or data.isascii():
            raise
        root = _root(data, "utf-8" if is_utf8(data) else "windows-1252")
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeXml("doctype")
    if _TOO_DEEP(root):
        raise UnsafeXml("too_deep")
    return root


def _looked_into(data: bytes) -> tuple[bytes, str | None]:
    """The bytes as the parser is to have them, and the encoding that it would not see itself."""
    wide = wide_encoding(data)
    if wide:
        try:
            data = data.decode(wide).encode()
        except UnicodeError as error:
            raise UnsafeXml("encoding", str(error)) from error
    while data.startswith(_UTF8_BOM):
        data = data.removeprefix(_UTF8_BOM)
    data = data.lstrip()
    _refuse_prolog(data)
    return data, "utf-8" if wide else _instead(data)


def wide_encoding(data: bytes) -> str | None:
    """The encoding of a text in UTF-16, seen from its first bytes; None for any other."""
    return _WIDE.get(data[:2])


def _root(data: bytes, encoding: str | None) -> etree._Element:
    try:
        return etree.fromstring(data, _parser(encoding))
    except (etree.XMLSyntaxError, ValueError, MemoryError) as error:
        reason: RefusalReason = "too_deep" if "xcessive depth" in str(error) else "malformed"
        raise UnsafeXml(reason, str(error)[:200]) from error


def _refuse_prolog(data: bytes) -> None:
    prolog = _PROLOG.match(data)
    start = prolog.end() if prolog else 0
    if data[start : start + 2] == b"<!":
        raise UnsafeXml("doctype")
    if b"\0" in data[:4]:
        raise UnsafeXml("encoding")


def _instead(data: bytes) -> str | None:
    """The encoding to read by where the declared one is surely not that of the bytes."""
    declared = _DECLARED.match(data)
    said = declared[1].lower() if declared else b"utf-8"
    if said in _UTF8:
        return None
    if said not in _LATIN | _UTF16:
        raise UnsafeXml("encoding", said.decode())
    if is_utf8(data):
        return "utf-8"
    return "windows-1252" if said in _UTF16 else None


def is_utf8(data: bytes) -> bool:
    """Can all of it be read as UTF-8?"""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


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
