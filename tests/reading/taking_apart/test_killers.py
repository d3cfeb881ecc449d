"""Every mail killer of the book in one reading of a real Dovecot, among good messages (R41)."""

from __future__ import annotations

import asyncio
import gzip
import random
from pathlib import Path

import pytest

from services.reading.taking_apart.extractor import Extractor
from services.reading.tick import Reader
from services.store.mail import InboundState
from tests.documents import packages
from tests.documents.shapes import part, zipped
from tests.reading.conftest import Inbox, keys_of, letter

_FIFTY = 50
_SECONDS = 40.0
_LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]><NFe>&b;</NFe>'
_SPACES = b"<a>" + b" " * 100_000_000
_XML = 'Content-Type: application/xml; name="nota.xml"'

# What no fault of ours does: a child that burns, eats or dies over a message, as over a library's.
_FRAGILE = """
import os
from services.reading.taking_apart import child
real = child.extract
def fragile(raw, caps):
    if b"Subject: abort" in raw[:2000]:
        os.abort()
    if b"Subject: burn" in raw[:2000]:
        while True:
            pass
    if b"Subject: eat" in raw[:2000]:
        return bytearray(2 << 30)
    return real(raw, caps)
child.extract = fragile
child.main()
"""


def _nested_zips(levels: int) -> bytes:
    data = zipped({"a.xml": _SPACES})
    for _ in range(levels):
        data = zipped({"a.zip": data})
    return data


def _locked() -> bytes:
    data = bytearray(zipped({"a.xml": b"<a/>"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _multiparts() -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(200)
    )


KILLERS = {
    "messages in messages": (b"Content-Type: message/rfc822\r\n\r\n" * 1_000, "too_deep"),
    "parts in parts": (_multiparts(), "too_deep"),
    "100,000 parts": (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
        "too_many_parts",
    ),
    "20,000 encoded words": (
        b"Subject: " + b"=?utf-8?q?a?=\r\n " * 20_000 + b"\r\n\r\nhi",
        "header_too_large",
    ),
    "entities": (part(_LAUGHS, _XML), "doctype"),
    "entities in UTF-16": (part(_LAUGHS.decode().encode("utf-16"), _XML), "doctype"),
    "a file from outside": (
        part(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><NFe>&a;</NFe>', _XML),
        "doctype",
    ),
    "a deep XML": (part(b"<a>" * 100_000, _XML), "too_deep"),
    "a large XML": (
        part(zipped({"a.xml": b"<a>" + random.Random(1).randbytes(6_000_000)})),
        "too_large",
    ),
    "a bomb": (part(zipped({"a.xml": _SPACES})), "zip_bomb"),
    "a bomb in zips": (part(_nested_zips(2)), "zip_bomb"),
    "zips in zips": (part(_nested_zips(4)), "too_deep"),
    "a bomb in gzip": (part(gzip.compress(_SPACES)), "zip_bomb"),
    "a bomb in a package": (part(packages.distribution([_SPACES])), "zip_bomb"),
    "2,001 files": (part(zipped({f"{i}.xml": b"<a/>" for i in range(2_001)})), "zip_entries"),
    "a locked zip": (part(_locked()), "zip_encrypted"),
    "paths out of the store": (
        part(zipped({"../../../tmp/x.xml": b"<NFe", "/etc/" + "x" * 4_000 + ".xml": b"<NFe"})),
        "malformed",
    ),
    "CPU without end": (b"Subject: burn\r\n\r\nx", "poison"),
    "memory without end": (b"Subject: eat\r\n\r\nx", "too_large"),
    "death of the child": (b"Subject: abort\r\n\r\nx", "poison"),
}
"""What is delivered, and the reason that it must be held for."""


def _harmless() -> list[bytes]:
    """Killers of other programs, with a document that must arrive: numbers 1 to 4."""
    return [
        letter(1).replace(b"To: nfe@empresa.example", b"To: " + b"(" * 4_096),
        letter(2).replace(b"\r\n\r\nSegue", b"\r\n\r\n" + b"x" * 1_000_000 + b"Segue"),
        letter(3, subject="Re: [/] [@click=app.quit] \x1b]52;c;eA==\x07"),
        letter(4).replace(b'filename="nfe-0.xml"', b'filename="../../../../etc/passwd"'),
    ]


@pytest.fixture
def fragile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading's child is one that some messages undo; it has three seconds for a message."""
    (tmp_path / "fragile_child.py").write_text(_FRAGILE)
    monkeypatch.setattr("services.reading.taking_apart.extractor._CHILD", "fragile_child")
    monkeypatch.setattr(
        "services.reading.taking_apart.extractor._environment",
        lambda: {"PYTHONPATH": f"{Path(__file__).parents[3]}:{tmp_path}"},
    )
    monkeypatch.setattr(
        "services.reading.tick.Extractor", lambda **more: Extractor(deadline=3.0, **more)
    )


@pytest.mark.usefixtures("fragile")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_all_killers_among_good_messages(reader: Reader, inbox: Inbox) -> None:
    """R41: in one run each killer is held with its reason and all others are imported."""
    good = _harmless() + [letter(n) for n in range(5, _FIFTY - len(KILLERS) + 1)]
    bad = [raw for raw, _reason in KILLERS.values()]
    raws = [*good, *bad]
    random.Random(7).shuffle(raws)
    assert len(raws) == _FIFTY
    inbox.deliver(*raws)
    async with asyncio.timeout(_SECONDS):
        summary = await reader.run_due()
    assert summary.failures == []
    assert inbox.keys() == keys_of(range(1, len(good) + 1))
    assert inbox.left == []
    receipts = inbox.receipts()
    assert len(receipts) == _FIFTY
    states = [row.state for row in receipts]
    assert states.count(InboundState.IMPORTED) == len(good)
    assert [row.subject for row in receipts if row.reason == "zip_bomb"] == ["x"] * 4
    reasons = sorted(row.reason or "" for row in receipts if row.state != InboundState.IMPORTED)
    assert reasons == sorted(reason for _raw, reason in KILLERS.values())
