"""From the bytes of an XML to the facts of a fiscal document (R37)."""

from __future__ import annotations

import re

from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Reader
from services.fiscal.kinds import bills, cfe, cte, events, mdfe, municipal, nfe, nfse, others
from services.fiscal.xml import UnsafeXml, parse, wide_encoding

NFE = nfe.NAMESPACE

READERS: dict[str, Reader] = {
    **nfe.READERS,
    **cte.READERS,
    **mdfe.READERS,
    **nfse.READERS,
    **cfe.READERS,
    **bills.READERS,
    **events.READERS,
    **others.READERS,
}
"""Who reads which root element."""

# A namespace, not a mere link to that site in some page; or the element that every kind has.
_FISCAL = re.compile(
    rb"""xmlns(?::[\w.\-]{1,40})?\s*=\s*["']https?://www\.(?:portalfiscal\.inf\.br/|"""
    rb"""sped\.fazenda\.gov\.br/nfse)"""
    rb"""|<(?:[\w.\-]{1,40}:)?(?:inf(?:NFe|Cte|MDFe|CFe|NFSe|DPS|Evento)|InfNfse)[\s>]"""
)
_NAMESPACES = ("portalfiscal.inf.br/", nfse.NAMESPACE)


def recognise(data: bytes) -> Facts | NotFiscal:
    """The facts of the document in ``data``, or why it is none; never raises on any bytes."""
    try:
        root = parse(data)
    except UnsafeXml as refusal:
        return NotFiscal(refusal.reason, refusal.detail, names_fiscal(data))
    reader = READERS.get(root.tag)
    if reader is not None:
        return reader(root)
    if municipal.is_document(root):
        answer = municipal.read(root)
        if isinstance(answer, Facts):
            return answer
    local = root.tag.rpartition("}")[2][:100]
    if any(namespace in root.tag for namespace in _NAMESPACES) or names_fiscal(data):
        return NotFiscal("unsupported", local, looks_fiscal=True)
    return NotFiscal("other", local)


def names_fiscal(data: bytes) -> bool:
    """True when the bytes speak of a fiscal document in the way that one does of itself."""
    encoding = wide_encoding(data)
    if encoding:
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    return _FISCAL.search(data) is not None
