"""NF-e and NFC-e (models 55 and 65), alone or with their protocol."""

from __future__ import annotations

from dataclasses import replace

from services.fiscal import access_key, fields
from services.fiscal.facts import Facts, NotFiscal, OtherParty
from services.fiscal.fields import Element, Reader, first, texts
from services.fiscal.layout import Layout

NAMESPACE = "http://www.portalfiscal.inf.br/nfe"
_NS = f"{{{NAMESPACE}}}"
_MODELS = {"55": "NFe", "65": "NFCe"}
_BASICS = tuple(f"{_NS}{name}" for name in ("mod", "serie", "nNF", "dhEmi", "dEmi"))
_AUTHORISED = frozenset({"100", "150"})


def _proc(root: Element) -> Facts | NotFiscal:
    nfe = first(root, f"{_NS}NFe")
    if nfe is None:
        return fields.incomplete("NFe")
    return _read(nfe, first(root, f"{_NS}protNFe", f"{_NS}infProt"))


def _read(nfe: Element, protocol: Element | None = None) -> Facts | NotFiscal:
    info = first(nfe, f"{_NS}infNFe")
    ide = None if info is None else first(info, f"{_NS}ide")
    if info is None or ide is None:
        return fields.incomplete("infNFe")
    key = fields.key(info.get("Id", "").removeprefix("NFe"))
    if key is None:
        return fields.incomplete("Id")
    basics = {child.tag: child.text for child in ide.iterchildren(*_BASICS)}
    kind = _MODELS.get(basics.get(f"{_NS}mod") or "")
    if kind is None:
        return NotFiscal("unsupported", "mod", looks_fiscal=True)
    issuer = texts(first(info, f"{_NS}emit"), _NS)
    recipient = texts(first(info, f"{_NS}dest"), _NS)
    carrier = texts(first(info, f"{_NS}transp", f"{_NS}transporta"), _NS)
    carrier_cnpj = fields.cnpj(carrier.get("CNPJ"))
    proof = texts(protocol, _NS)
    total = first(info, f"{_NS}total", f"{_NS}ICMSTot", f"{_NS}vNF")
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
        others=(OtherParty("carrier", carrier_cnpj, fields.name(carrier)),) if carrier_cnpj else (),
        number=fields.number(basics.get(f"{_NS}nNF"), 9),
        series=fields.number(basics.get(f"{_NS}serie"), 3),
        issued_at=fields.instant(basics.get(f"{_NS}dhEmi") or basics.get(f"{_NS}dEmi")),
        total=None if total is None else fields.amount(total.text),
        authorised=proof.get("cStat") in _AUTHORISED and proof.get("chNFe") == key,
        protocol=proof.get("nProt", "")[:20],
    )


READERS: dict[str, Reader] = {f"{_NS}nfeProc": _proc, f"{_NS}NFe": _read}

_IDE = f"{_NS}ide/{_NS}"
_ALONE = Layout(
    covered=f"{_NS}infNFe",
    prefix="NFe",
    stated={
        "uf": f"{_IDE}cUF",
        "model": f"{_IDE}mod",
        "series": f"{_IDE}serie",
        "number": f"{_IDE}nNF",
        "code": f"{_IDE}cNF",
        "check_digit": f"{_IDE}cDV",
    },
    signers=(f"{_NS}emit/{_NS}CNPJ", f"{_NS}emit/{_NS}CPF"),
    by_authority=range(890, 920),
    signed_at=(f"{_IDE}dhEmi",),
    answer=f"{_NS}protNFe/{_NS}infProt",
    answered_key=f"{_NS}chNFe",
    schema="nfe/nfe",
)
LAYOUTS = {
    f"{_NS}NFe": _ALONE,
    f"{_NS}nfeProc": replace(_ALONE, body=f"{_NS}NFe", schema="nfe/procNFe"),
}
