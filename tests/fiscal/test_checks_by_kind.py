"""Every kind of document: whole, altered, unsigned, by somebody else's certificate (R40)."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import lxml.etree as etree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fiscal.checks import check, layouts
from services.fiscal.labels import CHECKS, Check, Checks, words
from services.fiscal.reasons import why
from tests.documents import certificates, events, kinds, services
from tests.documents.generator import DSIG, Party, cnpj, nfe
from tests.documents.signing import signed

CODES = {"ok", "failed", "altered", "absent", "unverifiable", "unasked"}
SAMPLES = kinds.samples()
TOWNS = {"abrasf", "sao-paulo"}
SIGNED = [name for name in SAMPLES if name not in TOWNS]
BY_SYSTEM = {"nfse", "nfse-event"}
WITHOUT_SCHEMA = {"cfe", "cfe-cancellation", "bpe-ta"}
WITHOUT_DIGIT = {"dps", "void"}
BILLS = {"nfcom", "nf3e", "bpe", "bpe-ta", "bpe-tm"}
PROVEN = {"nfe", "nfce", "cte", "cte-simplified", "cte-os", "gtve", "mdfe", *BILLS}
# Who signs, by kind: the recipient where the sample is of something that it did.
BY_RECIPIENT = {
    "nfe-manifested",
    "cte-event",
    "mdfe-event",
    "nfse-event",
    "cfe-cancellation",
    "bpe-tm",
    "void",
}
EXPIRED = datetime(2026, 11, 1, tzinfo=UTC)


def signer(name: str) -> Party:
    """Whose signature the sample has."""
    return kinds.RECIPIENT if name in BY_RECIPIENT else kinds.ISSUER


def codes(checks: Checks) -> dict[str, str]:
    """The labels by name."""
    return {name: each.code for name, each in checks.named().items()}


def whole(name: str) -> bytes:
    """The sample, signed by whom it should be."""
    return signed(SAMPLES[name].xml, certificates.certificate(signer(name).cnpj))


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the test authority."""
    file = tmp_path_factory.mktemp("trusted") / "confiaveis.pem"
    file.write_bytes(certificates.trusted())
    return file


@pytest.mark.parametrize("name", SIGNED)
def test_whole(name: str, trusted: Path) -> None:
    """R40: all that can be checked is right; what cannot is said with its reason."""
    found = check(whole(name), trusted)
    assert codes(found) == {
        "access_key": "unverifiable" if name in WITHOUT_DIGIT else "ok",
        "schema": "unverifiable" if name in WITHOUT_SCHEMA else "ok",
        "signature": "ok",
        "certificate": "ok",
        "chain": "ok",
        "protocol": "ok" if name in PROVEN else "unverifiable",
    }
    assert all(why(each) for each in found.named().values() if each.code == "unverifiable")


@pytest.mark.parametrize("name", SIGNED)
def test_altered_and_unsigned(name: str) -> None:
    """R40: one character of what was signed is another; the signature is taken out."""
    good = whole(name)
    root = etree.fromstring(good)
    layout = layouts()[root.tag]
    body = root.find(layout.body)
    assert body is not None
    covered = body.find(layout.covered)
    assert covered is not None
    said = next(each for each in covered.iter("{*}tpAmb", "{*}verAplic"))
    said.text = "9"
    assert codes(check(etree.tostring(root)))["signature"] == "altered"
    seal = body.find(f"{{{DSIG}}}Signature")
    assert seal is not None
    body.remove(seal)
    found = codes(check(etree.tostring(root)))
    assert (found["signature"], found["certificate"], found["chain"]) == ("absent",) * 3


@pytest.mark.parametrize("name", SIGNED)
def test_whose_certificate_and_when(name: str, trusted: Path) -> None:
    """R40: another company's certificate; one that had expired at the issue. The seal holds."""
    other = check(signed(SAMPLES[name].xml, certificates.certificate(cnpj(99))), trusted)
    assert (other.signature.code, other.chain.code) == ("ok", "ok")
    assert other.certificate.code == ("unverifiable" if name in BY_SYSTEM else "failed")
    assert why(other.certificate)
    late = certificates.certificate(signer(name).cnpj, until=EXPIRED)
    expired = check(signed(SAMPLES[name].xml, late), trusted)
    # Issued before it expired, and so it is right.
    then = "ok" if name in BILLS else "failed"
    assert (expired.certificate.code, expired.chain.code) == (then, then)
    assert expired.signature.code == "ok"


@pytest.mark.parametrize("name", [name for name in SIGNED if name not in WITHOUT_DIGIT])
def test_wrong_digit(name: str) -> None:
    """R40: the key everywhere with another last digit."""
    key = SAMPLES[name].key
    other = key[:-1] + str((int(key[-1]) + 1) % 10)
    found = check(SAMPLES[name].xml.replace(key.encode(), other.encode()))
    assert found.access_key == Check("failed", "wrong_digit")


@pytest.mark.parametrize("name", sorted(PROVEN))
def test_the_protocol_is_of_what_was_signed(name: str) -> None:
    """R40: another digest, another document's protocol, a protocol without digest, none at all."""
    good = whole(name)
    other = re.sub(rb"<digVal>[^<]+<", b"<digVal>AAAAAAAAAAAAAAAAAAAAAAAAAAA=<", good)
    assert check(other).protocol == Check("failed", "digest_differs")
    assert check(other).signature.code == "ok"
    assert check(re.sub(rb"<digVal>[^<]+</digVal>", b"", good)).protocol.reason == "no_digest"
    again = re.sub(
        rb"<(ch[A-Za-z0-9]{3,5})>[0-9A-Z]{44}</\1><dhRec", rb"<\1>%d</\1><dhRec" % 7, good
    )
    assert check(again).protocol.code == "failed"
    bare = re.sub(rb"<prot([A-Za-z0-9]+)\b.*</prot\1>", b"", good, flags=re.DOTALL)
    assert check(bare).protocol == Check("absent", "no_protocol")


@pytest.mark.parametrize("name", [name for name in SIGNED if name not in WITHOUT_SCHEMA])
def test_schema_by_kind_and_version(name: str) -> None:
    """R40: an element of no layout; a version for which there is no schema, said with it."""
    xml = SAMPLES[name].xml
    root = etree.fromstring(xml)
    layout = layouts()[root.tag]
    body = root.find(layout.body)
    assert body is not None
    covered = body.find(layout.covered)
    assert covered is not None
    space = root.tag.rpartition("}")[0]
    covered.insert(0, etree.Element(f"{space}}}inventado"))
    assert codes(check(etree.tostring(root)))["schema"] == "failed"
    later = check(re.sub(rb'versao="[0-9.]+"', b'versao="9.00"', xml)).schema
    assert (later.code, later.detail) == ("unverifiable", "9.00")


def test_what_the_schema_lets_pass_has_its_own() -> None:
    """R40: the modal of a CT-e or MDF-e, the detail of an event."""
    for name, right, wrong in (
        ("cte", b"<RNTRC>12345678<", b"<RNTRC>oito<"),
        ("mdfe", b"<tara>1000<", b"<tara>mil<"),
        ("cte-event", b"<indDesacordoOper>1<", b"<indDesacordoOper>2<"),
        ("mdfe-event", b"<dtEnc>2026-11-03<", b"<dtEnc>ontem<"),
    ):
        assert right in SAMPLES[name].xml
        found = check(SAMPLES[name].xml.replace(right, wrong)).schema
        assert found.code == "failed", name
    later = check(SAMPLES["cte"].xml.replace(b'versaoModal="4.00"', b'versaoModal="4.01"')).schema
    assert later == Check("unverifiable", "no_schema_of_part", "rodo 4.01")


def test_an_event_of_a_type_without_schema_and_its_parts_alone() -> None:
    """R40: request or answer alone; the generic schema for what has no other."""
    key = SAMPLES["nfe"].key
    asked = check(events.nfe_event("110111", kinds.ISSUER, key, how="request"))
    assert (asked.schema.code, asked.signature.code, asked.protocol.code) == ("ok", "ok", "absent")
    answer = check(events.nfe_event("110111", kinds.ISSUER, key, how="answer"))
    assert (answer.access_key.code, answer.signature.code) == ("ok", "absent")
    assert check(SAMPLES["nfe-cancelled"].xml.replace(b"110111", b"110199")).schema.code == "ok"


def test_municipal() -> None:
    """R40: signed by the municipality or not at all, without a schema; another seal is told."""
    for name in TOWNS:
        found = codes(check(SAMPLES[name].xml))
        assert (found["schema"], found["signature"]) == ("unverifiable", "absent")
    own = services.sao_paulo(kinds.ISSUER, kinds.RECIPIENT, 1).replace(
        b"<ChaveNFe", b'<Assinatura xmlns="">AAAA</Assinatura><ChaveNFe', 1
    )
    assert check(own).signature.reason == "town_seal"
    sealed = services.abrasf_sealed(kinds.ISSUER, kinds.RECIPIENT, 1)
    found = codes(check(sealed))
    assert (found["signature"], found["certificate"]) == ("ok", "unverifiable")
    assert codes(check(sealed.replace(b"Manuten", b"Fabrica")))["signature"] == "altered"


def test_the_usual_form_and_others() -> None:
    """R40: SHA-256, a comment that nobody signed, exclusive canonical form; two documents in one."""
    der = certificates.certificate(kinds.ISSUER.cnpj)
    good = whole("nfe")
    assert check(good.replace(b"<ide>", b"<!-- x --><ide>", 1)).signature.code == "ok"
    strong = signed(SAMPLES["nfe"].xml, der, strong=True)
    assert b"rsa-sha256" in strong
    assert check(strong).signature.code == "ok"
    assert check(strong.replace(b"PRODUTO", b"PRODUTA", 1)).signature.code == "altered"
    root = etree.fromstring(good)
    root[0].insert(1, etree.fromstring(etree.tostring(root[0][0])))
    assert check(etree.tostring(root)).signature.code != "ok"
    root = etree.fromstring(good)
    root[0].append(etree.fromstring(etree.tostring(root[0].find(f"{{{DSIG}}}Signature"))))
    assert check(etree.tostring(root)).signature.code in ("ok", "unverifiable")


def test_a_persons_document() -> None:
    """R40: a rural producer issues by CPF and signs with an e-CPF."""
    person = Party(cpf="52998224725", name="PRODUTOR")
    found = check(nfe(person, kinds.RECIPIENT, 5, series=920))
    assert (found.access_key.code, found.signature.code, found.certificate.code) == ("ok",) * 3
    other = certificates.certificate("11144477735")
    assert check(nfe(person, None, 5, series=920, certificate=other)).certificate.code == "failed"


def test_a_document_made_by_sefaz_may_be_signed_by_it() -> None:
    """R40: an avulsa is not called wrong for SEFAZ's certificate."""
    xml = nfe(
        kinds.ISSUER, kinds.RECIPIENT, 5, series=890, certificate=certificates.certificate(cnpj(9))
    )
    found = check(xml)
    assert (found.certificate.code, found.certificate.reason) == (
        "unverifiable",
        "signed_by_system",
    )


def test_chain(tmp_path: Path) -> None:
    """R40: not asked without a file, shown apart from integrity; trusted, not trusted, unreadable."""
    xml = SAMPLES["nfe"].xml
    assert check(xml).chain == Check("unasked")
    assert words("unasked", "chain") == "cadeia não conferida"
    file = tmp_path / "confiaveis.pem"
    assert check(xml, file).chain.reason == "no_trust_file"
    file.write_bytes(b"isto n\xe3o \xe9 PEM")
    assert check(xml, file).chain.reason == "no_trust_file"
    file.write_bytes(certificates.trusted())
    assert check(xml, file).chain == Check("ok")
    file.write_bytes(certificates.stranger())
    strange = check(xml, file)
    assert (strange.chain.code, strange.signature.code) == ("failed", "ok")
    assert "AC Carteiro de Teste" in why(strange.chain)


def test_chain_through_a_step(tmp_path: Path) -> None:
    """R40: an authority between comes with the document or lies in the file; a company is none."""
    file = tmp_path / "confiaveis.pem"
    root, between, company, by_company = certificates.line(kinds.ISSUER.cnpj)
    xml = signed(SAMPLES["nfe"].xml, company)
    file.write_bytes(root)
    assert check(xml, file).chain.code == "failed"
    assert check(certificates.with_others(xml, between), file).chain.code == "ok"
    file.write_bytes(root + between)
    assert check(xml, file).chain.code == "ok"
    forged = certificates.with_others(signed(SAMPLES["nfe"].xml, by_company), company)
    assert check(forged, file).chain.code == "failed"


@settings(max_examples=80, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), max_size=4
    ),
)
def test_any_damage_has_labels(name: str, cuts: list[tuple[float, int, bytes]]) -> None:
    """R40: no bytes raise, whatever is cut out of a document of any kind or put into it."""
    data = bytearray(SAMPLES[name].xml)
    for at, length, instead in cuts:
        place = int(at * len(data))
        data[place : place + length] = instead
    found = check(bytes(data), Path("/nonexistent"))
    assert set(codes(found).values()) <= CODES
    assert all(isinstance(why(each), str) for each in found.named().values())
    assert set(codes(found)) == set(CHECKS)


@settings(max_examples=200, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3)
)
def test_any_certificate_has_labels(trusted: Path, changes: list[tuple[int, int]]) -> None:
    """R40: what stands in a certificate is as foreign as the rest."""
    der = bytearray(certificates.certificate(kinds.ISSUER.cnpj))
    for at, byte in changes:
        der[at % len(der)] = byte
    original = b64encode(certificates.certificate(kinds.ISSUER.cnpj, name=kinds.ISSUER.name))
    assert original in SAMPLES["nfe"].xml
    xml = SAMPLES["nfe"].xml.replace(original, b64encode(bytes(der)))
    found = check(xml, trusted)
    assert set(codes(found).values()) <= CODES
    assert all(isinstance(why(each), str) for each in found.named().values())


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(SIGNED), data=st.data())
def test_any_hostile_structure_has_labels(name: str, data: st.DataObject) -> None:
    """R40: elements moved, emptied, renamed, repeated; well-formed all the same."""
    root = etree.fromstring(SAMPLES[name].xml)
    elements = list(root.iter())
    for _ in range(data.draw(st.integers(1, 4))):
        one = data.draw(st.sampled_from(elements))
        what = data.draw(st.integers(0, 4))
        if what == 0:
            one.text = data.draw(st.sampled_from(["", "0", "-1", "9" * 60, "á\n", "#", "4.00"]))
        elif what == 1 and one.getparent() is not None:
            one.getparent().remove(one)
        elif what == 2:
            one.attrib.clear()
        elif what == 3:
            one.append(etree.fromstring(etree.tostring(data.draw(st.sampled_from(elements)))))
        else:
            one.insert(0, etree.Comment("x"))
    found = check(etree.tostring(root), None)
    assert set(codes(found).values()) <= CODES
