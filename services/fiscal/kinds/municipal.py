"""NFS-e of the municipalities: ABRASF and its many dialects, and São Paulo's own.

Every municipality has namespaces and spellings of its own, so elements are known by their local
names in lower case, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from services.fiscal import fields
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.fields import Element

Named: TypeAlias = dict[str, list[Element]]

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_DOCUMENTS = frozenset({"compnfse", "tccompnfse", "nfse", "nfe", "nota", "notafiscal"})
_PROVIDERS = (
    *("prestadorservico", "prestador", "dadosprestador", "identificacaoprestador"),
    *("cpfcnpjprestador", "emitente"),
)
_TAKERS = (
    *("tomadorservico", "tomador", "dadostomador", "identificacaotomador"),
    "cpfcnpjtomador",
)
_INTERMEDIARIES = (
    *("intermediarioservico", "intermediario", "identificacaointermediarioservico"),
    "cpfcnpjintermediario",
)
_NUMBERS = ("numeronfse", "numero_nfse", "numeronfe", "nnfse", "numeronota", "numero")
_CODES = (
    "codigoverificacao",
    "codigo_verificacao",
    "codigoverificador",
    "cod_verificador_autenticidade",
)
_TOWNS = ("codigomunicipio", "codigomunicipiogerador", "codigomunicipioincidencia")
_DATES = ("dataemissao", "dataemissaonfe", "dataemissaonfse", "dhemi")
_TOTALS = ("valorservicos", "valor_total", "valorliquidonfse", "valortotal")
_CANCELLED_AT = ("datacancelamento", "datahoracancelamento")
CANCELLED = "CANCELADA"
_IDENTITIES = ("cnpj", "cpfcnpj", "cpf_cnpj", "cpf")
_NAMES = ("razaosocial", "nome_razao_social", "nome", "xnome")
# What a document was made from has a number and a date of its own.
_APART = frozenset({"rps", "identificacaorps", "nfsecancelamento", "nfsesubstituicao", "chaverps"})
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]")
_SERVICES = frozenset({"infnfse", "chavenfe", "discriminacao", *_CODES})
_ELEMENTS = 2_000
_BLOCK = 100


def is_document(element: Element) -> bool:
    """True for an element that may be one NFS-e of a municipality, seen from its name."""
    return _local(element) in _DOCUMENTS


def read(root: Element) -> Facts | NotFiscal:
    """The facts of the NFS-e; its key is made of provider, number and verification code.

    The same NFS-e comes with the municipality named here or there or not at all, by who sends it:
    it is part of the key only where there is no code, and numbers alone would not do.
    One that says it was cancelled is another document than the one before, as an event is.
    """
    elements = _by_name(_own(root))
    number = _digits(_text(elements, _NUMBERS))
    provider, provider_name = _party(elements, _PROVIDERS)
    issuer = fields.cnpj(provider)
    taker, taker_name = _party(elements, _TAKERS)
    if number is None or not (issuer or fields.cpf(provider)) or not _speaks_of_services(elements):
        return fields.incomplete("NFS-e")
    code = _NOT_ALPHANUMERIC.sub("", (_text(elements, _CODES) or "").upper())
    town = "" if code else _digits(_text(elements, _TOWNS)) or ""
    between, between_name = _party(elements, _INTERMEDIARIES)
    return Facts(
        kind="NFSeMunicipal",
        access_key=f"{provider:0>14}{town[:7]:0>7}{number:0>15}{code}"[:60],
        key_ok=None,
        event_id=CANCELLED if _is_cancelled(root, elements) else "",
        issuer_cnpj=issuer,
        issuer_name=provider_name,
        recipient_cnpj=fields.cnpj(taker),
        recipient_cpf=fields.cpf(taker),
        recipient_name=taker_name,
        others=fields.others([("intermediary", {"CNPJ": between, "xNome": between_name})]),
        number=fields.number(number, 15),
        issued_at=fields.instant(_text(elements, _DATES)),
        total=fields.amount(_text(elements, _TOTALS)),
        authorised=bool(code),
    )


def size(element: Element) -> int:
    """How many elements :func:`read` would look at."""
    return sum(1 for _ in islice(element.iter(), _ELEMENTS))


def _by_name(elements: Iterable[tuple[str, Element]]) -> Named:
    found: Named = {}
    for name, element in elements:
        found.setdefault(name, []).append(element)
    return found


def sealed(root: Element) -> tuple[Element, Element, datetime | None] | None:
    """The element that has the signature, what it is about, and the date; None without one.

    A signature further inside is about the request that the document answers.
    """
    for body in (root, *islice(root, _BLOCK)):
        seal = body.find(f"{_DSIG}Signature") if isinstance(body.tag, str) else None
        if seal is None:
            continue
        reference = seal.find(f"{_DSIG}SignedInfo/{_DSIG}Reference")
        wanted = "" if reference is None else reference.get("URI", "").removeprefix("#")
        covered = next((one for one in body if wanted in (one.get("Id"), one.get("id"))), body)
        return body, covered, fields.instant(_text(_by_name(_own(root)), _DATES))
    return None


def has_own_seal(root: Element) -> bool:
    """Is there a seal of São Paulo's manner, a text that only the municipality can check?"""
    return any(_local(one) == "assinatura" and one.text for one in islice(root, _BLOCK))


def _own(root: Element) -> Iterator[tuple[str, Element]]:
    """The elements with their names, without those of the request that the document answers."""
    pending = [root]
    count = 0
    while pending and count < _ELEMENTS:
        element = pending.pop()
        if not isinstance(element.tag, str):
            continue
        name = _local(element)
        if name in _APART:
            continue
        count += 1
        yield name, element
        pending += reversed(element)


def _is_cancelled(root: Element, elements: Named) -> bool:
    if any(_local(child) == "nfsecancelamento" and len(child) for child in root):
        return True
    return _text(elements, ("statusnfe",)) == "C" or _text(elements, _CANCELLED_AT) is not None


def _speaks_of_services(elements: Named) -> bool:
    """Invoices of other worlds have a number and an issuer too."""
    return not elements.keys().isdisjoint(_SERVICES)


def _party(elements: Named, names: tuple[str, ...]) -> tuple[str, str]:
    """CNPJ or CPF and name of the first of those blocks that has the one or the other."""
    identity = name = ""
    for wanted in names:
        for block in elements.get(wanted, ())[:_BLOCK]:
            inner = _by_name((_local(one), one) for one in islice(block.iter(), _BLOCK))
            identity = identity or _bare(_text(inner, _IDENTITIES))
            name = name or (_text(inner, _NAMES) or "")[:200]
    side = "prestador" if names is _PROVIDERS else "tomador" if names is _TAKERS else ""
    return identity, name or (_text(elements, (f"razaosocial{side}",)) or "")[:200]


def _text(elements: Named, names: tuple[str, ...]) -> str | None:
    for wanted in names:
        for element in elements.get(wanted, ()):
            text = (element.text or "").strip()
            if text:
                return text
    return None


def _bare(text: str | None) -> str:
    return _NOT_ALPHANUMERIC.sub("", (text or "").upper())


def _digits(text: str | None) -> str | None:
    return text.lstrip("0")[:15] or "0" if text and text.isascii() and text.isdigit() else None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
