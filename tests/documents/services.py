"""NFS-e: of the national standard, its declaration, and of municipalities."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from xml.sax.saxutils import escape

import lxml.etree as etree

from services.fiscal import access_key as access_keys
from tests.documents import certificates
from tests.documents.generator import ISSUED, Party, identity, sign

NFSE = "http://www.sped.fazenda.gov.br/nfse"
ABRASF = "http://www.abrasf.org.br/nfse.xsd"
SAO_PAULO = "http://www.prefeitura.sp.gov.br/nfe"
_TOWN = "3550308"


def nfse_key(issuer: str, number: int, *, issued_at: datetime = ISSUED) -> str:
    """The key of 50 characters of an NFS-e of São Paulo made by the national system."""
    code = f"{(number * 7919 + 123456789) % 1_000_000_000:09d}"
    first = f"{_TOWN}22{issuer:0>14}{number:013d}{issued_at:%y%m}{code}"
    return first + access_keys.nfse_check_digit(first)


def dps_key(issuer: str, number: int) -> str:
    """The 42 characters that tell a declaration."""
    return f"{_TOWN}2{issuer:0>14}00001{number:015d}"


def nfse(
    provider: Party,
    taker: Party | None,
    number: int,
    *,
    intermediary: Party | None = None,
    beneficiary: Party | None = None,
    total: Decimal = Decimal("1500.00"),
) -> bytes:
    """An NFS-e with the groups of the tax reform, signed."""
    key = nfse_key(provider.cnpj or provider.cpf, number)
    when = ISSUED.isoformat(timespec="seconds")
    inner = (
        "<xLocEmi>São Paulo</xLocEmi><xLocPrestacao>São Paulo</xLocPrestacao>"
        f"<nNFSe>{number}</nNFSe><cLocIncid>{_TOWN}</cLocIncid><xLocIncid>São Paulo</xLocIncid>"
        "<xTribNac>Análise e desenvolvimento de sistemas.</xTribNac>"
        "<verAplic>Teste_1.0</verAplic><ambGer>2</ambGer><tpEmis>1</tpEmis><procEmi>1</procEmi>"
        f"<cStat>100</cStat><dhProc>{when}</dhProc><nDFSe>{number}</nDFSe>"
        f"<emit>{identity(provider)}<xNome>{escape(provider.name)}</xNome><enderNac>"
        "<xLgr>Avenida Paulista</xLgr><nro>1000</nro><xBairro>Bela Vista</xBairro>"
        f"<cMun>{_TOWN}</cMun><UF>SP</UF><CEP>01310100</CEP></enderNac></emit>"
        f"<valores><vBC>{total:.2f}</vBC><pAliqAplic>2.00</pAliqAplic>"
        f"<vISSQN>{total / 50:.2f}</vISSQN><vLiq>{total:.2f}</vLiq></valores>"
        f"{_REFORM.format(total=total)}"
        f"{_dps(provider, taker, number, intermediary, beneficiary, total)}"
    )
    attributes = f'Id="NFS{key}"'
    der = certificates.certificate(provider.cnpj or provider.cpf, name=provider.name)
    seal = sign(f'<infNFSe xmlns="{NFSE}" {attributes}>{inner}</infNFSe>', f"NFS{key}", der)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><NFSe xmlns="{NFSE}" versao="1.01">'
        f"<infNFSe {attributes}>{inner}</infNFSe>{seal}</NFSe>"
    ).encode()


def dps(provider: Party, taker: Party | None, number: int) -> bytes:
    """A declaration of service alone."""
    body = _dps(provider, taker, number, None, None, Decimal("1500.00"))
    return f'<?xml version="1.0" encoding="UTF-8"?>{body}'.replace(
        "<DPS ", f'<DPS xmlns="{NFSE}" '
    ).encode()


def abrasf(
    provider: Party,
    taker: Party,
    number: int,
    *,
    total: Decimal = Decimal("2500.00"),
    namespace: str = ABRASF,
    cancelled: bool = False,
) -> bytes:
    """An NFS-e in ABRASF 2.04 (CompNfse), as most municipalities send it."""
    gone = (
        "<NfseCancelamento><Confirmacao><DataHora>2026-11-04T10:00:00</DataHora>"
        "</Confirmacao></NfseCancelamento>"
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><CompNfse xmlns="{namespace}"><Nfse versao="2.04">'
        f'<InfNfse Id="nfse{number}"><Numero>{number}</Numero>'
        "<CodigoVerificacao>ABCD-1234</CodigoVerificacao>"
        f"<DataEmissao>2026-11-03T09:30:00</DataEmissao><ValoresNfse>"
        f"<ValorLiquidoNfse>{total:.2f}</ValorLiquidoNfse></ValoresNfse>"
        f"<PrestadorServico><RazaoSocial>{escape(provider.name)}</RazaoSocial><Endereco>"
        "<Endereco>Avenida Paulista</Endereco><CodigoMunicipio>3550308</CodigoMunicipio></Endereco>"
        "</PrestadorServico><DeclaracaoPrestacaoServico><InfDeclaracaoPrestacaoServico>"
        "<Rps><IdentificacaoRps><Numero>77</Numero></IdentificacaoRps>"
        "<DataEmissao>2026-11-01</DataEmissao></Rps>"
        f"<Servico><Valores><ValorServicos>{total:.2f}</ValorServicos></Valores>"
        "<Discriminacao>Manutenção</Discriminacao></Servico>"
        f"<Prestador><CpfCnpj><Cnpj>{provider.cnpj}</Cnpj></CpfCnpj></Prestador>"
        "<TomadorServico><IdentificacaoTomador><CpfCnpj>"
        f"<Cnpj>{taker.cnpj}</Cnpj></CpfCnpj></IdentificacaoTomador>"
        f"<RazaoSocial>{escape(taker.name)}</RazaoSocial></TomadorServico>"
        "</InfDeclaracaoPrestacaoServico></DeclaracaoPrestacaoServico></InfNfse></Nfse>"
        f"{gone if cancelled else ''}</CompNfse>"
    ).encode()


def abrasf_sealed(provider: Party, taker: Party, number: int) -> bytes:
    """An NFS-e in ABRASF, signed by a municipality."""
    root = etree.fromstring(abrasf(provider, taker, number))
    inside = root[0][0]
    covered = etree.tostring(
        etree.fromstring(etree.tostring(inside, with_tail=False)), method="c14n"
    ).decode()
    der = certificates.certificate("46395000000139", name="MUNICIPIO")
    root[0].append(etree.fromstring(sign(covered, inside.get("Id") or "", der)))
    return etree.tostring(root)


def sao_paulo(provider: Party, taker: Party, number: int, *, cancelled: bool = False) -> bytes:
    """An NFS-e of the city of São Paulo, whose element is called NFe."""
    return (
        f'<NFe xmlns="{SAO_PAULO}"><ChaveNFe xmlns=""><InscricaoPrestador>39616924'
        f"</InscricaoPrestador><NumeroNFe>{number}</NumeroNFe>"
        "<CodigoVerificacao>TXDSLYHM</CodigoVerificacao></ChaveNFe>"
        '<DataEmissaoNFe xmlns="">2026-11-03T09:30:00</DataEmissaoNFe>'
        f'<StatusNFe xmlns="">{"C" if cancelled else "N"}</StatusNFe>'
        f'<CPFCNPJPrestador xmlns=""><CNPJ>{provider.cnpj}</CNPJ></CPFCNPJPrestador>'
        f'<RazaoSocialPrestador xmlns="">{escape(provider.name)}</RazaoSocialPrestador>'
        '<ValorServicos xmlns="">2000.00</ValorServicos>'
        f'<CPFCNPJTomador xmlns=""><CNPJ>{taker.cnpj}</CNPJ></CPFCNPJTomador>'
        f'<RazaoSocialTomador xmlns="">{escape(taker.name)}</RazaoSocialTomador>'
        '<Discriminacao xmlns="">Consultoria</Discriminacao></NFe>'
    ).encode()


def _dps(
    provider: Party,
    taker: Party | None,
    number: int,
    intermediary: Party | None,
    beneficiary: Party | None,
    total: Decimal,
) -> str:
    return (
        f'<DPS versao="1.01"><infDPS Id="DPS{dps_key(provider.cnpj or provider.cpf, number)}">'
        f"<tpAmb>2</tpAmb><dhEmi>{ISSUED.isoformat(timespec='seconds')}</dhEmi>"
        f"<verAplic>Teste_1.0</verAplic><serie>00001</serie><nDPS>{number}</nDPS>"
        f"<dCompet>{ISSUED:%Y-%m-%d}</dCompet><tpEmit>1</tpEmit><cLocEmi>{_TOWN}</cLocEmi>"
        f"<prest>{identity(provider)}<regTrib><opSimpNac>1</opSimpNac><regEspTrib>0</regEspTrib>"
        f"</regTrib></prest>{_person('toma', taker)}{_person('interm', intermediary)}"
        f"<serv><locPrest><cLocPrestacao>{_TOWN}</cLocPrestacao></locPrest><cServ>"
        "<cTribNac>010101</cTribNac><xDescServ>Desenvolvimento de sistema</xDescServ>"
        "<cNBS>115022000</cNBS></cServ></serv>"
        f"<valores><vServPrest><vServ>{total:.2f}</vServ></vServPrest><trib><tribMun>"
        "<tribISSQN>1</tribISSQN><tpRetISSQN>1</tpRetISSQN></tribMun>"
        "<totTrib><indTotTrib>0</indTotTrib></totTrib></trib></valores>"
        "<IBSCBS><finNFSe>0</finNFSe><cIndOp>100301</cIndOp>"
        f"<indDest>{1 if beneficiary else 0}</indDest>{_person('dest', beneficiary)}"
        "<valores><trib><gIBSCBS><CST>000</CST><cClassTrib>000001</cClassTrib></gIBSCBS></trib>"
        "</valores></IBSCBS></infDPS></DPS>"
    )


def _person(name: str, party: Party | None) -> str:
    if party is None:
        return ""
    email = f"<email>{escape(party.email)}</email>" if party.email else ""
    return f"<{name}>{identity(party)}<xNome>{escape(party.name)}</xNome>{email}</{name}>"


_REFORM = (
    "<IBSCBS><cLocalidadeIncid>3550308</cLocalidadeIncid>"
    "<xLocalidadeIncid>São Paulo</xLocalidadeIncid><valores><vBC>{total:.2f}</vBC>"
    "<uf><pIBSUF>0.10</pIBSUF><pAliqEfetUF>0.10</pAliqEfetUF></uf>"
    "<mun><pIBSMun>0.00</pIBSMun><pAliqEfetMun>0.00</pAliqEfetMun></mun>"
    "<fed><pCBS>0.90</pCBS><pAliqEfetCBS>0.90</pAliqEfetCBS></fed></valores>"
    "<totCIBS><vTotNF>{total:.2f}</vTotNF><gIBS><vIBSTot>1.00</vIBSTot>"
    "<gIBSUFTot><vIBSUF>1.00</vIBSUF></gIBSUFTot><gIBSMunTot><vIBSMun>0.00</vIBSMun></gIBSMunTot>"
    "</gIBS><gCBS><vCBS>9.00</vCBS></gCBS></totCIBS></IBSCBS>"
)
