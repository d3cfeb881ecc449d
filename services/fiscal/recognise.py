"""From the bytes of an XML to the facts of a fiscal document (R37)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import lxml.etree as etree

from services.fiscal import access_key
from services.fiscal.facts import Facts, NotFiscal, OtherParty
from services.fiscal.xml import UnsafeXml, parse

NFE = "http://www.portalfiscal.inf.br/nfe"
_NS = f"{{{NFE}}}"
# A namespace, not a mere link to that site in some page.
_FISCAL = re.compile(
    rb"""xmlns(?::[\w.\-]{1,40})?\s*=\s*["']https?://www\.portalfiscal\.inf\.br/"""
)
_FISCAL_UTF16 = "portalfiscal".encode("utf-16-le")
_FISCAL_NAMESPACE = "portalfiscal.inf.br/"

_KEY = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}")
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF = re.compile(r"[0-9]{11}")
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,10})?")
_BRASILIA = timezone(timedelta(hours=-3))
_AUTHORISED = frozenset({"100", "150"})
_NAME_LIMIT = 200
_EMAIL_LIMIT = 1_000

Reader = Callable[[etree._Element], "Facts | NotFiscal"]  # noqa: SLF001


def recognise(data: bytes) -> Facts | NotFiscal:
    """The facts of the document in ``data``, or why it is none; never raises on any bytes."""
    try:
        root = parse(data)
    except UnsafeXml as refusal:
        return NotFiscal(refusal.reason, refusal.detail, _names_fiscal(data))
    reader = READERS.get(root.tag)
    if reader is not None:
        return reader(root)
    if _FISCAL_NAMESPACE in root.tag:
        return NotFiscal("unsupported", root.tag.rpartition("}")[2][:100], looks_fiscal=True)
    return NotFiscal("other", root.tag[:100])


def _nfe_proc(root: etree._Element) -> Facts | NotFiscal:
    nfe = root.find(f"{_NS}NFe")
    if nfe is None:
        return NotFiscal("incomplete", "NFe", looks_fiscal=True)
    return _nfe_with(nfe, root.find(f"{_NS}protNFe/{_NS}infProt"))


def _nfe(root: etree._Element) -> Facts | NotFiscal:
    return _nfe_with(root, None)


def _nfe_with(nfe: etree._Element, protocol: etree._Element | None) -> Facts | NotFiscal:
    info = nfe.find(f"{_NS}infNFe")
    ide = None if info is None else info.find(f"{_NS}ide")
    if info is None or ide is None:
        return NotFiscal("incomplete", "infNFe", looks_fiscal=True)
    key = info.get("Id", "").removeprefix("NFe")
    if not _KEY.fullmatch(key):
        return NotFiscal("incomplete", "Id", looks_fiscal=True)
    basics = {child.tag: child.text for child in ide}
    kind = _MODELS.get(basics.get(f"{_NS}mod") or "")
    if kind is None:
        return NotFiscal("unsupported", "mod", looks_fiscal=True)
    issuer = _texts(info.find(f"{_NS}emit"))
    recipient = _texts(info.find(f"{_NS}dest"))
    carrier = _texts(info.find(f"{_NS}transp/{_NS}transporta"))
    carrier_cnpj = _match(_CNPJ, carrier.get("CNPJ"))
    proof = _texts(protocol)
    return Facts(
        kind=kind,
        access_key=key,
        key_ok=access_key.is_valid(key),
        issuer_cnpj=_match(_CNPJ, issuer.get("CNPJ")),
        issuer_name=issuer.get("xNome", "")[:_NAME_LIMIT],
        recipient_cnpj=_match(_CNPJ, recipient.get("CNPJ")),
        recipient_cpf=_match(_CPF, recipient.get("CPF")),
        recipient_name=recipient.get("xNome", "")[:_NAME_LIMIT],
        recipient_email=recipient.get("email", "")[:_EMAIL_LIMIT],
        others=(OtherParty("carrier", carrier_cnpj, carrier.get("xNome", "")[:_NAME_LIMIT]),)
        if carrier_cnpj
        else (),
        number=_number(basics.get(f"{_NS}nNF"), 9),
        series=_number(basics.get(f"{_NS}serie"), 3),
        issued_at=_instant(basics.get(f"{_NS}dhEmi") or basics.get(f"{_NS}dEmi")),
        total=_amount(info.findtext(f"{_NS}total/{_NS}ICMSTot/{_NS}vNF")),
        authorised=proof.get("cStat") in _AUTHORISED and proof.get("chNFe") == key,
        protocol=proof.get("nProt", "")[:20],
    )


_MODELS = {"55": "NFe", "65": "NFCe"}

READERS: dict[str, Reader] = {f"{_NS}nfeProc": _nfe_proc, f"{_NS}NFe": _nfe}
"""Who reads which root element."""


def _names_fiscal(data: bytes) -> bool:
    return _FISCAL.search(data) is not None or (
        data[:2] in (b"\xff\xfe", b"\xfe\xff") and _FISCAL_UTF16 in data[1:]
    )


def _texts(element: etree._Element | None) -> dict[str, str]:
    if element is None:
        return {}
    cut = len(_NS)
    return {
        child.tag[cut:]: child.text.strip()
        for child in element
        if child.text and isinstance(child.tag, str)
    }


def _match(shape: re.Pattern[str], text: str | None) -> str | None:
    return text if text and shape.fullmatch(text) else None


def _number(text: str | None, digits: int) -> int | None:
    return int(text) if text and len(text) <= digits and text.isascii() and text.isdigit() else None


def _amount(text: str | None) -> Decimal | None:
    return Decimal(text) if text and _AMOUNT.fullmatch(text) else None


def _instant(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if not 2000 <= at.year <= 2100:
        return None
    return at if at.tzinfo else at.replace(tzinfo=_BRASILIA)
