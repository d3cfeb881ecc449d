"""Where the checks look in events: the request, the answer, and both together (R40)."""

from __future__ import annotations

from dataclasses import replace

from services.fiscal.kinds import events, nfe, nfse
from services.fiscal.layout import Layout

_NFSE = f"{{{nfse.NAMESPACE}}}"
_NFE_REQUESTS = {
    "110110": "nfe_evento_cce/CCe",
    "110111": "nfe_evento_cancel/eventoCancNFe",
    "110130": "nfe_entrega/EventoEntregaNFe",
    "110131": "nfe_entrega/EventoCancEntregaNFe",
    "110140": "nfe_epec/EPEC",
    "110150": "nfe_ator_interessado/eventoAtorInteressado",
    "110192": "nfe_insucesso/EventoInsucessoNFe",
    "110193": "nfe_insucesso/EventoCancInsucessoNFe",
    **dict.fromkeys(("210200", "210210", "210220", "210240"), "nfe_evento_mde/confRecebto"),
}
_NFE_WHOLE = {
    "110110": "nfe_evento_cce/procCCeNFe",
    "110111": "nfe_evento_cancel/procEventoCancNFe",
    "110130": "nfe_entrega/procEventoEntregaNFe",
    "110131": "nfe_entrega/procEventoCancEntregaNFe",
    "110140": "nfe_epec/procEPEC",
    "110150": "nfe_ator_interessado/procEventoAtorInteressado",
    "110192": "nfe_insucesso/procEventoInsucessoNFe",
    "110193": "nfe_insucesso/procEventoCancInsucessoNFe",
    **dict.fromkeys(("210200", "210210", "210220", "210240"), "nfe_evento_mde/procConfRecebtoNFe"),
}


def _of_family(family: events.Family) -> dict[str, Layout]:
    ns = family.ns
    folder = family.kind.removeprefix("Evento").lower()
    is_nfe = ns == f"{{{nfe.NAMESPACE}}}"
    asked = Layout(
        covered=f"{ns}infEvento",
        key=f"{ns}{family.key}",
        signers=(f"{ns}CNPJ", f"{ns}CPF"),
        signed_at=(f"{ns}dhEvento",),
        answer=f"{ns}{family.answer}/{ns}infEvento",
        answered_key=f"{ns}{family.key}",
        answered_at=f"{ns}dhRegEvento",
        schema="" if is_nfe else f"{folder}/{family.event}",
        schemas=_NFE_REQUESTS if is_nfe else {},
        schema_by=f"{ns}tpEvento" if is_nfe else "",
        inside="" if is_nfe else f"{ns}detEvento",
        events="" if is_nfe else folder,
        inner={"evIncDFeMDFe": "mdfe/evInclusaoDFeMDFe"},
    )
    whole = replace(
        asked,
        body=f"{ns}{family.event}",
        schema="nfe_evento_generico/procEventoNFe" if is_nfe else f"{folder}/proc{family.kind}",
        schemas=_NFE_WHOLE if is_nfe else {},
    )
    answered = Layout(
        covered=f"{ns}infEvento",
        key=f"{ns}{family.key}",
        by_system=True,
        signed_at=(f"{ns}dhRegEvento",),
        answer=f"{ns}infEvento",
        answered_key=f"{ns}{family.key}",
        schema="" if is_nfe else f"{folder}/{family.answer}",
    )
    return {
        f"{ns}proc{family.kind}": whole,
        f"{ns}{family.event}": asked,
        f"{ns}{family.answer}": answered,
    }


_ASKED = f"{_NFSE}infPedReg"
_AUTHORS = (f"{_NFSE}CNPJAutor", f"{_NFSE}CPFAutor")
_INNER = f"{_NFSE}pedRegEvento/{_ASKED}/"
LAYOUTS: dict[str, Layout] = {
    f"{_NFSE}evento": Layout(
        covered=f"{_NFSE}infEvento",
        key=f"{_INNER}{_NFSE}chNFSe",
        key_form="50",
        signers=tuple(f"{_INNER}{author}" for author in _AUTHORS),
        by_system=True,
        signed_at=(f"{_NFSE}dhProc",),
        schema="nfse/evento",
        versions=nfse.SAME_SCHEMA,
    ),
    f"{_NFSE}pedRegEvento": Layout(
        covered=_ASKED,
        key=f"{_NFSE}chNFSe",
        key_form="50",
        signers=_AUTHORS,
        signed_at=(f"{_NFSE}dhEvento",),
        schema="nfse/pedRegEvento",
        versions=nfse.SAME_SCHEMA,
    ),
}
for _family in events.FAMILIES:
    LAYOUTS |= _of_family(_family)
