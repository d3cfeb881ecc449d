"""CF-e SAT (model 59) and its cancellation, which has a key of its own."""

from __future__ import annotations

from services.fiscal import access_key, fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.layout import Layout

# The devices write without a namespace; what SEFAZ gives out may have this one.
_NAMESPACES = ("", "{http://www.fazenda.sp.gov.br/sat}")


def _read(root: Element) -> Facts | NotFiscal:
    space, _, kind = root.tag.rpartition("}")
    ns = f"{space}}}" if space else ""
    info = root.find(f"{ns}infCFe")
    if info is None:
        return fields.incomplete("infCFe")
    key = fields.key(info.get("Id", "").removeprefix("CFe"))
    if key is None:
        return fields.incomplete("Id")
    basics = texts(info.find(f"{ns}ide"), ns)
    issuer = texts(info.find(f"{ns}emit"), ns)
    recipient = texts(info.find(f"{ns}dest"), ns)
    return Facts(
        kind=kind,
        access_key=key,
        key_ok=access_key.is_valid(key),
        issuer_cnpj=fields.cnpj(issuer.get("CNPJ")),
        issuer_name=fields.name(issuer),
        recipient_cnpj=fields.cnpj(recipient.get("CNPJ")),
        recipient_cpf=fields.cpf(recipient.get("CPF")),
        recipient_name=fields.name(recipient),
        number=fields.number(basics.get("nCFe"), 6),
        series=fields.number(basics.get("nserieSAT"), 9),
        issued_at=fields.instant(f"{basics.get('dEmi', '')}T{basics.get('hEmi', '')}"),
        total=fields.amount(info.findtext(f"{ns}total/{ns}vCFe")),
        authorised="assinaturaQRCODE" in basics,
    )


READERS: dict[str, Reader] = {
    f"{ns}{name}": _read for ns in _NAMESPACES for name in ("CFe", "CFeCanc")
}
LAYOUTS = {
    f"{ns}{name}": Layout(
        covered=f"{ns}infCFe",
        prefix="CFe",
        stated={"uf": f"{ns}ide/{ns}cUF", "model": f"{ns}ide/{ns}mod"},
        signers=(f"{ns}emit/{ns}CNPJ",),
        signed_at=(f"{ns}ide/{ns}dEmi", f"{ns}ide/{ns}hEmi"),
    )
    for ns in _NAMESPACES
    for name in ("CFe", "CFeCanc")
}
