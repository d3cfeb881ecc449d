"""One document of every kind, by the name of the kind, and what it is told by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.documents import bills, events, retail, services, transport
from tests.documents.generator import Party, access_key, cnpj, nfe

ISSUER = Party(cnpj(11), "TRANSPORTES & FILHOS LTDA")
RECIPIENT = Party(cnpj(12), "PADARIA SÃO JOÃO", email="notas@padaria.example")
THIRD = Party(cnpj(13), "TERCEIRO LTDA")


@dataclass(frozen=True, slots=True)
class Sample:
    """A document with the kind, key and event that it must be told by."""

    kind: str
    xml: bytes
    key: str
    event_id: str = ""


Maker = Callable[[Party, Party, int], Sample]


def _nfe(issuer: Party, recipient: Party, number: int) -> Sample:
    return Sample("NFe", nfe(issuer, recipient, number), access_key(issuer.cnpj, number))


def _nfce(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = nfe(issuer, recipient, number, model=65)
    return Sample("NFCe", xml, access_key(issuer.cnpj, number, model=65))


def _cte(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = transport.cte(issuer, recipient, number, sender=THIRD, taker="0")
    return Sample("CTe", xml, access_key(issuer.cnpj, number, model=57))


def _cte_simplified(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = transport.cte_simplified(issuer, recipient, number)
    return Sample("CTe", xml, access_key(issuer.cnpj, number, model=57))


def _cte_os(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = transport.cte_os(issuer, recipient, number)
    return Sample("CTeOS", xml, access_key(issuer.cnpj, number, model=67))


def _gtve(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = transport.gtve(issuer, THIRD, recipient, number)
    return Sample("GTVe", xml, access_key(issuer.cnpj, number, model=64))


def _mdfe(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = transport.mdfe(issuer, number, hirer=recipient)
    return Sample("MDFe", xml, access_key(issuer.cnpj, number, model=58))


def _nfse(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = services.nfse(issuer, recipient, number)
    return Sample("NFSe", xml, services.nfse_key(issuer.cnpj, number))


def _dps(issuer: Party, recipient: Party, number: int) -> Sample:
    return Sample(
        "DPS", services.dps(issuer, recipient, number), services.dps_key(issuer.cnpj, number)
    )


def _abrasf(issuer: Party, recipient: Party, number: int) -> Sample:
    key = f"{issuer.cnpj}0000000{number:015d}ABCD1234"
    return Sample("NFSeMunicipal", services.abrasf(issuer, recipient, number), key)


def _sao_paulo(issuer: Party, recipient: Party, number: int) -> Sample:
    key = f"{issuer.cnpj}0000000{number:015d}TXDSLYHM"
    return Sample("NFSeMunicipal", services.sao_paulo(issuer, recipient, number), key)


def _cfe(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = retail.cfe(issuer, recipient, number)
    return Sample("CFe", xml, retail.cfe_key(issuer.cnpj, number))


def _bill(element: str, model: int) -> Maker:
    def make(issuer: Party, recipient: Party, number: int) -> Sample:
        xml = bills.bill(element, issuer, recipient, number)
        return Sample(element.removesuffix("TA"), xml, access_key(issuer.cnpj, number, model=model))

    return make


def _ticket_of_a_day(issuer: Party, recipient: Party, number: int) -> Sample:
    """It names its issuer and nobody else."""
    xml = bills.bill("BPeTM", recipient, issuer, number)
    return Sample("BPe", xml, access_key(recipient.cnpj, number, model=63))


def _nfe_event(what: str) -> Maker:
    def make(issuer: Party, recipient: Party, number: int) -> Sample:
        key = access_key(issuer.cnpj, number)
        author = recipient if what.startswith("2") else issuer
        xml = events.nfe_event(what, author, key, recipient=recipient)
        return Sample("EventoNFe", xml, key, f"{what}{key}001")

    return make


def _cte_event(issuer: Party, recipient: Party, number: int) -> Sample:
    key = access_key(issuer.cnpj, number, model=57)
    return Sample("EventoCTe", events.cte_event("610110", recipient, key), key, f"610110{key}001")


def _mdfe_event(issuer: Party, recipient: Party, number: int) -> Sample:
    key = access_key(recipient.cnpj, number, model=58)
    return Sample("EventoMDFe", events.mdfe_event("110112", recipient, key), key, f"110112{key}001")


def _nfse_event(issuer: Party, recipient: Party, number: int) -> Sample:
    key = services.nfse_key(recipient.cnpj, number)
    return Sample("EventoNFSe", events.nfse_event(recipient, key), key, f"101101{key}001")


def _cfe_cancellation(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = retail.cfe_cancellation(recipient, number + 1, cancels=number)
    return Sample("CFeCanc", xml, retail.cfe_key(recipient.cnpj, number + 1))


def _void(issuer: Party, recipient: Party, number: int) -> Sample:
    xml = events.void(recipient, number, number + 4)
    key = f"3526{recipient.cnpj}55001{number:09d}{number + 4:09d}"
    return Sample("InutNFe", xml, key)


MAKERS: dict[str, Maker] = {
    "nfe": _nfe,
    "nfce": _nfce,
    "cte": _cte,
    "cte-simplified": _cte_simplified,
    "cte-os": _cte_os,
    "gtve": _gtve,
    "mdfe": _mdfe,
    "nfse": _nfse,
    "dps": _dps,
    "abrasf": _abrasf,
    "sao-paulo": _sao_paulo,
    "cfe": _cfe,
    "cfe-cancellation": _cfe_cancellation,
    "nfcom": _bill("NFCom", 62),
    "nf3e": _bill("NF3e", 66),
    "bpe": _bill("BPe", 63),
    "bpe-ta": _bill("BPeTA", 63),
    "bpe-tm": _ticket_of_a_day,
    "nfe-cancelled": _nfe_event("110111"),
    "nfe-corrected": _nfe_event("110110"),
    "nfe-manifested": _nfe_event("210210"),
    "cte-event": _cte_event,
    "mdfe-event": _mdfe_event,
    "nfse-event": _nfse_event,
    "void": _void,
}
"""How to make a document of each kind in which ``recipient`` has a part, by a short name."""


def samples(number: int = 77) -> dict[str, Sample]:
    """One of each, from ISSUER to RECIPIENT."""
    return {name: make(ISSUER, RECIPIENT, number) for name, make in MAKERS.items()}
