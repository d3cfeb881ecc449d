"""Numbers declared void, and the summaries that stand for documents which are elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace

from services.fiscal import fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.kinds import cte, nfe
from services.fiscal.layout import Layout

_NFE = f"{{{nfe.NAMESPACE}}}"
_CTE = f"{{{cte.NAMESPACE}}}"
_VOID_ID = re.compile(r"[0-9]{4}[0-9A-Z]{14}[0-9]{23}")


def _void(root: Element) -> Facts | NotFiscal:
    asked = root if root.tag == f"{_NFE}inutNFe" else root.find(f"{_NFE}inutNFe")
    info = None if asked is None else asked.find(f"{_NFE}infInut")
    if info is None:
        return fields.incomplete("infInut")
    key = info.get("Id", "").removeprefix("ID")
    if not _VOID_ID.fullmatch(key):
        return fields.incomplete("Id")
    request = texts(info, _NFE)
    answer = texts(root.find(f"{_NFE}retInutNFe/{_NFE}infInut"), _NFE)
    return Facts(
        kind="InutNFe",
        access_key=key,
        key_ok=None,
        issuer_cnpj=fields.cnpj(request.get("CNPJ")),
        number=fields.number(request.get("nNFIni"), 9),
        series=fields.number(request.get("serie"), 3),
        issued_at=fields.instant(answer.get("dhRecbto")),
        authorised=answer.get("cStat") == "102",
        protocol=answer.get("nProt", "")[:20],
    )


def _summary(root: Element) -> Facts | NotFiscal:
    """A summary names no recipient: whose it is, only who asked for it knows."""
    ns = root.tag.rpartition("}")[0] + "}"
    known = texts(root, ns)
    key = known.get("chNFe") or known.get("chCTe") or ""
    return NotFiscal("summary", f"{root.tag.rpartition('}')[2]} {key}"[:100], looks_fiscal=True)


READERS: dict[str, Reader] = {
    **{f"{_NFE}{name}": _void for name in ("ProcInutNFe", "procInutNFe", "inutNFe")},
    **{f"{_NFE}{name}": _summary for name in ("resNFe", "resEvento")},
    f"{_CTE}resCTe": _summary,
}

_VOID_ALONE = Layout(
    covered=f"{_NFE}infInut",
    prefix="ID",
    key_form="",
    signers=(f"{_NFE}CNPJ", f"{_NFE}CPF"),
    answer=f"{_NFE}retInutNFe/{_NFE}infInut",
    answered_at=f"{_NFE}dhRecbto",
    schema="nfe/inutNFe",
)
LAYOUTS = {
    f"{_NFE}inutNFe": _VOID_ALONE,
    f"{_NFE}ProcInutNFe": replace(_VOID_ALONE, body=f"{_NFE}inutNFe", schema="nfe/procInutNFe"),
    f"{_NFE}procInutNFe": replace(_VOID_ALONE, body=f"{_NFE}inutNFe", schema=""),
}
