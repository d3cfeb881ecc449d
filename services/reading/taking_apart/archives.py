"""Zip and gzip from strangers: opened in memory, entry by entry, within a budget."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from services.fiscal.xml import MAX_BYTES
from services.reading.taking_apart.problems import Caps, TooMuch

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
GZIP = b"\x1f\x8b"
# Kinds that are not opened: rar, 7z.
CLOSED = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
OUTLOOK = b"\xd0\xcf\x11\xe0"
_DIRECTORY_ENTRY = b"PK\x01\x02"
_END = b"PK\x05\x06"
# The end of a zip has 22 bytes and may have a comment of 64 KB.
_TAIL = 22 + 65_535
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OFFICE = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".jar")
# Below this no ratio matters.
_MODEST = 1_000_000
_UNINTERESTING = (".pdf", ".jpg", ".jpeg", ".png", ".gif", ".html", ".txt")
_WANTED = (".xml", ".eml", ".zip", ".exe")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
)


class Unreadable(Exception):
    """An archive or an entry that cannot be opened; ``reason`` is a code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason


def says_zip(name: str, declared: str) -> bool:
    """True when name or declared type promise a zip."""
    return name[-4:].lower() == ".zip" or declared in (
        "application/zip",
        "application/x-zip-compressed",
    )


def ends_as_zip(data: bytes) -> bool:
    """True for a zip with something before it: a program that unpacks it, a line of text."""
    return data.rfind(_END, -_TAIL) > 0 and _DIRECTORY_ENTRY in data


def is_office(name: str) -> bool:
    """True for names of office files, which are zips too."""
    return name.lower().endswith(_OFFICE)


def gunzip(data: bytes, allowance: int) -> bytes:
    """The content of a gzip; :class:`Unreadable` when broken, :class:`TooMuch` past the budget."""
    limit = min(allowance, MAX_BYTES) + 1
    opened = zlib.decompressobj(31)
    try:
        inner = opened.decompress(data, limit)
    except zlib.error as error:
        raise Unreadable("gzip_broken", str(error)) from error
    if len(inner) >= limit:
        raise TooMuch("zip_bomb")
    if not opened.eof:
        raise Unreadable("gzip_broken", "truncated")
    return inner


def entries(data: bytes, caps: Caps, allowance: Callable[[], int]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every entry that may be XML, a message or an archive.

    What an entry may be is seen from its first bytes; the rest of others is never expanded. An
    entry that cannot be read does not stop the following ones: it raises at the end.
    """
    if data.count(_DIRECTORY_ENTRY) > caps.entries:
        raise Unreadable("zip_entries")
    trouble: Unreadable | None = None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            for info in infos:
                try:
                    content = _read(archive, info, caps, allowance())
                except Unreadable as error:
                    trouble = trouble or error
                    continue
                if content is not None:
                    yield info.filename, content
    except _BROKEN as error:
        raise Unreadable("zip_broken", str(error)[:200]) from error
    if trouble is not None:
        raise trouble


def _read(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, caps: Caps, allowance: int
) -> bytes | None:
    if info.is_dir() or info.filename.lower().endswith(_UNINTERESTING):
        return None
    if info.flag_bits & 0x1:
        raise Unreadable("zip_encrypted", info.filename[:200])
    if info.compress_type not in _METHODS:
        raise Unreadable("zip_unsupported", info.filename[:200])
    try:
        with archive.open(info) as file:
            start = file.read(64)
            nested = start[:4] in ZIP or start[:2] == GZIP or start.startswith(CLOSED)
            bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
            if not nested and bare[:1] != b"<" and start[:2] not in (b"\xff\xfe", b"\xfe\xff"):
                wanted = info.filename.lower().endswith(_WANTED)
                if not wanted and bare[:1] not in (b"{", b"["):
                    return None
            limit = allowance if nested else min(allowance, MAX_BYTES)
            content = start + file.read(max(0, limit + 1 - len(start)))
    except _BROKEN as error:
        raise Unreadable("zip_broken", f"{info.filename[:100]}: {error}"[:200]) from error
    unpacked = max(len(content), info.file_size)
    if unpacked > _MODEST and unpacked > caps.ratio * max(1, info.compress_size):
        raise TooMuch("zip_bomb", part=info.filename[:200])
    if len(content) > allowance:
        raise TooMuch("zip_bomb", part=info.filename[:200])
    if len(content) > limit:
        raise Unreadable("too_large", info.filename[:200])
    return content
