"""The kinds of documents and the labels that checks put on them, in words (R37, R40).

Light to import.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.language import _

KINDS = (
    *("NFe", "NFCe", "CTe", "CTeOS", "GTVe", "MDFe"),
    *("NFSe", "DPS", "NFSeMunicipal", "CFe", "CFeCanc"),
    *("NFCom", "NF3e", "BPe"),
    *("EventoNFe", "EventoCTe", "EventoMDFe", "EventoNFSe", "InutNFe"),
    *("EventoNFCom", "EventoNF3e", "EventoBPe"),
)
"""Every kind that a document may have, as it is stored and asked for."""
_EVENT = "Evento"


@dataclass(frozen=True, slots=True)
class Check:
    """A label: ``code`` "ok", "failed", "altered", "absent", "unverifiable" or "unasked", and why.

    ``reason`` is a code of :mod:`services.fiscal.reasons`; ``detail`` is foreign text.
    """

    code: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found; none of them discards a document."""

    access_key: Check
    schema: Check
    signature: Check
    certificate: Check
    chain: Check
    protocol: Check

    def named(self) -> dict[str, Check]:
        """All of them by name."""
        return {name: getattr(self, name) for name in CHECKS}


CHECKS = ("access_key", "schema", "signature", "certificate", "chain", "protocol")
"""The names of the checks, in the order in which they are made and told."""


def words(code: str, check: str = "") -> str:
    """The word for a code on the screen; some of ``check`` have their own."""
    own = {
        ("ok", "signature"): _("íntegra"),
        ("absent", "signature"): _("sem assinatura"),
        ("ok", "chain"): _("cadeia confiável"),
        ("failed", "chain"): _("cadeia não confiável"),
        ("unasked", "chain"): _("cadeia não conferida"),
        ("absent", "protocol"): _("sem protocolo"),
    }
    general = {
        "ok": _("confere"),
        "failed": _("não confere"),
        "altered": _("alterada"),
        "absent": _("ausente"),
        "unverifiable": _("não verificável"),
    }
    return own.get((code, check)) or general.get(code) or _("ainda não verificado")


def kind_words(kind: str, event_id: str = "") -> str:
    """The kind as people write it; that of an event says which one, where it is a known one."""
    plain = {
        "NFe": _("NF-e"),
        "NFCe": _("NFC-e"),
        "CTe": _("CT-e"),
        "CTeOS": _("CT-e OS"),
        "GTVe": _("GTV-e"),
        "MDFe": _("MDF-e"),
        "NFSe": _("NFS-e"),
        "DPS": _("DPS"),
        "NFSeMunicipal": _("NFS-e municipal"),
        "CFe": _("CF-e SAT"),
        "CFeCanc": _("CF-e SAT: cancelamento"),
        "NFCom": _("NFCom"),
        "NF3e": _("NF3e"),
        "BPe": _("BP-e"),
        "InutNFe": _("NF-e: inutilização"),
    }
    if is_event(kind):
        event = _event_words(kind, event_id[:6])
        return f"{plain.get(kind.removeprefix(_EVENT), kind)}: {event}"
    if event_id and kind in plain:
        return f"{plain[kind]}: {_('cancelamento')}"
    return plain.get(kind, kind)


def is_event(kind: str) -> bool:
    """Does it tell what became of a document, and is none itself?"""
    return kind.startswith(_EVENT)


def may_be_event(kind: str) -> bool:
    """The same where the kind leaves it open: a municipal NFS-e and its cancellation are one kind."""
    return is_event(kind) or kind == "NFSeMunicipal"


def _event_words(kind: str, code: str) -> str:
    if kind == "EventoNFSe" and code in ("101101", "105102", "305101"):
        return _("cancelamento")
    if kind == "EventoMDFe" and code == "110112":
        return _("encerramento")
    return {
        "110110": _("carta de correção"),
        "110111": _("cancelamento"),
        "110112": _("cancelamento por substituição"),
        "110140": _("emissão em contingência"),
        "210200": _("confirmação da operação"),
        "210210": _("ciência da operação"),
        "210220": _("desconhecimento da operação"),
        "210240": _("operação não realizada"),
        "610110": _("prestação em desacordo"),
    }.get(code) or _("evento {code}").format(code=code)
