"""Documents of transport: CT-e, CT-e OS, GTV-e, simplified CT-e and MDF-e, signed and authorised."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from xml.sax.saxutils import escape

from tests.documents import certificates
from tests.documents.generator import ISSUED, Party, access_key, digest, identity, sign

CTE = "http://www.portalfiscal.inf.br/cte"
MDFE = "http://www.portalfiscal.inf.br/mdfe"
_TOWN = "<cMun{0}>3550308</cMun{0}><xMun{0}>São Paulo</xMun{0}>"


def cte(
    issuer: Party,
    recipient: Party | None,
    number: int,
    *,
    sender: Party | None = None,
    dispatcher: Party | None = None,
    receiver: Party | None = None,
    taker: Party | str = "3",
    total: Decimal = Decimal("350.10"),
    authorised: bool = True,
    signed: bool = True,
) -> bytes:
    """A CT-e; ``taker`` is a party of its own or the code of one of the others."""
    pays = (
        f"<toma3><toma>{taker}</toma></toma3>"
        if isinstance(taker, str)
        else f"<toma4><toma>4</toma>{_party('', taker, 'enderToma')}</toma4>"
    )
    inner = (
        f"<ide>{_ide(issuer, number, 57)}<tpCTe>0</tpCTe><procEmi>0</procEmi><verProc>1.0</verProc>"
        f"{_TOWN.format('Env')}<UFEnv>SP</UFEnv><modal>01</modal><tpServ>0</tpServ>"
        f"{_TOWN.format('Ini')}<UFIni>SP</UFIni>{_TOWN.format('Fim')}<UFFim>SP</UFFim>"
        f"<retira>1</retira><indIEToma>9</indIEToma>{pays}</ide>"
        f"{_issuer(issuer)}"
        f"{_party('rem', sender, 'enderReme')}{_party('exped', dispatcher, 'enderExped')}"
        f"{_party('receb', receiver, 'enderReceb')}{_party('dest', recipient, 'enderDest')}"
        f"<vPrest><vTPrest>{total:.2f}</vTPrest><vRec>{total:.2f}</vRec></vPrest>{_TAXES}"
        "<infCTeNorm><infCarga><proPred>FARINHA</proPred><infQ><cUnid>01</cUnid>"
        "<tpMed>PESO BRUTO</tpMed><qCarga>10.0000</qCarga></infQ></infCarga>"
        '<infModal versaoModal="4.00"><rodo><RNTRC>12345678</RNTRC></rodo></infModal></infCTeNorm>'
    )
    return _cte("CTe", "cteProc", issuer, number, 57, inner, authorised, signed)


def cte_os(
    issuer: Party, taker: Party | None, number: int, *, total: Decimal = Decimal("99.00")
) -> bytes:
    """A CT-e of other services (model 67)."""
    inner = (
        f"<ide>{_ide(issuer, number, 67)}<tpCTe>0</tpCTe><procEmi>0</procEmi><verProc>1.0</verProc>"
        f"{_TOWN.format('Env')}<UFEnv>SP</UFEnv><modal>01</modal><tpServ>7</tpServ>"
        "<indIEToma>9</indIEToma></ide>"
        f"{_issuer(issuer)}{_party('toma', taker, 'enderToma')}"
        f"<vPrest><vTPrest>{total:.2f}</vTPrest><vRec>{total:.2f}</vRec></vPrest>{_TAXES}"
        "<infCTeNorm><infServico><xDescServ>TRANSPORTE DE VALORES</xDescServ></infServico></infCTeNorm>"
    )
    return _cte("CTeOS", "cteOSProc", issuer, number, 67, inner, True, True)


def gtve(issuer: Party, sender: Party, recipient: Party, number: int, *, taker: str = "1") -> bytes:
    """A guide for the transport of valuables (model 64); ``taker`` 0 is the sender, 1 the recipient."""
    when = ISSUED.isoformat(timespec="seconds")
    inner = (
        f"<ide>{_ide(issuer, number, 64)}<tpCTe>4</tpCTe><verProc>1.0</verProc>"
        f"{_TOWN.format('Env')}<UFEnv>SP</UFEnv><modal>01</modal><tpServ>9</tpServ>"
        f"<indIEToma>9</indIEToma><dhSaidaOrig>{when}</dhSaidaOrig>"
        f"<dhChegadaDest>{when}</dhChegadaDest><toma><toma>{taker}</toma></toma></ide>"
        f"{_issuer(issuer, regime=False)}{_party('rem', sender, 'enderReme')}"
        f"{_party('dest', recipient, 'enderDest')}"
        "<detGTV><infEspecie><tpEspecie>1</tpEspecie><vEspecie>1000.00</vEspecie>"
        "<tpNumerario>1</tpNumerario></infEspecie><qCarga>1.0000</qCarga>"
        "<infVeiculo><placa>ABC1D23</placa></infVeiculo></detGTV>"
    )
    return _cte("GTVe", "GTVeProc", issuer, number, 64, inner, True, True)


def cte_simplified(
    issuer: Party, taker: Party, number: int, *, total: Decimal = Decimal("120.00")
) -> bytes:
    """A simplified CT-e: one taker, several deliveries."""
    inner = (
        f"<ide>{_ide(issuer, number, 57)}<tpCTe>5</tpCTe><procEmi>0</procEmi><verProc>1.0</verProc>"
        f"{_TOWN.format('Env')}<UFEnv>SP</UFEnv><modal>01</modal><tpServ>0</tpServ>"
        "<UFIni>SP</UFIni><UFFim>SP</UFFim><retira>1</retira></ide>"
        f"{_issuer(issuer)}<toma><toma>4</toma><indIEToma>9</indIEToma>"
        f"{_party('', taker, 'enderToma')}</toma>"
        "<infCarga><vCarga>10.00</vCarga><proPred>FARINHA</proPred><infQ><cUnid>01</cUnid>"
        "<tpMed>01</tpMed><qCarga>10.0000</qCarga></infQ></infCarga>"
        f'<det nItem="1">{_TOWN.format("Ini")}{_TOWN.format("Fim")}'
        f"<vPrest>{total:.2f}</vPrest><vRec>{total:.2f}</vRec>"
        f"<infNFe><chNFe>{access_key(issuer.cnpj, 1)}</chNFe></infNFe></det>"
        '<infModal versaoModal="4.00"><rodo><RNTRC>12345678</RNTRC></rodo></infModal>'
        f"{_TAXES}<total><vTPrest>{total:.2f}</vTPrest><vTRec>{total:.2f}</vTRec></total>"
    )
    return _cte("CTeSimp", "cteSimpProc", issuer, number, 57, inner, True, True)


def mdfe(
    issuer: Party, number: int, *, hirer: Party | None = None, owner: Party | None = None
) -> bytes:
    """A manifest (model 58); ``hirer`` contracts the transport, ``owner`` has the lorry."""
    key = access_key(issuer.cnpj or issuer.cpf, number, model=58)
    contract = (
        f"<infANTT><infContratante><xNome>{escape(hirer.name)}</xNome>{identity(hirer)}"
        "</infContratante></infANTT>"
        if hirer
        else ""
    )
    belongs = (
        f"<prop>{identity(owner)}<RNTRC>12345678</RNTRC><xNome>{escape(owner.name)}</xNome>"
        "<IE>110042490114</IE><UF>SP</UF><tpProp>0</tpProp></prop>"
        if owner
        else ""
    )
    inner = (
        f"<ide><cUF>35</cUF><tpAmb>2</tpAmb><tpEmit>1</tpEmit><mod>58</mod><serie>1</serie>"
        f"<nMDF>{number}</nMDF><cMDF>{key[35:43]}</cMDF><cDV>{key[43]}</cDV><modal>1</modal>"
        f"<dhEmi>{ISSUED.isoformat(timespec='seconds')}</dhEmi><tpEmis>1</tpEmis>"
        "<procEmi>0</procEmi><verProc>1.0</verProc><UFIni>SP</UFIni><UFFim>SP</UFFim>"
        f"<infMunCarrega>{_TOWN.format('Carrega')}</infMunCarrega></ide>"
        f"{_issuer(issuer, regime=False)}"
        f'<infModal versaoModal="3.00"><rodo>{contract}<veicTracao><placa>ABC1D23</placa>'
        f"<tara>1000</tara>{belongs}<condutor><xNome>MOTORISTA DE TESTE</xNome>"
        "<CPF>52998224725</CPF></condutor><tpRod>01</tpRod><tpCar>00</tpCar></veicTracao></rodo>"
        f"</infModal><infDoc><infMunDescarga>{_TOWN.format('Descarga')}</infMunDescarga></infDoc>"
        "<tot><vCarga>10.00</vCarga><cUnid>01</cUnid><qCarga>10.0000</qCarga></tot>"
    )
    return _whole(MDFE, "MDFe", "infMDFe", "mdfeProc", "protMDFe", "3.00", issuer, key, inner)


def _cte(
    name: str,
    proc: str,
    issuer: Party,
    number: int,
    model: int,
    inner: str,
    authorised: bool,
    signed: bool,
) -> bytes:
    key = access_key(issuer.cnpj or issuer.cpf, number, model=model)
    return _whole(
        CTE,
        name,
        "infCte",
        proc,
        "protCTe",
        "4.00",
        issuer,
        key,
        inner,
        authorised=authorised,
        signed=signed,
    )


def _whole(
    namespace: str,
    name: str,
    info: str,
    proc: str,
    proof: str,
    version: str,
    issuer: Party,
    key: str,
    inner: str,
    *,
    authorised: bool = True,
    signed: bool = True,
) -> bytes:
    """The document round ``inner``, signed by its issuer and with its protocol."""
    prefix = "MDFe" if info == "infMDFe" else "CTe"
    attributes = f'Id="{prefix}{key}" versao="{version}"'
    seal = ""
    if signed:
        der = certificates.certificate(issuer.cnpj or issuer.cpf, name=issuer.name)
        covered = f'<{info} xmlns="{namespace}" {attributes}>{inner}</{info}>'
        seal = sign(covered, f"{prefix}{key}", der)
    said = f' versao="{version}"' if name in ("CTeOS", "GTVe") else ""
    code = (
        f"<{info}Supl><qrCodCTe>https://dfe-portal.svrs.rs.gov.br/cte/qrCode?chCTe={key}&amp;tpAmb=2"
        f"</qrCodCTe></{info}Supl>".replace("infCteSupl", "infCTeSupl")
        if info == "infCte"
        else f"<infMDFeSupl><qrCodMDFe>https://dfe-portal.svrs.rs.gov.br/mdfe/qrCode?chMDFe={key}"
        "&amp;tpAmb=2</qrCodMDFe></infMDFeSupl>"
    )
    body = f'<{name} xmlns="{namespace}"{said}><{info} {attributes}>{inner}</{info}>{code}{seal}</{name}>'
    if authorised:
        body = (
            f'<{proc} xmlns="{namespace}" versao="{version}">{body}'
            f'<{proof} versao="{version}"><infProt><tpAmb>2</tpAmb><verAplic>SP_1.0</verAplic>'
            f"<ch{prefix}>{key}</ch{prefix}>"
            f"<dhRecbto>{ISSUED.isoformat(timespec='seconds')}</dhRecbto>"
            f"<nProt>135{int(key[25:34]):012d}</nProt>"
            f"<digVal>{digest(seal)}</digVal><cStat>100</cStat>"
            f"<xMotivo>Autorizado o uso</xMotivo></infProt></{proof}></{proc}>"
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode()


def _ide(issuer: Party, number: int, model: int, *, at: datetime = ISSUED) -> str:
    key = access_key(issuer.cnpj or issuer.cpf, number, model=model)
    return (
        f"<cUF>35</cUF><cCT>{key[35:43]}</cCT><CFOP>5353</CFOP><natOp>TRANSPORTE</natOp>"
        f"<mod>{model}</mod><serie>1</serie><nCT>{number}</nCT>"
        f"<dhEmi>{at.isoformat(timespec='seconds')}</dhEmi><tpImp>1</tpImp><tpEmis>1</tpEmis>"
        f"<cDV>{key[43]}</cDV><tpAmb>2</tpAmb>"
    )


def _place(name: str) -> str:
    return (
        f"<{name}><xLgr>Avenida Paulista</xLgr><nro>1000</nro><xBairro>Bela Vista</xBairro>"
        f"<cMun>3550308</cMun><xMun>São Paulo</xMun><CEP>01310100</CEP><UF>SP</UF></{name}>"
    )


def _issuer(party: Party, *, regime: bool = True) -> str:
    return (
        f"<emit>{identity(party)}<IE>110042490114</IE><xNome>{escape(party.name)}</xNome>"
        f"{_place('enderEmit')}{'<CRT>3</CRT>' if regime else ''}</emit>"
    )


def _party(name: str, party: Party | None, where: str) -> str:
    if party is None:
        return ""
    email = f"<email>{escape(party.email)}</email>" if party.email else ""
    inner = f"{identity(party)}<xNome>{escape(party.name)}</xNome>{_place(where)}{email}"
    return f"<{name}>{inner}</{name}>" if name else inner


_TAXES = "<imp><ICMS><ICMS45><CST>40</CST></ICMS45></ICMS></imp>"
