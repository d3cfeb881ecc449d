"""NFS-e of the national standard, and the declaration (DPS) that it is made from."""

from __future__ import annotations

import re

from services.fiscal import access_key, fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element, Reader, texts
from services.fiscal.layout import Layout

NAMESPACE = "http://www.sped.fazenda.gov.br/nfse"
_NS = f"{{{NAMESPACE}}}"
_DECLARED = f"{_NS}DPS/{_NS}infDPS"
_DPS_KEY = re.compile(r"[0-9]{8}[0-9A-Z]{14}[0-9]{20}")
_ISSUED = frozenset({"100", "102", "103", "107"})


def _nfse(root: Element) -> Facts | NotFiscal:
    info = root.find(f"{_NS}infNFSe")
    if info is None:
        return fields.incomplete("infNFSe")
    key = info.get("Id", "").removeprefix("NFS")
    if not access_key.is_nfse_shaped(key):
        return fields.incomplete("Id")
    basics = texts(info, _NS)
    declared = info.find(_DECLARED)
    stated = texts(declared, _NS)
    return _facts(
        "NFSe",
        key,
        access_key.is_valid_nfse(key),
        texts(info.find(f"{_NS}emit"), _NS),
        declared,
        number=basics.get("nNFSe"),
        at=basics.get("dhProc") or stated.get("dhEmi"),
        net=info.findtext(f"{_NS}valores/{_NS}vLiq"),
        authorised=basics.get("cStat") in _ISSUED,
        protocol=basics.get("nDFSe", ""),
    )


def _dps(root: Element) -> Facts | NotFiscal:
    info = root.find(f"{_NS}infDPS")
    if info is None:
        return fields.incomplete("infDPS")
    key = info.get("Id", "").removeprefix("DPS")
    if not _DPS_KEY.fullmatch(key):
        return fields.incomplete("Id")
    stated = texts(info, _NS)
    return _facts(
        "DPS",
        key,
        None,
        texts(info.find(f"{_NS}prest"), _NS),
        info,
        number=stated.get("nDPS"),
        at=stated.get("dhEmi"),
    )


def _facts(
    kind: str,
    key: str,
    key_ok: bool | None,
    issuer: dict[str, str],
    declared: Element | None,
    *,
    number: str | None,
    at: str | None,
    net: str | None = None,
    authorised: bool = False,
    protocol: str = "",
) -> Facts:
    """``declared`` is the infDPS; the value is that of the service, else the net one."""

    def party(path: str) -> dict[str, str]:
        return {} if declared is None else texts(declared.find(path), _NS)

    taker = party(f"{_NS}toma")
    gross = None
    series = None
    if declared is not None:
        gross = declared.findtext(f"{_NS}valores/{_NS}vServPrest/{_NS}vServ")
        series = declared.findtext(f"{_NS}serie")
    return Facts(
        kind=kind,
        access_key=key,
        key_ok=key_ok,
        issuer_cnpj=fields.cnpj(issuer.get("CNPJ")),
        issuer_name=fields.name(issuer),
        recipient_cnpj=fields.cnpj(taker.get("CNPJ")),
        recipient_cpf=fields.cpf(taker.get("CPF")),
        recipient_name=fields.name(taker),
        recipient_email=fields.email(taker),
        others=fields.others(
            [
                ("provider", party(f"{_NS}prest")),
                ("intermediary", party(f"{_NS}interm")),
                ("beneficiary", party(f"{_NS}IBSCBS/{_NS}dest")),
            ]
        ),
        number=fields.number(number, 15),
        series=fields.number(series, 5),
        issued_at=fields.instant(at),
        total=fields.amount(gross or net),
        authorised=authorised,
        protocol=protocol[:20],
    )


READERS: dict[str, Reader] = {f"{_NS}NFSe": _nfse, f"{_NS}DPS": _dps}

SAME_SCHEMA = {"1.00": "1.01"}
"""The schema of 1.01 is written for both."""
LAYOUTS = {
    f"{_NS}NFSe": Layout(
        covered=f"{_NS}infNFSe",
        prefix="NFS",
        key_form="50",
        stated={"number": f"{_NS}nNFSe"},
        signers=(f"{_NS}emit/{_NS}CNPJ", f"{_NS}emit/{_NS}CPF"),
        by_system=True,
        signed_at=(f"{_NS}dhProc",),
        schema="nfse/NFSe",
        versions=SAME_SCHEMA,
    ),
    f"{_NS}DPS": Layout(
        covered=f"{_NS}infDPS",
        prefix="DPS",
        key_form="",
        signers=tuple(
            f"{_NS}{party}/{_NS}{identity}"
            for party in ("prest", "toma", "interm")
            for identity in ("CNPJ", "CPF")
        ),
        signed_at=(f"{_NS}dhEmi",),
        schema="nfse/DPS",
        versions=SAME_SCHEMA,
    ),
}
