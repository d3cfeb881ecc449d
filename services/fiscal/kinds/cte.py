"""CT-e (also the simplified one), CT-e OS and GTV-e: models 57, 67 and 64."""

from __future__ import annotations

from dataclasses import replace

from services.fiscal import access_key, fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.layout import Layout

NAMESPACE = "http://www.portalfiscal.inf.br/cte"
_NS = f"{{{NAMESPACE}}}"
_MODELS = {"57": "CTe", "67": "CTeOS", "64": "GTVe"}
_BODIES = ("CTe", "CTeOS", "GTVe", "CTeSimp")
_ROLES = {"rem": "sender", "exped": "dispatcher", "receb": "receiver"}
# Whom the code of the service taker points to; in a GTV-e 1 is the recipient.
_TAKERS = {"0": "rem", "1": "exped", "2": "receb", "3": "dest"}
_GTVE_TAKERS = {"0": "rem", "1": "dest"}
_AUTHORISED = frozenset({"100", "150"})


def _proc(root: Element) -> Facts | NotFiscal:
    for name in _BODIES:
        body = root.find(f"{_NS}{name}")
        if body is not None:
            return _read(body, root.find(f"{_NS}protCTe/{_NS}infProt"))
    return fields.incomplete("CTe")


def _read(body: Element, protocol: Element | None = None) -> Facts | NotFiscal:
    info = body.find(f"{_NS}infCte")
    ide = None if info is None else info.find(f"{_NS}ide")
    if info is None or ide is None:
        return fields.incomplete("infCte")
    key = fields.key(info.get("Id", "").removeprefix("CTe"))
    if key is None:
        return fields.incomplete("Id")
    basics = texts(ide, _NS)
    kind = _MODELS.get(basics.get("mod", ""))
    if kind is None:
        return NotFiscal("unsupported", "mod", looks_fiscal=True)
    issuer = texts(info.find(f"{_NS}emit"), _NS)
    taker = texts(_taker(info, ide, kind), _NS)
    recipient = texts(info.find(f"{_NS}dest"), _NS) or taker
    named = [(role, texts(info.find(f"{_NS}{name}"), _NS)) for name, role in _ROLES.items()]
    proof = texts(protocol, _NS)
    return Facts(
        kind=kind,
        access_key=key,
        key_ok=access_key.is_valid(key),
        issuer_cnpj=fields.cnpj(issuer.get("CNPJ")),
        issuer_name=fields.name(issuer),
        recipient_cnpj=fields.cnpj(recipient.get("CNPJ")),
        recipient_cpf=fields.cpf(recipient.get("CPF")),
        recipient_name=fields.name(recipient),
        recipient_email=fields.email(recipient),
        others=fields.others([("taker", taker), *named]),
        number=fields.number(basics.get("nCT"), 9),
        series=fields.number(basics.get("serie"), 3),
        issued_at=fields.instant(basics.get("dhEmi")),
        total=fields.amount(
            info.findtext(f"{_NS}vPrest/{_NS}vTPrest") or info.findtext(f"{_NS}total/{_NS}vTPrest")
        ),
        authorised=proof.get("cStat") in _AUTHORISED and proof.get("chCTe") == key,
        protocol=proof.get("nProt", "")[:20],
    )


def _taker(info: Element, ide: Element, kind: str) -> Element | None:
    """Who pays for the transport: a party of its own, or a code that points to another."""
    for own in (info.find(f"{_NS}toma"), ide.find(f"{_NS}toma4"), ide.find(f"{_NS}tomaTerceiro")):
        if own is not None:
            return own
    for name in ("toma3", "toma03", "toma"):
        code = ide.findtext(f"{_NS}{name}/{_NS}toma")
        pointed = (_GTVE_TAKERS if kind == "GTVe" else _TAKERS).get(code or "")
        if pointed:
            return info.find(f"{_NS}{pointed}")
    return None


READERS: dict[str, Reader] = {
    **{f"{_NS}{name}": _proc for name in ("cteProc", "cteOSProc", "GTVeProc", "cteSimpProc")},
    **{f"{_NS}{name}": _read for name in _BODIES},
}

_IDE = f"{_NS}ide/{_NS}"
_ALONE = Layout(
    covered=f"{_NS}infCte",
    prefix="CTe",
    stated={
        "uf": f"{_IDE}cUF",
        "model": f"{_IDE}mod",
        "series": f"{_IDE}serie",
        "number": f"{_IDE}nCT",
        "code": f"{_IDE}cCT",
        "check_digit": f"{_IDE}cDV",
    },
    signers=(f"{_NS}emit/{_NS}CNPJ", f"{_NS}emit/{_NS}CPF"),
    signed_at=(f"{_IDE}dhEmi",),
    answer=f"{_NS}protCTe/{_NS}infProt",
    answered_key=f"{_NS}chCTe",
    inner={
        "rodo": "cte/cteModalRodoviario",
        "rodoOS": "cte/cteModalRodoviarioOS",
        "aereo": "cte/cteModalAereo",
        "aquav": "cte/cteModalAquaviario",
        "ferrov": "cte/cteModalFerroviario",
        "duto": "cte/cteModalDutoviario",
        "multimodal": "cte/cteMultiModal",
    },
)
_IN_NORMAL = f"{_NS}infCTeNorm/{_NS}infModal"
_WHERE = {
    "CTe": ("cte/cte", "cteProc", _IN_NORMAL),
    "CTeOS": ("cte/cteOS", "cteOSProc", _IN_NORMAL),
    "GTVe": ("cte/GTVe", "GTVeProc", ""),
    "CTeSimp": ("cte/cteSimp", "cteSimpProc", f"{_NS}infModal"),
}
LAYOUTS: dict[str, Layout] = {}
for _name, (_schema, _root, _inside) in _WHERE.items():
    LAYOUTS[f"{_NS}{_name}"] = replace(_ALONE, schema=_schema, inside=_inside)
    LAYOUTS[f"{_NS}{_root}"] = replace(
        _ALONE, body=f"{_NS}{_name}", schema=f"cte/proc{_name}", inside=_inside
    )
