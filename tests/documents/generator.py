"""Fiscal documents, and messages around them, alike for the same arguments."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from base64 import b64encode, encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.header import Header
from email.utils import format_datetime
from functools import cache
from typing import Literal
from xml.sax.saxutils import escape

from services.fiscal import access_key as access_keys
from services.fiscal import cnpj as cnpjs
from tests.documents import certificates

NFE = "http://www.portalfiscal.inf.br/nfe"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
BRASILIA = timezone(timedelta(hours=-3))
ISSUED = datetime(2026, 11, 3, 9, 30, tzinfo=BRASILIA)

_BEFORE_GOODS = ("vBC", "vICMS", "vICMSDeson", "vFCP", "vBCST", "vST", "vFCPST", "vFCPSTRet")
_AFTER_GOODS = (
    *("vFrete", "vSeg", "vDesc", "vII", "vIPI", "vIPIDevol"),
    *("vPIS", "vCOFINS", "vOutro"),
)

Signed = Literal["real", "cached", "none"]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a document: a company by ``cnpj`` or a person by ``cpf``."""

    cnpj: str = ""
    name: str = "EMPRESA DE TESTE LTDA"
    email: str = ""
    cpf: str = ""


def cnpj(seed: int, *, branch: int = 1, alphanumeric: bool = False) -> str:
    """A valid CNPJ; the same seed is the same root."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if alphanumeric else "0123456789"
    chance = random.Random(f"cnpj {seed} {alphanumeric}")
    root = "".join(chance.choice(letters) for _ in range(7)) + ("Z" if alphanumeric else "7")
    base = f"{root}{branch:04d}"
    return base + cnpjs.check_digits(base)


def access_key(
    issuer: str, number: int, *, model: int = 55, series: int = 1, issued_at: datetime = ISSUED
) -> str:
    """The access key of a document of São Paulo (35)."""
    code = f"{(number * 7919 + 12345678) % 100_000_000:08d}"
    first = f"35{issued_at:%y%m}{issuer:0>14}{model:02d}{series:03d}{number:09d}1{code}"
    return first + access_keys.check_digit(first)


def nfe(
    issuer: Party | str,
    recipient: Party | str | None,
    number: int,
    *,
    signed: bool | Signed = True,
    seed: int = 0,
    model: int = 55,
    series: int = 1,
    issued_at: datetime = ISSUED,
    total: Decimal | None = None,
    carrier: Party | None = None,
    authorised: bool = True,
    items: int = 4,
    reform: bool = False,
    certificate: bytes | None = None,
) -> bytes:
    """An NF-e (``model`` 55) or NFC-e (65), valid by the schema of 4.00, authorised (nfeProc).

    ``signed``: True or "real" signs it by the issuer's certificate (or ``certificate``, DER) with
    RSA-SHA1; "cached" puts one and the same signature into every document (valid by the schema,
    wrong, quick); False or "none" leaves it out. ``reform`` puts in the groups of the tax reform
    (IBS, CBS, IS).
    """
    issuer = Party(cnpj=issuer) if isinstance(issuer, str) else issuer
    recipient = Party(cnpj=recipient) if isinstance(recipient, str) else recipient
    chance = random.Random(f"nfe {seed} {number}")
    key = access_key(
        issuer.cnpj or issuer.cpf, number, model=model, series=series, issued_at=issued_at
    )
    amount = total if total is not None else Decimal(chance.randrange(1_000, 5_000_000)) / 100
    inner = (
        _ide(key, number, model, series, issued_at)
        + _issuer(issuer)
        + (_recipient(recipient, model) if recipient else "")
        + _items(items, amount, chance, reform=reform)
        + _totals(amount, reform=reform)
        + _transport(carrier)
        + f"<pag><detPag><tPag>01</tPag><vPag>{amount:.2f}</vPag></detPag></pag>"
        + f"<infAdic><infCpl>Pedido {chance.randrange(10**6)}; documento de teste</infCpl></infAdic>"
    )
    attributes = f'Id="NFe{key}" versao="4.00"'
    how: Signed = ("real" if signed else "none") if isinstance(signed, bool) else signed
    signature = ""
    if how == "real":
        covered = f'<infNFe xmlns="{NFE}" {attributes}>{inner}</infNFe>'
        der = certificate or certificates.certificate(issuer.cnpj or issuer.cpf, name=issuer.name)
        signature = sign(covered, f"NFe{key}", der)
    elif how == "cached":
        signature = _cached_signature().replace("#NFe0", f"#NFe{key}")
    supplement = _supplement(key) if model == 65 else ""
    body = f'<NFe xmlns="{NFE}"><infNFe {attributes}>{inner}</infNFe>{supplement}{signature}</NFe>'
    if authorised:
        body = (
            f'<nfeProc xmlns="{NFE}" versao="4.00">{body}'
            f"{_protocol(key, number, issued_at, digest(signature))}</nfeProc>"
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode()


def sign(covered: str, reference: str, certificate: bytes, *, strong: bool = False) -> str:
    """A ``Signature`` over ``covered``, which is canonical already and has Id ``reference``.

    With SHA-1, as most manuals ask, or ``strong`` with SHA-256.
    """
    hashed = hashlib.sha256 if strong else hashlib.sha1
    method = f"{DSIG_MORE}rsa-sha256" if strong else f"{DSIG}rsa-sha1"
    digested_by = f"{ENCRYPTION}sha256" if strong else f"{DSIG}sha1"
    digest = b64encode(hashed(covered.encode()).digest()).decode()
    info = (
        f'<CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{method}"></SignatureMethod>'
        f'<Reference URI="#{reference}"><Transforms>'
        f'<Transform Algorithm="{DSIG}enveloped-signature"></Transform>'
        f'<Transform Algorithm="{C14N}"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{digested_by}"></DigestMethod>'
        f"<DigestValue>{digest}</DigestValue></Reference>"
    )
    asked = f'<SignedInfo xmlns="{DSIG}">{info}</SignedInfo>'.encode()
    value = certificates.sign(asked, strong=strong)
    return (
        f'<Signature xmlns="{DSIG}"><SignedInfo>{info}</SignedInfo>'
        f"<SignatureValue>{b64encode(value).decode()}</SignatureValue><KeyInfo><X509Data>"
        f"<X509Certificate>{b64encode(certificate).decode()}</X509Certificate>"
        f"</X509Data></KeyInfo></Signature>"
    )


def digest(seal: str) -> str:
    """The digest in a ``Signature``: what the protocol of authorisation repeats."""
    return seal.partition("<DigestValue>")[2].partition("<")[0] or b64encode(b"0" * 20).decode()


def mail(
    xmls: Sequence[bytes] = (),
    *,
    pdf_bytes: int = 48_000,
    as_zip: bool = False,
    forwarded: bool = False,
    subject: str = "NF-e emitida para a sua empresa",
    sender: str = "Fornecedor Exemplo <nfe@fornecedor.example>",
    to: str = "nfe@empresa.example",
    message_id: str | None = None,
    seed: int = 0,
) -> bytes:
    """A message of about 80 KB with CRLF line ends: text, the documents, a PDF of random bytes.

    ``as_zip`` packs the documents into one archive, ``forwarded`` puts the whole into a
    message/rfc822 of another; ``pdf_bytes=0`` leaves the PDF out. ``message_id=""`` leaves the
    header out.
    """
    chance = random.Random(f"mail {seed}")
    boundary = f"=_carteiro_{seed}_{chance.getrandbits(64):016x}"
    identity = f"<{seed}.{chance.getrandbits(64):016x}@fornecedor.example>"
    parts = [
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "Segue a sua nota fiscal eletrônica.\r\n\r\nObrigado.\r\n".encode()
    ]
    if as_zip and xmls:
        parts.append(_attachment("application/zip", "notas.zip", archive(xmls)))
    else:
        parts += [_attachment("application/xml", f"nfe-{i}.xml", x) for i, x in enumerate(xmls)]
    if pdf_bytes:
        pdf = b"%PDF-1.4\n" + chance.randbytes(pdf_bytes)
        parts.append(_attachment("application/pdf", "danfe.pdf", pdf))
    head = {
        "From": sender,
        "To": to,
        "Subject": subject if subject.isascii() else Header(subject, "utf-8").encode(),
        "Date": format_datetime(datetime(2026, 11, 3, 12, 0, tzinfo=UTC)),
        "Message-ID": identity if message_id is None else message_id,
        "MIME-Version": "1.0",
    }
    top = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value).encode()
    edge = f"--{boundary}".encode()
    body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
    raw = top + f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode() + body
    if not forwarded:
        return raw
    outer = f"=_outer_{boundary[2:]}"
    return (
        top.replace(b"Subject: ", b"Subject: Enc: ").replace(b"Message-ID: <", b"Message-ID: <fw.")
        + f'Content-Type: multipart/mixed; boundary="{outer}"\r\n\r\n'.encode()
        + f"--{outer}\r\nContent-Type: message/rfc822\r\n\r\n".encode()
        + raw
        + f"\r\n--{outer}--\r\n".encode()
    )


def archive(xmls: Sequence[bytes]) -> bytes:
    """A zip of the documents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for i, xml in enumerate(xmls):
            files.writestr(zipfile.ZipInfo(f"nfe-{i}.xml"), xml, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _attachment(content_type: str, name: str, data: bytes) -> bytes:
    return (
        f'Content-Type: {content_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    ).encode() + encodebytes(data).replace(b"\n", b"\r\n")


@cache
def _cached_signature() -> str:
    der = certificates.certificate(cnpj(0))
    return sign(f'<infNFe xmlns="{NFE}" Id="NFe0" versao="4.00"></infNFe>', "NFe0", der)


def _ide(key: str, number: int, model: int, series: int, issued_at: datetime) -> str:
    return (
        f"<ide><cUF>35</cUF><cNF>{key[35:43]}</cNF><natOp>VENDA DE MERCADORIA</natOp>"
        f"<mod>{model}</mod><serie>{series}</serie><nNF>{number}</nNF>"
        f"<dhEmi>{issued_at.isoformat(timespec='seconds')}</dhEmi><tpNF>1</tpNF><idDest>1</idDest>"
        f"<cMunFG>3550308</cMunFG><tpImp>{'4' if model == 65 else '1'}</tpImp><tpEmis>1</tpEmis>"
        f"<cDV>{key[43]}</cDV><tpAmb>2</tpAmb><finNFe>1</finNFe><indFinal>1</indFinal>"
        "<indPres>1</indPres><procEmi>0</procEmi><verProc>1.0</verProc></ide>"
    )


def identity(party: Party) -> str:
    """CPF or CNPJ of a party."""
    return f"<CPF>{party.cpf}</CPF>" if party.cpf else f"<CNPJ>{party.cnpj}</CNPJ>"


def address(name: str) -> str:
    """An address in São Paulo, in an element of that name, as NF-e has it."""
    return (
        f"<{name}><xLgr>Avenida Paulista</xLgr><nro>1000</nro><xBairro>Bela Vista</xBairro>"
        "<cMun>3550308</cMun><xMun>São Paulo</xMun><UF>SP</UF><CEP>01310100</CEP>"
        f"<cPais>1058</cPais><xPais>BRASIL</xPais></{name}>"
    )


def _issuer(party: Party) -> str:
    return (
        f"<emit>{identity(party)}<xNome>{escape(party.name)}</xNome>{address('enderEmit')}"
        "<IE>110042490114</IE><CRT>1</CRT></emit>"
    )


def _recipient(party: Party, model: int) -> str:
    where = "" if model == 65 else address("enderDest")
    email = f"<email>{escape(party.email)}</email>" if party.email else ""
    return (
        f"<dest>{identity(party)}<xNome>{escape(party.name)}</xNome>{where}"
        f"<indIEDest>9</indIEDest>{email}</dest>"
    )


def _items(count: int, amount: Decimal, chance: random.Random, *, reform: bool) -> str:
    return "".join(
        f'<det nItem="{i}"><prod><cProd>{chance.randrange(10**8):08d}</cProd><cEAN>SEM GTIN</cEAN>'
        f"<xProd>PRODUTO DE TESTE {chance.randrange(10**6)}</xProd><NCM>84714900</NCM>"
        "<CFOP>5102</CFOP><uCom>UN</uCom><qCom>1.0000</qCom>"
        f"<vUnCom>{amount:.2f}</vUnCom><vProd>{amount:.2f}</vProd><cEANTrib>SEM GTIN</cEANTrib>"
        f"<uTrib>UN</uTrib><qTrib>1.0000</qTrib><vUnTrib>{amount:.2f}</vUnTrib><indTot>1</indTot>"
        "</prod><imposto><ICMS><ICMSSN102><orig>0</orig><CSOSN>102</CSOSN></ICMSSN102></ICMS>"
        "<PIS><PISOutr><CST>99</CST><vBC>0.00</vBC><pPIS>0.0000</pPIS><vPIS>0.00</vPIS></PISOutr>"
        "</PIS><COFINS><COFINSOutr><CST>99</CST><vBC>0.00</vBC><pCOFINS>0.0000</pCOFINS>"
        f"<vCOFINS>0.00</vCOFINS></COFINSOutr></COFINS>{_REFORM_ITEM if reform else ''}</imposto></det>"
        for i in range(1, count + 1)
    )


def _totals(amount: Decimal, *, reform: bool) -> str:
    zero = "".join(f"<{name}>0.00</{name}>" for name in _BEFORE_GOODS)
    rest = "".join(f"<{name}>0.00</{name}>" for name in _AFTER_GOODS)
    return (
        f"<total><ICMSTot>{zero}<vProd>{amount:.2f}</vProd>{rest}<vNF>{amount:.2f}</vNF>"
        f"</ICMSTot>{_REFORM_TOTALS if reform else ''}</total>"
    )


_REFORM_ITEM = (
    "<IBSCBS><CST>000</CST><cClassTrib>000001</cClassTrib><gIBSCBS><vBC>100.00</vBC>"
    "<gIBSUF><pIBSUF>0.1000</pIBSUF><vIBSUF>0.10</vIBSUF></gIBSUF>"
    "<gIBSMun><pIBSMun>0.0000</pIBSMun><vIBSMun>0.00</vIBSMun></gIBSMun><vIBS>0.10</vIBS>"
    "<gCBS><pCBS>0.9000</pCBS><vCBS>0.90</vCBS></gCBS></gIBSCBS></IBSCBS>"
)
_REFORM_TOTALS = (
    "<ISTot><vIS>0.00</vIS></ISTot><IBSCBSTot><vBCIBSCBS>100.00</vBCIBSCBS>"
    "<gIBS><gIBSUF><vDif>0.00</vDif><vDevTrib>0.00</vDevTrib><vIBSUF>0.10</vIBSUF></gIBSUF>"
    "<gIBSMun><vDif>0.00</vDif><vDevTrib>0.00</vDevTrib><vIBSMun>0.00</vIBSMun></gIBSMun>"
    "<vIBS>0.10</vIBS><vCredPres>0.00</vCredPres><vCredPresCondSus>0.00</vCredPresCondSus></gIBS>"
    "<gCBS><vDif>0.00</vDif><vDevTrib>0.00</vDevTrib><vCBS>0.90</vCBS><vCredPres>0.00</vCredPres>"
    "<vCredPresCondSus>0.00</vCredPresCondSus></gCBS></IBSCBSTot><vNFTot>101.00</vNFTot>"
)


def _transport(carrier: Party | None) -> str:
    if carrier is None:
        return "<transp><modFrete>9</modFrete></transp>"
    return (
        f"<transp><modFrete>0</modFrete><transporta>{identity(carrier)}"
        f"<xNome>{escape(carrier.name)}</xNome></transporta></transp>"
    )


def _supplement(key: str) -> str:
    return (
        f"<infNFeSupl><qrCode>https://www.fazenda.sp.gov.br/qrcode?p={key}|2|2|1|"
        f"{'A' * 40}</qrCode><urlChave>https://www.fazenda.sp.gov.br/consulta</urlChave></infNFeSupl>"
    )


def _protocol(key: str, number: int, issued_at: datetime, signed: str) -> str:
    return (
        '<protNFe versao="4.00"><infProt><tpAmb>2</tpAmb><verAplic>SP_1.0</verAplic>'
        f"<chNFe>{key}</chNFe><dhRecbto>{issued_at.isoformat(timespec='seconds')}</dhRecbto>"
        f"<nProt>135{number:012d}</nProt><digVal>{signed}</digVal>"
        "<cStat>100</cStat><xMotivo>Autorizado o uso da NF-e</xMotivo></infProt></protNFe>"
    )
