"""Bills of public services: NFCom (telecommunications), NF3e (energy), BP-e (tickets).

BP-e has three layouts: of coaches, of flights (TA), and of a day's metropolitan transport (TM),
which names no buyer. What stands round a TM (``bpeTMProc``, with ``protBPe``) is in the published
schemas. Round a TA they have nothing: ``bpeTAProc`` is what issuing programs write, and that the
answer in it is as in the other two is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from services.fiscal import access_key, fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.layout import Layout

_SITE = "http://www.portalfiscal.inf.br"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the layouts differ: element, namespace, model, buyer, number, value, schema round it."""

    kind: str
    element: str
    space: str
    model: str
    buyer: str
    number: str
    total: str
    proc_schema: str

    @property
    def ns(self) -> str:
        return f"{{{_SITE}/{self.space}}}"


_LAYOUTS = (
    _Layout("NFCom", "NFCom", "nfcom", "62", "dest", "nNF", "total/vNF", "nfcom/procNFCom"),
    _Layout("NF3e", "NF3e", "nf3e", "66", "dest", "nNF", "total/vNF", "nf3e/procNF3e"),
    _Layout("BPe", "BPe", "bpe", "63", "comp", "nBP", "infValorBPe/vBP", "bpe/procBPe"),
    _Layout("BPe", "BPeTA", "bpe", "63", "comp", "nBP", "infValorBPe/vBP", ""),
    _Layout("BPe", "BPeTM", "bpe", "63", "comp", "nBP", "total/vBP", "bpe/procBPeTM"),
)
NAMESPACES = {layout.kind: layout.ns for layout in _LAYOUTS}


def _proc(root: Element, layout: _Layout) -> Facts | NotFiscal:
    body = root.find(f"{layout.ns}{layout.element}")
    if body is None:
        return fields.incomplete(layout.element)
    return _read(body, layout, root.find(f"{layout.ns}prot{layout.kind}/{layout.ns}infProt"))


def _read(body: Element, layout: _Layout, protocol: Element | None = None) -> Facts | NotFiscal:
    ns = layout.ns
    info = body.find(f"{ns}inf{layout.kind}")
    if info is None:
        return fields.incomplete(f"inf{layout.kind}")
    key = fields.key(info.get("Id", "").removeprefix(layout.kind))
    if key is None:
        return fields.incomplete("Id")
    basics = texts(info.find(f"{ns}ide"), ns)
    if basics.get("mod") != layout.model:
        return NotFiscal("unsupported", "mod", looks_fiscal=True)
    issuer = texts(info.find(f"{ns}emit"), ns)
    buyer = texts(info.find(f"{ns}{layout.buyer}"), ns)
    proof = texts(protocol, ns)
    return Facts(
        kind=layout.kind,
        access_key=key,
        key_ok=access_key.is_valid(key),
        issuer_cnpj=fields.cnpj(issuer.get("CNPJ")),
        issuer_name=fields.name(issuer),
        recipient_cnpj=fields.cnpj(buyer.get("CNPJ")),
        recipient_cpf=fields.cpf(buyer.get("CPF")),
        recipient_name=fields.name(buyer),
        number=fields.number(basics.get(layout.number), 9),
        series=fields.number(basics.get("serie"), 3),
        issued_at=fields.instant(basics.get("dhEmi")),
        total=fields.amount(
            info.findtext("/".join(f"{ns}{step}" for step in layout.total.split("/")))
        ),
        authorised=proof.get("cStat") == "100" and proof.get(f"ch{layout.kind}") == key,
        protocol=proof.get("nProt", "")[:20],
    )


def _where(layout: _Layout) -> Layout:
    ns = layout.ns
    return Layout(
        covered=f"{ns}inf{layout.kind}",
        prefix=layout.kind,
        stated={
            "uf": f"{ns}ide/{ns}cUF",
            "model": f"{ns}ide/{ns}mod",
            "series": f"{ns}ide/{ns}serie",
            "number": f"{ns}ide/{ns}{layout.number}",
        },
        signers=(f"{ns}emit/{ns}CNPJ",),
        signed_at=(f"{ns}ide/{ns}dhEmi",),
        answer=f"{ns}prot{layout.kind}/{ns}infProt",
        answered_key=f"{ns}ch{layout.kind}",
        schema=f"{layout.space}/{_lowered(layout)}",
    )


def _lowered(layout: _Layout) -> str:
    """How the element is called in the names of schemas and of what stands round it: ``bpeTM``."""
    return layout.element.replace(layout.kind, layout.space)


READERS: dict[str, Reader] = {}
LAYOUTS: dict[str, Layout] = {}
for _layout in _LAYOUTS:
    _element, _whole = f"{_layout.ns}{_layout.element}", f"{_layout.ns}{_lowered(_layout)}Proc"
    LAYOUTS[_element] = _where(_layout)
    LAYOUTS[_whole] = replace(_where(_layout), body=_element, schema=_layout.proc_schema)
    READERS[_element] = partial(_read, layout=_layout)
    READERS[_whole] = partial(_proc, layout=_layout)
