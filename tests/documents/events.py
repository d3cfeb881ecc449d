"""Events of NF-e, CT-e, MDF-e and NFS-e, signed, with or without the answer; and void numbers."""

from __future__ import annotations

from typing import Literal
from xml.sax.saxutils import escape

from tests.documents import certificates
from tests.documents.generator import ISSUED, NFE, Party, sign
from tests.documents.services import NFSE
from tests.documents.transport import CTE, MDFE

How = Literal["both", "request", "answer"]
_WHEN = ISSUED.isoformat(timespec="seconds")
_REASON = "Cancelado a pedido do cliente"
_TERMS = (
    "A Carta de Correcao e disciplinada pelo paragrafo 1o-A do art. 7o do Convenio S/N, "
    "de 15 de dezembro de 1970 e pode ser utilizada para regularizacao de erro ocorrido "
    "na emissao de documento fiscal, desde que o erro nao esteja relacionado com: I - as "
    "variaveis que determinam o valor do imposto tais como: base de calculo, aliquota, "
    "diferenca de preco, quantidade, valor da operacao ou da prestacao; II - a correcao "
    "de dados cadastrais que implique mudanca do remetente ou do destinatario; III - a "
    "data de emissao ou de saida."
)
_NFE_EVENTS = {
    "110110": f"<descEvento>Carta de Correcao</descEvento><xCorrecao>Endereço do destinatário: "
    f"número 20</xCorrecao><xCondUso>{_TERMS}</xCondUso>",
    "110111": "<descEvento>Cancelamento</descEvento><nProt>135000000000077</nProt>"
    f"<xJust>{_REASON}</xJust>",
    "210200": "<descEvento>Confirmacao da Operacao</descEvento>",
    "210210": "<descEvento>Ciencia da Operacao</descEvento>",
}
_CTE_EVENTS = {
    "110111": "<evCancCTe><descEvento>Cancelamento</descEvento><nProt>135000000000077</nProt>"
    f"<xJust>{_REASON}</xJust></evCancCTe>",
    "610110": "<evPrestDesacordo><descEvento>Prestacao do Servico em Desacordo</descEvento>"
    "<indDesacordoOper>1</indDesacordoOper><xObs>Entrega em outro endereço</xObs></evPrestDesacordo>",
}
_MDFE_EVENTS = {
    "110111": "<evCancMDFe><descEvento>Cancelamento</descEvento><nProt>135000000000077</nProt>"
    f"<xJust>{_REASON}</xJust></evCancMDFe>",
    "110112": "<evEncMDFe><descEvento>Encerramento</descEvento><nProt>135000000000077</nProt>"
    "<dtEnc>2026-11-03</dtEnc><cUF>35</cUF><cMun>3550308</cMun></evEncMDFe>",
}


def nfe_event(
    what: str,
    author: Party,
    key: str,
    *,
    sequence: int = 1,
    recipient: Party | None = None,
    how: How = "both",
) -> bytes:
    """An event of an NF-e; the answer names the document's ``recipient`` where one is given."""
    detail = f'<verEvento>1.00</verEvento><detEvento versao="1.00">{_NFE_EVENTS[what]}</detEvento>'
    whom = f"<CNPJDest>{recipient.cnpj}</CNPJDest>" if recipient else ""
    where = "91" if what.startswith("2") else "35"
    return _event(
        NFE,
        "NFe",
        "",
        "1.00",
        what,
        author,
        key,
        sequence,
        f"{sequence:02d}",
        where,
        detail,
        how,
        whom,
    )


def cte_event(what: str, author: Party, key: str, *, sequence: int = 1, how: How = "both") -> bytes:
    """An event of a CT-e."""
    detail = f'<detEvento versaoEvento="4.00">{_CTE_EVENTS[what]}</detEvento>'
    return _event(
        CTE, "CTe", "CTe", "4.00", what, author, key, sequence, f"{sequence:03d}", "35", detail, how
    )


def mdfe_event(
    what: str, author: Party, key: str, *, sequence: int = 1, how: How = "both"
) -> bytes:
    """An event of an MDF-e."""
    detail = f'<detEvento versaoEvento="3.00">{_MDFE_EVENTS[what]}</detEvento>'
    return _event(
        MDFE,
        "MDFe",
        "MDFe",
        "3.00",
        what,
        author,
        key,
        sequence,
        f"{sequence:02d}",
        "35",
        detail,
        how,
    )


def nfse_event(author: Party, key: str, *, how: How = "both") -> bytes:
    """The cancellation of an NFS-e of the national standard."""
    number = f"{key}101101"
    inner = (
        f"<tpAmb>2</tpAmb><verAplic>Teste_1.0</verAplic><dhEvento>{_WHEN}</dhEvento>"
        f"<CNPJAutor>{author.cnpj}</CNPJAutor><chNFSe>{key}</chNFSe><e101101>"
        f"<xDesc>Cancelamento de NFS-e</xDesc><cMotivo>1</cMotivo><xMotivo>{_REASON}</xMotivo>"
        "</e101101>"
    )
    der = certificates.certificate(author.cnpj, name=author.name)
    covered = f'<infPedReg xmlns="{NFSE}" Id="PRE{number}">{inner}</infPedReg>'
    asked = (
        f'<pedRegEvento xmlns="{NFSE}" versao="1.01"><infPedReg Id="PRE{number}">{inner}</infPedReg>'
        f"{sign(covered, f'PRE{number}', der)}</pedRegEvento>"
    )
    if how == "request":
        return asked.encode()
    inside = asked.replace(f' xmlns="{NFSE}"', "", 1)
    told = (
        "<verAplic>Teste_1.0</verAplic><ambGer>2</ambGer><nSeqEvento>001</nSeqEvento>"
        f"<dhProc>{_WHEN}</dhProc><nDFSe>77</nDFSe>{inside}"
    )
    whole = f'<infEvento xmlns="{NFSE}" Id="EVT{number}001">{told}</infEvento>'
    return (
        f'<evento xmlns="{NFSE}" versao="1.01"><infEvento Id="EVT{number}001">{told}</infEvento>'
        f"{sign(whole, f'EVT{number}001', der)}</evento>"
    ).encode()


def void(issuer: Party, first: int, last: int) -> bytes:
    """Numbers of NF-e that will not be used."""
    number = f"3526{issuer.cnpj}55001{first:09d}{last:09d}"
    inner = (
        "<tpAmb>2</tpAmb><xServ>INUTILIZAR</xServ><cUF>35</cUF><ano>26</ano>"
        f"<CNPJ>{issuer.cnpj}</CNPJ><mod>55</mod><serie>1</serie><nNFIni>{first}</nNFIni>"
        f"<nNFFin>{last}</nNFFin><xJust>Quebra da sequência de numeração</xJust>"
    )
    covered = f'<infInut xmlns="{NFE}" Id="ID{number}">{inner}</infInut>'
    der = certificates.certificate(issuer.cnpj, name=issuer.name)
    return (
        f'<ProcInutNFe xmlns="{NFE}" versao="4.00"><inutNFe versao="4.00">'
        f'<infInut Id="ID{number}">{inner}</infInut>{sign(covered, f"ID{number}", der)}</inutNFe>'
        '<retInutNFe versao="4.00"><infInut><tpAmb>2</tpAmb><verAplic>SP_1.0</verAplic>'
        "<cStat>102</cStat><xMotivo>Inutilizacao de numero homologado</xMotivo><cUF>35</cUF>"
        f"<dhRecbto>{_WHEN}</dhRecbto><nProt>135000000000088</nProt></infInut></retInutNFe>"
        "</ProcInutNFe>"
    ).encode()


def _event(
    namespace: str,
    family: str,
    suffix: str,
    version: str,
    what: str,
    author: Party,
    key: str,
    sequence: int,
    written: str,
    where: str,
    detail: str,
    how: How,
    whom: str = "",
) -> bytes:
    number = f"ID{what}{key}{written}"
    inner = (
        f"<cOrgao>{where}</cOrgao><tpAmb>2</tpAmb><CNPJ>{author.cnpj}</CNPJ><ch{family}>{key}</ch{family}>"
        f"<dhEvento>{_WHEN}</dhEvento><tpEvento>{what}</tpEvento><nSeqEvento>{sequence}</nSeqEvento>"
        f"{detail}"
    )
    covered = f'<infEvento xmlns="{namespace}" Id="{number}">{inner}</infEvento>'
    der = certificates.certificate(author.cnpj, name=author.name)
    asked = (
        f'<evento{suffix} xmlns="{namespace}" versao="{version}"><infEvento Id="{number}">{inner}'
        f"</infEvento>{sign(covered, number, der)}</evento{suffix}>"
    )
    answered = (
        f'<retEvento{suffix} xmlns="{namespace}" versao="{version}"><infEvento><tpAmb>2</tpAmb>'
        f"<verAplic>SP_1.0</verAplic><cOrgao>{where}</cOrgao><cStat>135</cStat>"
        f"<xMotivo>{escape('Evento registrado e vinculado')}</xMotivo><ch{family}>{key}</ch{family}>"
        f"<tpEvento>{what}</tpEvento><nSeqEvento>{sequence}</nSeqEvento>{whom}"
        f"<dhRegEvento>{_WHEN}</dhRegEvento><nProt>135000000000099</nProt>"
        f"</infEvento></retEvento{suffix}>"
    )
    if how == "request":
        return asked.encode()
    if how == "answer":
        return answered.encode()
    return (
        f'<procEvento{family} xmlns="{namespace}" versao="{version}">{asked}{answered}'
        f"</procEvento{family}>"
    ).encode()
