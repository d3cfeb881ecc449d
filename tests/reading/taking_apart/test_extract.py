import gzip
import zipfile
from base64 import b64encode, encodebytes

import pytest

from services.reading.taking_apart.extract import Caps, Extracted, extract
from tests.documents.generator import Party, access_key, archive, cnpj, mail, nfe
from tests.documents.shapes import part, zipped

ISSUER = Party(cnpj(1), "FORNECEDOR")
XML = nfe(ISSUER, cnpj(2), 1, signed="cached")
OTHER = nfe(ISSUER, cnpj(2), 2, signed="cached")
KEYS = [access_key(ISSUER.cnpj, number) for number in (1, 2)]
BASE64 = "Content-Transfer-Encoding: base64"


def keys(answer: Extracted) -> list[str]:
    return [found.facts.access_key for found in answer.found]


def reasons(answer: Extracted) -> list[str]:
    return [problem.reason for problem in answer.problems]


def test_headers_and_documents_of_a_plain_message() -> None:
    """R37: the bytes found are the sender's own."""
    answer = extract(mail([XML, OTHER], subject="Nota nº 1"), Caps())
    assert [found.xml for found in answer.found] == [XML, OTHER]
    assert [found.part_name for found in answer.found] == ["nfe-0.xml", "nfe-1.xml"]
    assert keys(answer) == KEYS
    assert answer.problems == ()
    assert answer.subject == "Nota nº 1"
    assert answer.sender == "Fornecedor Exemplo <nfe@fornecedor.example>"
    assert answer.date.startswith("Tue, 03 Nov 2026")
    assert answer.message_id.endswith("@fornecedor.example>")


@pytest.mark.parametrize(
    "raw",
    [
        mail([XML], as_zip=True),
        mail([XML], forwarded=True),
        mail([XML], forwarded=True, as_zip=True),
        mail([XML]).replace(b"\r\n", b"\n"),
        mail([XML]).replace(b"application/xml", b"application/pdf").replace(b".xml", b".pdf"),
        part(XML),
        part(XML, "Content-Type: text/html"),
        part(b"\xef\xbb\xbf" + XML),
        part(XML.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")),
        part(gzip.compress(XML)),
        part(archive([archive([XML])])),
        part(zipped({"a.bin": gzip.compress(XML), "b.pdf": b"%PDF"}, zipfile.ZIP_STORED)),
        part(mail([XML]), 'Content-Type: application/octet-stream; name="nota.eml"'),
        part(XML, "Content-Type: application/xml\r\nContent-Disposition: inline"),
        part(XML, "Content-Type: text/xml\r\nContent-Transfer-Encoding: 8bit"),
        part(encodebytes(XML), "Content-Type: text/xml\r\nContent-Transfer-Encoding: base-64"),
        part(b64encode(XML)[:400] + b"*!\r\n" + b64encode(XML)[400:], BASE64),
        part(b64encode(XML + b"\n" * (len(XML) % 3)).rstrip(b"="), BASE64),
        b"Subject: x\r\n\r\nSegue a nota:\r\n\r\n" + XML + b"\r\n\r\nObrigado.\r\n",
        b"Subject: x\r\nContent-Type: text/xml\r\n\r\n" + XML,
        b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\n--b\r\n\r\n" + XML + b"\r\n--b--\r\n",
    ],
    ids=lambda raw: str(len(raw)),
)
def test_a_document_is_found_wherever_it_is(raw: bytes) -> None:
    """R37: by content, not by name or type; attached, packed, forwarded, inline, pasted."""
    answer = extract(raw, Caps())
    assert keys(answer) == KEYS[:1]
    assert answer.problems == ()


@pytest.mark.parametrize(
    "raw",
    [
        mail(),
        b"",
        b"\xff\xfe\0 not mail at all",
        part(b"<html><body><p>Oi</body></html>", "Content-Type: text/html"),
        part(b"<!DOCTYPE html><html><br></html>", 'Content-Type: text/html; name="a.html"'),
        part(zipped({"[Content_Types].xml": b"<Types/>"}), 'Content-Type: x/y; name="a.docx"'),
        part(b"<p>Veja <a href='http://www.portalfiscal.inf.br/nfe'>", "Content-Type: text/html"),
        part(b"Veja http://www.portalfiscal.inf.br/nfe", "Content-Type: text/plain"),
        part(zipped({"leia.txt": b"oi", "foto.jpg": b"\xff\xd8"})),
        part(b"<config/>", 'Content-Type: application/xml; name="config.xml"'),
    ],
)
def test_nothing_fiscal_is_nothing_found(raw: bytes) -> None:
    """R41: no document is no problem."""
    answer = extract(raw, Caps())
    assert (answer.found, answer.problems) == ((), ())


@pytest.mark.parametrize(
    ("content", "head", "reason"),
    [
        (XML[:2000], "Content-Type: text/xml", "malformed"),
        (XML[:2000], "Content-Type: text/plain", "malformed"),
        (b"oops", 'Content-Type: text/xml; name="nota.xml"', "malformed"),
        (b"<!DOCTYPE l [<!ENTITY a 'b'>]><l/>", 'Content-Type: a/b; name="l.xml"', "doctype"),
        (b"<a>" * 9999, 'Content-Type: a/b; name="l.XML"', "too_deep"),
        (b"<NFe xmlns='http://www.portalfiscal.inf.br/nfe'/>", "Content-Type: a/b", "incomplete"),
        (b"<x xmlns='http://www.portalfiscal.inf.br/xyz'/>", "Content-Type: a/b", "unsupported"),
        (archive([XML])[:900], "Content-Type: application/zip", "zip_broken"),
        (b"Rar!", 'Content-Type: a/b; name="notas.zip"', "zip_broken"),
        (zipped({"a.xml": XML}, zipfile.ZIP_BZIP2), "Content-Type: a/b", "zip_unsupported"),
        (gzip.compress(XML)[:900], 'Content-Type: a/b; name="nota.xml.gz"', "gzip_broken"),
    ],
)
def test_what_cannot_be_read_is_told(content: bytes, head: str, reason: str) -> None:
    """R41: with its reason, and the part's name."""
    answer = extract(part(content, head), Caps())
    assert reasons(answer) == [reason]
    assert answer.found == ()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('Content-Type: application/pdf; name="danfe.pdf"', []),
        ("Content-Type: text/html", []),
        ('Content-Type: application/pdf; name="nota.xml"', ["malformed"]),
        ('Content-Type: application/octet-stream; name="notas.zip"', ["zip_broken"]),
        ("Content-Type: application/pkcs7-mime", ["sealed"]),
    ],
)
@pytest.mark.parametrize("inside", [b"\n", b"\n" + XML, b'[{"a":"H4sIAAAA"}]', archive([XML])])
def test_a_pdf_is_not_looked_into(inside: bytes, head: str, expected: list[str]) -> None:
    """R37, R41: whatever is in it; but it is told where it was said to be something else."""
    answer = extract(part(b"%PDF-1.4" + inside, head), Caps())
    assert (keys(answer), reasons(answer)) == ([], expected)


def test_one_broken_part_does_not_hide_the_others() -> None:
    """R41."""
    answer = extract(mail([XML[:500], OTHER, XML[:600] + b"</x>", XML]), Caps())
    assert keys(answer) == [KEYS[1], KEYS[0]]
    assert [(one.reason, one.part_name) for one in answer.problems] == [
        ("malformed", "nfe-0.xml"),
        ("malformed", "nfe-2.xml"),
    ]


def test_an_encrypted_zip_is_told() -> None:
    """R41: by the flag in its directory; nothing is guessed."""
    data = bytearray(archive([XML]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert reasons(extract(part(bytes(data)), Caps())) == ["zip_encrypted"]


def test_the_same_bytes_twice_are_one_document() -> None:
    """R40: attached as it is and packed as well."""
    raw = mail([XML, archive([XML]), XML])
    assert keys(extract(raw, Caps())) == KEYS[:1]


def test_texts_fit_any_database() -> None:
    raw = mail([XML], subject="a").replace(
        b"Subject: a", b"Subject: =?utf-8?q?n=00o?= \xff" + b"x" * 9000
    )
    subject = extract(raw, Caps()).subject
    assert "\0" not in subject
    assert len(subject.encode()) < 6_001
