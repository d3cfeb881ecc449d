"""Documents that others carry: distribution packages, SOAP, lots, lists, archives (R37, R41)."""

from __future__ import annotations

import gzip
from base64 import b64encode

import pytest

from services.fiscal.checks import check
from services.reading.taking_apart import tnef
from services.reading.taking_apart.extract import Caps, Extracted, extract
from tests.documents import events, kinds, packages, services, transport
from tests.documents.generator import NFE, Party, access_key, cnpj, nfe
from tests.documents.shapes import part, zipped
from tests.documents.shapes import tnef as winmail

A = Party(cnpj(1), "FORNECEDOR")
B = Party(cnpj(2), "CLIENTE")
KEY = access_key(A.cnpj, 1)


def found(answer: Extracted) -> list[tuple[str, str]]:
    """Kind and key of each document."""
    return [(one.facts.kind, one.facts.access_key) for one in answer.found]


def reasons(answer: Extracted) -> list[str]:
    """Why something could not be read."""
    return [problem.reason for problem in answer.problems]


def test_a_distribution_package_gives_up_its_documents() -> None:
    """R37: each docZip by its NSU; a summary is told, and a broken one hides no other."""
    key = transport.access_key(A.cnpj, 2, model=57)
    package = packages.distribution(
        [nfe(A, B, 1), packages.summary(A, 9), transport.cte(A, B, 2), b"cut"]
    ).replace(b64encode(gzip.compress(b"cut", mtime=0))[8:24], b"")
    answer = extract(part(package, 'Content-Type: text/xml; name="dist.xml"'), Caps())
    assert found(answer) == [("NFe", KEY), ("CTe", key)]
    assert answer.found[0].part_name == "dist.xml/000000000000001.xml"
    assert [(one.reason, one.part_name) for one in answer.problems] == [
        ("summary", "dist.xml/000000000000002.xml"),
        ("gzip_broken", "dist.xml/000000000000004.xml"),
    ]
    assert access_key(A.cnpj, 9) in answer.problems[0].detail


@pytest.mark.parametrize("version", packages.SOAP)
@pytest.mark.parametrize("name", ["nfe", "cte", "mdfe", "nfse", "nfe-cancelled", "abrasf"])
def test_soap_in_any_writing(version: str, name: str) -> None:
    """R37: as elements, escaped, in CDATA: the same document."""
    one = kinds.samples()[name]
    for how in ("element", "text", "cdata"):
        answer = extract(part(packages.soap(one.xml, version=version, how=how)), Caps())
        assert (how, found(answer), reasons(answer)) == (how, [(one.kind, one.key)], [])


def test_what_is_taken_out_keeps_its_signature() -> None:
    """R40: out of an envelope with namespaces of its own, and out of a lot."""
    for raw in (
        packages.soap(nfe(A, B, 1)),
        packages.lot([nfe(A, B, 1, authorised=False), nfe(A, B, 2, authorised=False)]),
    ):
        answer = extract(part(raw), Caps())
        assert {check(one.xml).signature.code for one in answer.found} == {"ok"}
    assert len(answer.found) == 2


def test_lists_of_a_municipality() -> None:
    """R37: each NFS-e of an answer by itself; São Paulo's element is called like another's."""
    several = [services.abrasf(A, B, n) for n in (1, 2, 3)]
    assert len(extract(part(packages.listed(several)), Caps()).found) == 3
    answer = extract(
        part(packages.listed([services.sao_paulo(A, B, 4)], root="RetornoConsulta")), Caps()
    )
    assert [kind for kind, _key in found(answer)] == ["NFSeMunicipal"]


def test_events_in_a_lot_and_an_unknown_root() -> None:
    """R37: whatever is round them, what is known is taken out."""
    letters = [
        events.nfe_event("110110", A, KEY, sequence=n, how="request").decode() for n in (1, 2)
    ]
    lot = f'<envEvento xmlns="{NFE}" versao="1.00"><idLote>1</idLote>{"".join(letters)}</envEvento>'
    other = b"<Arquivo><Linha>x</Linha>" + nfe(A, B, 3).partition(b"?>")[2] + b"</Arquivo>"
    assert len(extract(part(lot.encode()), Caps()).found) == 2
    assert found(extract(part(other), Caps())) == [("NFe", access_key(A.cnpj, 3))]


def test_an_answer_without_documents_is_told() -> None:
    """R41: a protocol alone, in an envelope or not, is not passed over in silence."""
    alone = f'<retConsReciNFe xmlns="{NFE}" versao="4.00"><cStat>104</cStat></retConsReciNFe>'
    assert reasons(extract(part(alone.encode()), Caps())) == ["unsupported"]
    assert reasons(extract(part(packages.soap(alone.encode())), Caps())) == ["unsupported"]


@pytest.mark.parametrize("how", ["text", "cdata", "element"])
def test_nested_without_end_is_refused(how: str) -> None:
    """R41: an envelope in an envelope in an envelope…"""
    raw = nfe(A, B, 1)
    for _ in range(25):
        raw = packages.soap(raw, how=how)
        if len(raw) > 4_000_000:
            break
    answer = extract(part(raw), Caps())
    assert reasons(answer) == ["malformed" if how == "cdata" else "too_deep"]
    assert answer.found == ()


def test_a_package_of_bombs_is_refused() -> None:
    """R41: what is packed in a document counts like any archive."""
    package = packages.distribution([b"<a>" + b" " * 100_000_000])
    assert reasons(extract(part(package), Caps())) == ["zip_bomb"]
    many = b"<x>" + b"<resNFe xmlns='http://www.portalfiscal.inf.br/nfe'/>" * 2_001 + b"</x>"
    assert "too_many_parts" in reasons(extract(part(many), Caps()))


@pytest.mark.parametrize(
    ("content", "head", "reason"),
    [
        (b"Rar!\x1a\x07\x01\x00" + b"\0" * 99, "Content-Type: a/b", "archive_closed"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 99, 'Content-Type: a/b; name="x.pdf"', "archive_closed"),
        (zipped({"a.bin": b"Rar!\x1a\x07\x00" + b"\0" * 99}), "X: y", "archive_closed"),
        (winmail({"n.xml": nfe(A, B, 1)})[:4_000], "Content-Type: a/b", "tnef_broken"),
        (b"0\x80\x06\x09", "Content-Type: application/pkcs7-mime", "sealed"),
        (
            b"\xd0\xcf\x11\xe0" + b"\0" * 99,
            'Content-Type: a/b; name="nota.msg"',
            "outlook_item",
        ),
    ],
)
def test_what_is_not_opened_says_so(content: bytes, head: str, reason: str) -> None:
    """R41: rar, 7z, a broken winmail.dat, sealed parts, Outlook's own files: in plain words."""
    assert reasons(extract(part(content, head), Caps())) == [reason]


def test_winmail_with_several_attachments() -> None:
    """R37: each by its name; zip and forwarded mail in it are opened too."""
    raw = winmail({"a.xml": nfe(A, B, 1), "b.zip": zipped({"c.xml": nfe(A, B, 2)}), "d.txt": b"x"})
    assert [name for name, _content in tnef.attachments(raw)] == ["a.xml", "b.zip", "d.txt"]
    answer = extract(part(raw, 'Content-Type: application/ms-tnef; name="winmail.dat"'), Caps())
    assert [one.part_name for one in answer.found] == ["a.xml", "b.zip/c.xml"]


def test_several_documents_in_one_file() -> None:
    """R37: one after the other, each with its declaration."""
    raw = part(nfe(A, B, 1) + b"\n" + transport.mdfe(A, 2) + b"\n" + services.nfse(A, B, 3))
    assert [kind for kind, _key in found(extract(raw, Caps()))] == ["NFe", "MDFe", "NFSe"]


def test_json_of_the_national_nfse() -> None:
    """R37: a lot's documents in its order, events too; an answer that says nothing is nothing."""
    event = events.nfse_event(A, services.nfse_key(A.cnpj, 2))
    raw = part(
        packages.json_lot([services.nfse(A, B, 1), event, nfe(A, B, 3)]), "Content-Type: a/b"
    )
    assert [kind for kind, _key in found(extract(raw, Caps()))] == ["NFSe", "EventoNFSe", "NFe"]
    assert extract(part(b'{"erro": {"codigo": "E404"}}'), Caps()) == extract(part(b"x"), Caps())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packages.json_lot([nfe(A, B, 1)])[:-40], "json_broken"),
        (b'{"a":"H4sI' + b"[" * 100_000, "json_broken"),
        (b'{"nfseXmlGZipB64": "H4sIAAAA"}', "gzip_broken"),
        (b'{"a": [' + b'"H4sI",' * 2_001 + b"0]}", "too_many_parts"),
        (b'["' + b"\\ud800" * 9 + b'", "H4sI' + b" " * 5_300_000 + b'"]', "json_broken"),
    ],
)
def test_json_that_cannot_be_read_is_never_silent(content: bytes, reason: str) -> None:
    """R41: cut, nested without end, damaged inside, too many, too large."""
    assert reason in reasons(extract(part(content), Caps()))


def test_the_same_municipal_nfse_in_another_dress_is_one() -> None:
    """R40: another prefix, masks, leading zeros, another wrapper, the town named or not."""
    plain = services.abrasf(A, B, 31)
    masked = f"{A.cnpj[:2]}.{A.cnpj[2:5]}.{A.cnpj[5:8]}/{A.cnpj[8:12]}-{A.cnpj[12:]}".encode()
    dressed = (
        plain.replace(A.cnpj.encode(), masked)
        .replace(b"<Numero>31<", b"<Numero>0000031<")
        .replace(b"ABCD-1234", b"abcd1234")
        .replace(b"CodigoMunicipio", b"Cidade")
        .replace(b"><", b">\n  <")
    )
    inner = plain.partition(b"<CompNfse")[2].partition(b">")[2]
    bare = b'<Nfse xmlns="http://www.ginfes.com.br/x"' + inner.partition(b"<Nfse")[2]
    bare = bare.partition(b"</CompNfse>")[0]
    keys = [found(extract(part(xml), Caps())) for xml in (plain, dressed, bare)]
    assert keys[0] == keys[1] == keys[2]
    other = plain.replace(b"ABCD-1234", b"ABCD-1235")
    assert found(extract(part(other), Caps())) != keys[0]
