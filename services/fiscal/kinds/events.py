"""Events: cancellation, correction letter, manifestation and the like, of all that have them.

An event is told by type, key and sequence, however much of it a file holds: the request alone, the
answer alone, or both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from services.fiscal import access_key, fields
from services.fiscal import cnpj as cnpjs
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.kinds import bills, cte, mdfe, nfe, nfse

_TYPE = re.compile(r"[0-9]{6}")
_NFSE_TYPE = re.compile(r"e([0-9]{6})")
_NFSE_SEQUENCE = re.compile(r"PRE[0-9A-Z]{56}([0-9]{3})")
# Registered: linked to the document, not linked to it, or after the term.
_REGISTERED = frozenset({"134", "135", "136", "155"})


@dataclass(frozen=True, slots=True)
class Family:
    """The events of one kind of document: namespace, request, answer, and the document's key."""

    kind: str
    ns: str
    event: str
    answer: str
    key: str


FAMILIES = (
    Family("EventoNFe", f"{{{nfe.NAMESPACE}}}", "evento", "retEvento", "chNFe"),
    Family("EventoCTe", f"{{{cte.NAMESPACE}}}", "eventoCTe", "retEventoCTe", "chCTe"),
    Family("EventoMDFe", f"{{{mdfe.NAMESPACE}}}", "eventoMDFe", "retEventoMDFe", "chMDFe"),
    *(
        Family(f"Evento{kind}", ns, f"evento{kind}", f"retEvento{kind}", f"ch{kind}")
        for kind, ns in bills.NAMESPACES.items()
    ),
)
_NFSE = f"{{{nfse.NAMESPACE}}}"


def _proc(root: Element, family: Family) -> Facts | NotFiscal:
    ns = family.ns
    return _facts(
        family,
        root.find(f"{ns}{family.event}/{ns}infEvento"),
        root.find(f"{ns}{family.answer}/{ns}infEvento"),
    )


def _alone(root: Element, family: Family) -> Facts | NotFiscal:
    return _facts(family, root.find(f"{family.ns}infEvento"), None)


def _answer(root: Element, family: Family) -> Facts | NotFiscal:
    return _facts(family, None, root.find(f"{family.ns}infEvento"))


def _facts(family: Family, asked: Element | None, answered: Element | None) -> Facts | NotFiscal:
    request, answer = texts(asked, family.ns), texts(answered, family.ns)
    key = fields.key(request.get(family.key) or answer.get(family.key))
    what = request.get("tpEvento") or answer.get("tpEvento") or ""
    if key is None or not _TYPE.fullmatch(what):
        return fields.incomplete("infEvento")
    sequence = request.get("nSeqEvento") or answer.get("nSeqEvento")
    whole = key[6:20]
    return Facts(
        kind=family.kind,
        access_key=key,
        key_ok=access_key.is_valid(key),
        event_id=event_id(what, key, sequence),
        issuer_cnpj=whole if cnpjs.is_valid(whole) else None,
        recipient_cnpj=fields.cnpj(answer.get("CNPJDest")),
        recipient_cpf=fields.cpf(answer.get("CPFDest")),
        recipient_email=answer.get("emailDest", "")[:1_000],
        others=fields.others([("author", request)]),
        number=int(key[25:34]),
        series=int(key[22:25]),
        issued_at=fields.instant(request.get("dhEvento") or answer.get("dhRegEvento")),
        authorised=answer.get("cStat") in _REGISTERED and answer.get(family.key) == key,
        protocol=answer.get("nProt", "")[:20],
    )


def _nfse_event(root: Element) -> Facts | NotFiscal:
    info = root.find(f"{_NFSE}infEvento")
    inner = None if info is None else info.find(f"{_NFSE}pedRegEvento")
    if info is None or inner is None:
        return fields.incomplete("infEvento")
    return _nfse_facts(inner, texts(info, _NFSE))


def _nfse_request(root: Element) -> Facts | NotFiscal:
    return _nfse_facts(root, {})


def _nfse_facts(asked: Element, answer: dict[str, str]) -> Facts | NotFiscal:
    info = asked.find(f"{_NFSE}infPedReg")
    if info is None:
        return fields.incomplete("infPedReg")
    request = texts(info, _NFSE)
    key = request.get("chNFSe", "")
    what = next(
        (
            found[1]
            for child in info
            if isinstance(child.tag, str)
            and (found := _NFSE_TYPE.fullmatch(child.tag.rpartition("}")[2]))
        ),
        None,
    )
    if not access_key.is_nfse_shaped(key) or what is None:
        return fields.incomplete("infPedReg")
    said = _NFSE_SEQUENCE.fullmatch(info.get("Id", ""))
    whole = key[9:23]
    return Facts(
        kind="EventoNFSe",
        access_key=key,
        key_ok=access_key.is_valid_nfse(key),
        event_id=event_id(what, key, answer.get("nSeqEvento") or (said[1] if said else None)),
        issuer_cnpj=whole if cnpjs.is_valid(whole) else None,
        others=fields.others([("author", {"CNPJ": request.get("CNPJAutor", "")})]),
        number=int(key[23:36]),
        issued_at=fields.instant(request.get("dhEvento")),
        authorised=bool(answer),
        protocol=answer.get("nDFSe", "")[:20],
    )


def event_id(what: str, key: str, sequence: str | None) -> str:
    """Type, key and sequence of three digits: the same however many the document gives."""
    return f"{what}{key}{fields.number(sequence, 3) or 1:03d}"


READERS: dict[str, Reader] = {
    f"{_NFSE}evento": _nfse_event,
    f"{_NFSE}pedRegEvento": _nfse_request,
}
for _family in FAMILIES:
    READERS[f"{_family.ns}proc{_family.kind}"] = partial(_proc, family=_family)
    READERS[f"{_family.ns}{_family.event}"] = partial(_alone, family=_family)
    READERS[f"{_family.ns}{_family.answer}"] = partial(_answer, family=_family)
