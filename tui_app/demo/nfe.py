"""Invented NF-e: valid by the schema, with a right access key, signed by an invented certificate."""

from __future__ import annotations

import hashlib
import random
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from xml.sax.saxutils import escape

from services.fiscal import access_key
from tui_app.demo.certificates import Authority

_NFE = "http://www.portalfiscal.inf.br/nfe"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_BRASILIA = timezone(timedelta(hours=-3))
_TAXES = (
    *("vBC", "vICMS", "vICMSDeson", "vFCP", "vBCST", "vST", "vFCPST", "vFCPSTRet", "vProd"),
    *("vFrete", "vSeg", "vDesc", "vII", "vIPI", "vIPIDevol", "vPIS", "vCOFINS", "vOutro", "vNF"),
)
_WITH_THE_AMOUNT = ("vProd", "vNF")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a document."""

    cnpj: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Nfe:
    """A document: its access key, its number, and the XML."""

    key: str
    number: int
    xml: bytes


def make(
    authority: Authority, issuer: Party, recipient: Party, number: int, issued_at: datetime
) -> Nfe:
    """An authorised NF-e (nfeProc 4.00, of the test environment) of one item; alike for the same number."""
    chance = random.Random(number)  # noqa: S311 - amounts
    amount = Decimal(chance.randrange(5_000, 900_000)) / 100
    at = issued_at.astimezone(_BRASILIA)
    code = f"{(number * 7919 + 12345678) % 100_000_000:08d}"
    first = f"35{at:%y%m}{issuer.cnpj}55001{number:09d}1{code}"
    key = first + access_key.check_digit(first)
    inner = (
        _ide(key, number, at)
        + f"<emit>{_who(issuer)}{_address('enderEmit')}<IE>110042490114</IE><CRT>1</CRT></emit>"
        + f"<dest>{_who(recipient)}{_address('enderDest')}<indIEDest>9</indIEDest>"
        + (f"<email>{escape(recipient.email)}</email>" if recipient.email else "")
        + f"</dest>{_item(amount)}{_totals(amount)}"
        + "<transp><modFrete>9</modFrete></transp>"
        + f"<pag><detPag><tPag>01</tPag><vPag>{amount:.2f}</vPag></detPag></pag>"
    )
    attributes = f'Id="NFe{key}" versao="4.00"'
    covered = f'<infNFe xmlns="{_NFE}" {attributes}>{inner}</infNFe>'
    seal = _signature(authority, issuer, covered, f"NFe{key}")
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?><nfeProc xmlns="{_NFE}" versao="4.00">'
        f'<NFe xmlns="{_NFE}"><infNFe {attributes}>{inner}</infNFe>{seal}</NFe>'
        f"{_protocol(key, number, at, _digest(covered))}</nfeProc>"
    )
    return Nfe(key, number, xml.encode())


def _signature(authority: Authority, issuer: Party, covered: str, reference: str) -> str:
    """The signature over ``covered``, which is canonical as it stands."""
    info = (
        f'<CanonicalizationMethod Algorithm="{_C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{_DSIG}rsa-sha1"></SignatureMethod>'
        f'<Reference URI="#{reference}"><Transforms>'
        f'<Transform Algorithm="{_DSIG}enveloped-signature"></Transform>'
        f'<Transform Algorithm="{_C14N}"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{_DSIG}sha1"></DigestMethod>'
        f"<DigestValue>{_digest(covered)}</DigestValue></Reference>"
    )
    value = authority.sign(f'<SignedInfo xmlns="{_DSIG}">{info}</SignedInfo>'.encode())
    certificate = authority.company(issuer.cnpj, issuer.name)
    return (
        f'<Signature xmlns="{_DSIG}"><SignedInfo>{info}</SignedInfo>'
        f"<SignatureValue>{b64encode(value).decode()}</SignatureValue><KeyInfo><X509Data>"
        f"<X509Certificate>{b64encode(certificate).decode()}</X509Certificate>"
        "</X509Data></KeyInfo></Signature>"
    )


def _digest(covered: str) -> str:
    return b64encode(hashlib.sha1(covered.encode()).digest()).decode()  # noqa: S324 - NF-e's own


def _ide(key: str, number: int, at: datetime) -> str:
    return (
        f"<ide><cUF>35</cUF><cNF>{key[35:43]}</cNF><natOp>VENDA DE MERCADORIA</natOp>"
        f"<mod>55</mod><serie>1</serie><nNF>{number}</nNF>"
        f"<dhEmi>{at.isoformat(timespec='seconds')}</dhEmi><tpNF>1</tpNF><idDest>1</idDest>"
        "<cMunFG>3550308</cMunFG><tpImp>1</tpImp><tpEmis>1</tpEmis>"
        f"<cDV>{key[43]}</cDV><tpAmb>2</tpAmb><finNFe>1</finNFe><indFinal>1</indFinal>"
        "<indPres>1</indPres><procEmi>0</procEmi><verProc>1.0</verProc></ide>"
    )


def _who(party: Party) -> str:
    return f"<CNPJ>{party.cnpj}</CNPJ><xNome>{escape(party.name)}</xNome>"


def _address(name: str) -> str:
    return (
        f"<{name}><xLgr>Rua Exemplo</xLgr><nro>1</nro><xBairro>Centro</xBairro>"
        "<cMun>3550308</cMun><xMun>São Paulo</xMun><UF>SP</UF><CEP>01000000</CEP>"
        f"<cPais>1058</cPais><xPais>BRASIL</xPais></{name}>"
    )


def _item(amount: Decimal) -> str:
    return (
        '<det nItem="1"><prod><cProd>1</cProd><cEAN>SEM GTIN</cEAN>'
        "<xProd>PRODUTO DE EXEMPLO</xProd><NCM>84714900</NCM><CFOP>5102</CFOP><uCom>UN</uCom>"
        f"<qCom>1.0000</qCom><vUnCom>{amount:.2f}</vUnCom><vProd>{amount:.2f}</vProd>"
        "<cEANTrib>SEM GTIN</cEANTrib><uTrib>UN</uTrib><qTrib>1.0000</qTrib>"
        f"<vUnTrib>{amount:.2f}</vUnTrib><indTot>1</indTot></prod><imposto><ICMS><ICMSSN102>"
        "<orig>0</orig><CSOSN>102</CSOSN></ICMSSN102></ICMS><PIS><PISOutr><CST>99</CST>"
        "<vBC>0.00</vBC><pPIS>0.0000</pPIS><vPIS>0.00</vPIS></PISOutr></PIS><COFINS><COFINSOutr>"
        "<CST>99</CST><vBC>0.00</vBC><pCOFINS>0.0000</pCOFINS><vCOFINS>0.00</vCOFINS>"
        "</COFINSOutr></COFINS></imposto></det>"
    )


def _totals(amount: Decimal) -> str:
    told = "".join(
        f"<{name}>{amount if name in _WITH_THE_AMOUNT else Decimal():.2f}</{name}>"
        for name in _TAXES
    )
    return f"<total><ICMSTot>{told}</ICMSTot></total>"


def _protocol(key: str, number: int, at: datetime, digest: str) -> str:
    return (
        '<protNFe versao="4.00"><infProt><tpAmb>2</tpAmb><verAplic>SP_1.0</verAplic>'
        f"<chNFe>{key}</chNFe><dhRecbto>{at.isoformat(timespec='seconds')}</dhRecbto>"
        f"<nProt>135{number:012d}</nProt><digVal>{digest}</digVal>"
        "<cStat>100</cStat><xMotivo>Autorizado o uso da NF-e</xMotivo></infProt></protNFe>"
    )
