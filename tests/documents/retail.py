"""CF-e SAT and its cancellation, as the devices write them."""

from __future__ import annotations

from decimal import Decimal
from xml.sax.saxutils import escape

from services.fiscal import access_key as access_keys
from tests.documents import certificates
from tests.documents.generator import ISSUED, Party, identity, sign

_DEVICE = "900002631"


def cfe_key(issuer: str, number: int) -> str:
    """The key of a CF-e: model 59, the device's number of 9 digits, 6 of the receipt's."""
    first = f"35{ISSUED:%y%m}{issuer:0>14}59{_DEVICE}{number:06d}{(number * 7919) % 10**6:06d}"
    return first + access_keys.check_digit(first)


def cfe(
    issuer: Party, recipient: Party | None, number: int, *, total: Decimal = Decimal("12.50")
) -> bytes:
    """A CF-e, signed."""
    key = cfe_key(issuer.cnpj, number)
    whom = f"{identity(recipient)}<xNome>{escape(recipient.name)}</xNome>" if recipient else ""
    inner = (
        f"{_ide(key, number)}<emit><CNPJ>{issuer.cnpj}</CNPJ><xNome>{escape(issuer.name)}</xNome>"
        "<IE>110042490114</IE><cRegTrib>1</cRegTrib></emit>"
        f'<dest>{whom}</dest><det nItem="1"><prod><cProd>1</cProd><xProd>Pão de queijo</xProd>'
        f"<uCom>UN</uCom><qCom>1.0000</qCom><vUnCom>{total:.2f}</vUnCom><vProd>{total:.2f}</vProd>"
        f"</prod></det><total><vCFe>{total:.2f}</vCFe></total>"
        f"<pgto><MP><cMP>01</cMP><vMP>{total:.2f}</vMP></MP></pgto>"
    )
    return _signed("CFe", key, "", inner, issuer)


def cfe_cancellation(issuer: Party, number: int, *, cancels: int) -> bytes:
    """The cancellation of the CF-e of another number."""
    key = cfe_key(issuer.cnpj, number)
    inner = (
        f"{_ide(key, number)}<emit><CNPJ>{issuer.cnpj}</CNPJ><xNome>{escape(issuer.name)}</xNome>"
        "</emit><dest></dest><total><vCFe>12.50</vCFe></total>"
    )
    told = f'chCanc="CFe{cfe_key(issuer.cnpj, cancels)}" '
    return _signed("CFeCanc", key, told, inner, issuer)


def _ide(key: str, number: int) -> str:
    return (
        f"<ide><cUF>35</cUF><cNF>{key[37:43]}</cNF><mod>59</mod><nserieSAT>{_DEVICE}</nserieSAT>"
        f"<nCFe>{number:06d}</nCFe><dEmi>{ISSUED:%Y%m%d}</dEmi><hEmi>{ISSUED:%H%M%S}</hEmi>"
        f"<cDV>{key[43]}</cDV><tpAmb>2</tpAmb><CNPJ>16716114000172</CNPJ>"
        "<assinaturaQRCODE>AAAA</assinaturaQRCODE><numeroCaixa>001</numeroCaixa></ide>"
    )


def _signed(name: str, key: str, told: str, inner: str, issuer: Party) -> bytes:
    covered = f'<infCFe Id="CFe{key}" {told}versao="0.08">{inner}</infCFe>'
    der = certificates.certificate(issuer.cnpj, name=issuer.name)
    seal = sign(covered, f"CFe{key}", der)
    return f'<?xml version="1.0" encoding="UTF-8"?><{name}>{covered}{seal}</{name}>'.encode()
