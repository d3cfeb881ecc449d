"""The ways in which a document travels in a message, and the encodings that it is written in."""

from __future__ import annotations

import binascii
import gzip
import html
import io
import json
import quopri
import re
import struct
import tarfile
import zipfile
from base64 import b64encode, encodebytes
from collections.abc import Callable

from tests.documents import packages
from tests.documents.generator import mail

Shape = Callable[[bytes], bytes]
Encoding = Callable[[bytes], bytes]


def part(content: bytes, head: str = "Content-Type: application/octet-stream") -> bytes:
    """A message with one part of the given head, Base64 unless the head says how."""
    if "transfer" not in head.lower():
        head += "\r\nContent-Transfer-Encoding: base64"
        content = encodebytes(content)
    return (
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + head.encode()
        + b"\r\n\r\n"
        + content
        + b"\r\n--b--\r\n"
    )


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of the files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return packed.getvalue()


def tnef(files: dict[str, bytes]) -> bytes:
    """A winmail.dat with the files."""

    def attribute(what: int, data: bytes) -> bytes:
        return struct.pack("<BII", 2, what, len(data)) + data + struct.pack("<H", sum(data) % 65536)

    body = struct.pack("<BII", 1, 0x00089006, 4) + struct.pack("<IH", 65536, 1)
    for name, content in files.items():
        body += attribute(0x00069002, b"\1\0" + b"\0" * 12)
        body += attribute(0x00018010, name.encode("cp1252") + b"\0")
        body += attribute(0x0006800F, content)
    return b"\x78\x9f\x3e\x22\x01\x00" + body


def _forwarded_whole(xml: bytes) -> bytes:
    head = 'Content-Type: message/rfc822; name="nota"\r\nContent-Disposition: attachment'
    return part(mail([xml], pdf_bytes=0), f"{head}\r\nContent-Transfer-Encoding: 8bit")


def _quoted(xml: bytes) -> bytes:
    head = "Content-Type: text/xml; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return part(quopri.encodestring(xml), head)


def _page(xml: bytes) -> bytes:
    text = html.escape(xml.decode()).replace("&lt;det", "<br>\r\n&lt;det")
    page = f"<html><body><p>Segue:</p><div>{text}</div></body></html>"
    return part(page.encode(), "Content-Type: text/html; charset=utf-8")


def _uuencoded(xml: bytes) -> bytes:
    lines = [binascii.b2a_uu(xml[at : at + 45]) for at in range(0, len(xml), 45)]
    return b"begin 644 nota.xml\n" + b"".join(lines) + b"`\nend\n"


def _tarred(xml: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as target:
        entry = tarfile.TarInfo("nota.xml")
        entry.size = len(xml)
        target.addfile(entry, io.BytesIO(xml))
    return packed.getvalue()


SHAPES: dict[str, Shape] = {
    "attached": lambda xml: mail([xml], pdf_bytes=300),
    "zip": lambda xml: mail([xml], pdf_bytes=0, as_zip=True),
    "forwarded": lambda xml: mail([xml], pdf_bytes=0, forwarded=True),
    "forwarded-zip": lambda xml: mail([xml], pdf_bytes=0, forwarded=True, as_zip=True),
    "rfc822-attached": _forwarded_whole,
    "rfc822-base64": lambda xml: part(mail([xml], pdf_bytes=0), "Content-Type: message/rfc822"),
    "eml": lambda xml: part(mail([xml], pdf_bytes=0), 'Content-Type: a/b; name="nota.eml"'),
    "eml-without-a-name": lambda xml: part(mail([xml], pdf_bytes=0)),
    "wrong-type-and-name": lambda xml: part(xml, 'Content-Type: image/jpeg; name="foto.jpg"'),
    "said-to-be-a-page": lambda xml: part(xml, "Content-Type: text/html"),
    "no-type": lambda xml: part(xml, "X-Nothing: 1"),
    "8-bit": lambda xml: part(xml, "Content-Type: a/b\r\nContent-Transfer-Encoding: 8bit"),
    "quoted-printable": _quoted,
    "inline": lambda xml: b"Subject: x\r\nContent-Type: text/xml\r\n\r\n" + xml,
    "pasted": lambda xml: b"Subject: x\r\n\r\nSegue a nota:\r\n\r\n" + xml + b"\r\n\r\nAtt.\r\n",
    "pasted-into-a-page": _page,
    "base64-not-said": lambda xml: b"Subject: x\r\n\r\n" + encodebytes(xml),
    "base64-said-wrongly": lambda xml: part(
        encodebytes(xml), "Content-Type: a/b\r\nContent-Transfer-Encoding: base-64"
    ),
    "base64-damaged": lambda xml: part(
        b64encode(xml)[:400] + b"*!\r\n" + b64encode(xml)[400:],
        "Content-Transfer-Encoding: base64",
    ),
    "no-boundary-said": lambda xml: (
        b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\n--b\r\n\r\n" + xml + b"\r\n--b--\r\n"
    ),
    "cut-before-the-end": lambda xml: mail([xml], pdf_bytes=0).rsplit(b"\r\n--", 1)[0],
    "bare-line-feeds": lambda xml: mail([xml], pdf_bytes=0).replace(b"\r\n", b"\n"),
    "gzip": lambda xml: part(gzip.compress(xml)),
    "zip-in-zip-in-zip": lambda xml: part(zipped({"a": zipped({"b": zipped({"c": xml})})})),
    "gzip-in-zip": lambda xml: part(zipped({"a.bin": gzip.compress(xml), "b.pdf": b"%PDF"})),
    "eml-in-zip": lambda xml: part(zipped({"a.eml": mail([xml], pdf_bytes=0)})),
    "uuencoded": lambda xml: b"Subject: x\r\n\r\nSegue:\r\n\r\n" + _uuencoded(xml),
    "uuencoded-part": lambda xml: part(
        _uuencoded(xml), "Content-Type: text/xml\r\nContent-Transfer-Encoding: x-uuencode"
    ),
    "another-boundary": lambda xml: mail([xml]).replace(b"boundary=", b"boundary=x", 1),
    "two-types": lambda xml: b"Content-Type: text/plain\r\n" + mail([xml]),
    "header-cut-short": lambda xml: mail([xml]).replace(b"\r\nTo:", b"\r\nlixo\r\nTo:", 1),
    "said-to-be-base64": lambda xml: part(xml, "Content-Transfer-Encoding: base64"),
    "said-to-be-8-bit": lambda xml: part(
        encodebytes(xml), "Content-Type: a/b\r\nContent-Transfer-Encoding: 8bit"
    ),
    "carriage-returns": lambda xml: mail([xml]).replace(b"\r\n", b"\r"),
    "mbox": lambda xml: b"From a@b Thu Nov  3 12:00:00 2026\r\n" + mail([xml]),
    "tar": lambda xml: part(_tarred(xml)),
    "tnef": lambda xml: part(tnef({"leia.txt": b"oi", "nota.xml": xml}), "Content-Type: a/b"),
    "distributed": lambda xml: part(packages.distribution([xml])),
    "json": lambda xml: part(packages.json_answer(xml), 'Content-Type: a/b; name="nfse.json"'),
    "json-lot": lambda xml: part(packages.json_lot([xml]), "Content-Type: application/json"),
    "json-pasted": lambda xml: (
        b"Subject: x\r\n\r\nSegue:\r\n\r\n" + packages.json_answer(xml) + b"\r\n\r\nAtt.\r\n"
    ),
    "json-in-zip": lambda xml: part(zipped({"a.json": packages.json_lot([xml])})),
    "json-escaped": lambda xml: part(json.dumps({"xml": xml.decode()}).encode()),
    "zip-that-unpacks-itself": lambda xml: part(
        b"MZ" + b"\0" * 3_000 + zipped({"n.xml": xml}), 'Content-Type: a/b; name="notas.exe"'
    ),
    "zip-behind-a-line": lambda xml: part(b"\r\n" + zipped({"n.xml": xml}), "Content-Type: a/b"),
    "soap": lambda xml: part(packages.soap(xml, how="text")),
    "soap-cdata": lambda xml: part(packages.soap(xml, how="cdata", version="1.1")),
}
"""Every way, by name."""

TEXT_ONLY = frozenset(
    {"quoted-printable", "pasted-into-a-page", "soap", "soap-cdata", "json-escaped"}
)
"""Ways that only a document in UTF-8 can go."""

NARROW = frozenset({"pasted", "no-boundary-said", "8-bit", "inline", "said-to-be-base64", "tar"})
"""Ways that a document of two bytes a character cannot go."""


def _said(xml: bytes, encoding: str) -> str:
    body = re.sub(r"^<\?xml[^>]*\?>\s*", "", xml.decode())
    return f'<?xml version="1.0" encoding="{encoding}"?>{body}'


ENCODINGS: dict[str, Encoding] = {
    "utf-8": lambda xml: xml,
    "utf-8-bom": lambda xml: b"\xef\xbb\xbf" + xml,
    "latin-1": lambda xml: _said(xml, "ISO-8859-1").encode("latin-1"),
    "windows-1252": lambda xml: _said(xml, "windows-1252").encode("cp1252"),
    "latin-1-said-to-be-utf-8": lambda xml: _said(xml, "UTF-8").encode("latin-1"),
    "utf-8-said-to-be-latin-1": lambda xml: _said(xml, "ISO-8859-1").encode(),
    "utf-8-said-to-be-utf-16": lambda xml: _said(xml, "utf-16").encode(),
    "utf-16-bom": lambda xml: _said(xml, "utf-16").encode("utf-16"),
    "utf-16-bare": lambda xml: _said(xml, "utf-16").encode("utf-16-le"),
}
"""Every way to write it, by name."""
