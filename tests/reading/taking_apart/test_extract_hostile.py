"""Messages made to kill a reader: refused or read within a blink, never raised over."""

import gzip
import random
import time
import zipfile
import zlib

import pytest

from services.reading.taking_apart.extract import Caps, extract
from tests.documents.generator import Party, cnpj, mail, nfe
from tests.documents.shapes import part, zipped
from tests.reading.taking_apart.test_extract import reasons

XML = nfe(Party(cnpj(1)), cnpj(2), 1, signed="cached")
BLINK = 2.0


def bomb(levels: int) -> bytes:
    """A zip of a zip of … of 100 MB of spaces."""
    data = zipped({"a.xml": b"<a>" + b" " * 100_000_000})
    for _ in range(levels):
        data = zipped({"a.zip": data})
    return data


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"Subject: x\r\n\r\n", ["too_deep"]),
        (b"To: " + b"(" * 4_096 + b"\r\nSubject: x\r\n\r\nhi", []),
        (b"Subject: " + b"=?utf-8?q?a?=\r\n " * 20_000 + b"\r\n\r\nhi", ["header_too_large"]),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
            ["too_many_parts"],
        ),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 2_000,
            ["too_many_parts"],
        ),
        (
            b"".join(
                b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
                for i in range(200)
            ),
            ["too_deep"],
        ),
        (b"x" * (Caps().message_bytes + 1), ["too_large"]),
        (part(zipped({f"{i}.xml": b"<a/>" for i in range(2_001)})), ["zip_entries"]),
        (part(bomb(0)), ["zip_bomb"]),
        (part(bomb(2)), ["zip_bomb"]),
        (part(bomb(3)), ["too_deep"]),
        (part(zipped({"a.xml": random.Random(1).randbytes(6_000_000)})), ["too_large"]),
        (part(gzip.compress(b"<a>" + b" " * 100_000_000)), ["zip_bomb"]),
        (part(zipped({"../../etc/passwd.xml": XML[:99], "x" * 4_000: b"<a/>"})), ["malformed"]),
        (b"Content-Type: text/plain; " + b'";' * 60_000 + b"\r\n\r\nPD94bWwgportalfiscal", []),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_killers_are_refused_fast(raw: bytes, expected: list[str]) -> None:
    """The mail killers and bombs: within caps for bytes, parts, depth and time."""
    start = time.perf_counter()
    answer = extract(raw, Caps())
    assert time.perf_counter() - start < BLINK
    assert [reason for reason in reasons(answer) if reason != "unreadable"] in (
        expected,
        [*expected, "header_too_large"],
    )


def test_a_document_beside_hostile_headers_is_still_found() -> None:
    """R41: what costs nothing is no reason to refuse a document."""
    raw = mail([XML]).replace(b"To: nfe@empresa.example", b"To: " + b"(" * 4_096)
    assert len(extract(raw, Caps()).found) == 1


def test_random_damage_never_raises() -> None:
    """R41: whatever the bytes."""
    chance = random.Random(11)
    whole = [mail([XML], as_zip=packed, pdf_bytes=200) for packed in (False, True)]
    for _ in range(500):
        raw = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 20)):
            place = chance.randrange(len(raw))
            raw[place : place + chance.randrange(40)] = chance.randbytes(chance.randrange(10))
        extract(bytes(raw), Caps())


def test_damaged_archives_never_raise() -> None:
    chance = random.Random(12)
    good = zipped({"a.xml": XML, "b.xml": XML}, zipfile.ZIP_DEFLATED)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        extract(part(bytes(data)), Caps())
    assert zlib.crc32(good)
