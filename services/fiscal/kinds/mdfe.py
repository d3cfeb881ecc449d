"""MDF-e (model 58), alone or with its protocol."""

from __future__ import annotations

from dataclasses import replace

from services.fiscal import access_key, fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.layout import Layout

NAMESPACE = "http://www.portalfiscal.inf.br/mdfe"
_NS = f"{{{NAMESPACE}}}"
_ROAD = f"{_NS}infModal/{_NS}rodo"
_PARTIES_LIMIT = 100


def _proc(root: Element) -> Facts | NotFiscal:
    body = root.find(f"{_NS}MDFe")
    if body is None:
        return fields.incomplete("MDFe")
    return _read(body, root.find(f"{_NS}protMDFe/{_NS}infProt"))


def _read(body: Element, protocol: Element | None = None) -> Facts | NotFiscal:
    info = body.find(f"{_NS}infMDFe")
    ide = None if info is None else info.find(f"{_NS}ide")
    if info is None or ide is None:
        return fields.incomplete("infMDFe")
    key = fields.key(info.get("Id", "").removeprefix("MDFe"))
    if key is None:
        return fields.incomplete("Id")
    basics = texts(ide, _NS)
    issuer = texts(info.find(f"{_NS}emit"), _NS)
    hirers = info.findall(f"{_ROAD}/{_NS}infANTT/{_NS}infContratante")[:_PARTIES_LIMIT]
    owner = texts(info.find(f"{_ROAD}/{_NS}veicTracao/{_NS}prop"), _NS)
    proof = texts(protocol, _NS)
    return Facts(
        kind="MDFe",
        access_key=key,
        key_ok=access_key.is_valid(key),
        issuer_cnpj=fields.cnpj(issuer.get("CNPJ")),
        issuer_name=fields.name(issuer),
        others=fields.others(
            [*(("hirer", texts(one, _NS)) for one in hirers), ("owner", owner)],
        ),
        number=fields.number(basics.get("nMDF"), 9),
        series=fields.number(basics.get("serie"), 3),
        issued_at=fields.instant(basics.get("dhEmi")),
        authorised=proof.get("cStat") == "100" and proof.get("chMDFe") == key,
        protocol=proof.get("nProt", "")[:20],
    )


READERS: dict[str, Reader] = {f"{_NS}mdfeProc": _proc, f"{_NS}MDFe": _read}

_IDE = f"{_NS}ide/{_NS}"
_ALONE = Layout(
    covered=f"{_NS}infMDFe",
    prefix="MDFe",
    stated={
        "uf": f"{_IDE}cUF",
        "model": f"{_IDE}mod",
        "series": f"{_IDE}serie",
        "number": f"{_IDE}nMDF",
        "code": f"{_IDE}cMDF",
        "check_digit": f"{_IDE}cDV",
    },
    signers=(f"{_NS}emit/{_NS}CNPJ", f"{_NS}emit/{_NS}CPF"),
    signed_at=(f"{_IDE}dhEmi",),
    answer=f"{_NS}protMDFe/{_NS}infProt",
    answered_key=f"{_NS}chMDFe",
    schema="mdfe/mdfe",
    inside=f"{_NS}infModal",
    inner={
        "rodo": "mdfe/mdfeModalRodoviario",
        "aereo": "mdfe/mdfeModalAereo",
        "aquav": "mdfe/mdfeModalAquaviario",
        "ferrov": "mdfe/mdfeModalFerroviario",
    },
)
LAYOUTS = {
    f"{_NS}MDFe": _ALONE,
    f"{_NS}mdfeProc": replace(_ALONE, body=f"{_NS}MDFe", schema="mdfe/procMDFe"),
}
