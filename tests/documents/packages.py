"""What carries documents: distribution packages, SOAP envelopes, lots and lists."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.documents.generator import ISSUED, NFE, Party, access_key

_WHEN = ISSUED.isoformat(timespec="seconds")
SOAP = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


def distribution(xmls: Sequence[bytes], *, schema: str = "procNFe_v4.00.xsd") -> bytes:
    """A retDistDFeInt with each document packed into a docZip."""
    zips = "".join(
        f'<docZip NSU="{number:015d}" schema="{schema}">{_packed(xml)}</docZip>'
        for number, xml in enumerate(xmls, 1)
    )
    return (
        f'<retDistDFeInt xmlns="{NFE}" versao="1.01"><tpAmb>2</tpAmb><verAplic>1.0</verAplic>'
        f"<cStat>138</cStat><xMotivo>Documento localizado</xMotivo><dhResp>{_WHEN}</dhResp>"
        f"<ultNSU>{len(xmls):015d}</ultNSU><maxNSU>{len(xmls):015d}</maxNSU>"
        f"<loteDistDFeInt>{zips}</loteDistDFeInt></retDistDFeInt>"
    ).encode()


def soap(xml: bytes, *, version: str = "1.2", how: str = "element") -> bytes:
    """An envelope round a document: as an "element", as "text" (escaped) or in "cdata"."""
    inner = _bare(xml)
    if how == "text":
        inner = escape(xml.decode())
    elif how == "cdata":
        inner = f"<![CDATA[{xml.decode()}]]>"
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP[version]}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>'
        '<nfeDadosMsg xmlns="http://www.portalfiscal.inf.br/nfe/wsdl/NFeAutorizacao4">'
        f"{inner}</nfeDadosMsg></soap:Body></soap:Envelope>"
    ).encode()


def lot(xmls: Sequence[bytes]) -> bytes:
    """An enviNFe with documents that stand in it bare."""
    inner = "".join(map(_bare, xmls))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><enviNFe xmlns="{NFE}" versao="4.00">'
        f"<idLote>1</idLote><indSinc>0</indSinc>{inner}</enviNFe>"
    ).encode()


def listed(xmls: Sequence[bytes], *, root: str = "ConsultarNfseResposta") -> bytes:
    """The answer of a municipality with several NFS-e."""
    inner = "".join(map(_bare, xmls))
    return f"<{root}><ListaNfse>{inner}</ListaNfse></{root}>".encode()


def summary(issuer: Party, number: int) -> bytes:
    """A resNFe: it names the issuer and nobody else."""
    return (
        f'<resNFe xmlns="{NFE}" versao="1.01"><chNFe>{access_key(issuer.cnpj, number)}</chNFe>'
        f"<CNPJ>{issuer.cnpj}</CNPJ><xNome>{escape(issuer.name)}</xNome><IE>110042490114</IE>"
        f"<dhEmi>{_WHEN}</dhEmi><tpNF>1</tpNF><vNF>10.00</vNF><dhRecbto>{_WHEN}</dhRecbto>"
        "<nProt>135000000000077</nProt><cSitNFe>1</cSitNFe></resNFe>"
    ).encode()


def json_answer(xml: bytes) -> bytes:
    """What the national NFS-e's interface answers about one."""
    told = {"tipoAmbiente": 1, "dataHoraProcessamento": _WHEN, "chaveAcesso": "x" * 50}
    return json.dumps({**told, "nfseXmlGZipB64": _packed(xml)}).encode()


def json_lot(xmls: Sequence[bytes]) -> bytes:
    """A distribution of the national NFS-e: each document by its NSU."""
    lot = [
        {
            "NSU": number,
            "ChaveAcesso": "x" * 50,
            "TipoDocumento": "NFSE",
            "ArquivoXml": _packed(xml),
        }
        for number, xml in enumerate(xmls, 1)
    ]
    told = {"StatusProcessamento": "DOCUMENTOS_LOCALIZADOS", "LoteDFe": lot, "Alertas": []}
    return json.dumps(told, indent=2).encode()


def _packed(xml: bytes) -> str:
    return b64encode(gzip.compress(xml, mtime=0)).decode()


def _bare(xml: bytes) -> str:
    text = xml.decode()
    return text.partition("?>")[2] if text.startswith("<?xml") else text
