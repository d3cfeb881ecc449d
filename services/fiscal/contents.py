"""What a person wants to read of a document: who is in it, its items, the XML laid out (R37).

Of every kind by the names that the layouts share; what is not there is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import lxml.etree as etree

from services.fiscal.cnpj import masked
from services.fiscal.xml import UnsafeXml, parse
from services.language import _

MOST_ITEMS = 200
MOST_CHARACTERS = 150_000
_MOST_PARTIES = 20
_TEXT = 300
_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a document; texts are foreign. ``words`` is the role in plain words."""

    role: str
    cnpj: str = ""
    cpf: str = ""
    name: str = ""
    city: str = ""
    state: str = ""

    @property
    def words(self) -> str:
        """The role."""
        return _roles().get(self.role, self.role)

    @property
    def line(self) -> str:
        """Name, number and place in one line."""
        return "  ".join(part for part in (self.name, self.known_by) if part)

    @property
    def known_by(self) -> str:
        """Number and place in one line."""
        number = masked(self.cnpj) if len(self.cnpj) == 14 else self.cnpj or self.cpf
        place = "/".join(part for part in (self.city, self.state) if part)
        return "  ".join(part for part in (number, place) if part)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of goods, of service or of freight, as it is written; texts are foreign."""

    number: str
    name: str
    quantity: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """``more_items`` are those beyond the first :data:`MOST_ITEMS`; ``notes`` name and text."""

    parties: tuple[Party, ...] = ()
    items: tuple[Item, ...] = ()
    more_items: int = 0
    notes: tuple[tuple[str, str], ...] = ()


def contents(data: bytes) -> Contents:
    """What is in a document; nothing of one that cannot be read."""
    try:
        root = parse(data)
    except UnsafeXml:
        return Contents()
    items = _items(root)
    return Contents(
        _parties(root), tuple(items[:MOST_ITEMS]), max(len(items) - MOST_ITEMS, 0), _notes(root)
    )


def pretty(data: bytes) -> str:
    """The XML a tag a line, at most :data:`MOST_CHARACTERS`; as it came where it is none.

    Foreign text: it passes ``services/safe_text.py`` before a screen like any other.
    """
    try:
        root = parse(data)
    except UnsafeXml:
        return data[:MOST_CHARACTERS].decode("utf-8", "replace")
    etree.indent(root, "  ")
    text: str = etree.tostring(root, encoding="unicode")
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "\n…"


def _roles() -> dict[str, str]:
    return {
        "emit": _("Emitente"),
        "prest": _("Prestador"),
        "dest": _("Destinatário"),
        "toma": _("Tomador"),
        "toma3": _("Tomador"),
        "toma4": _("Tomador"),
        "rem": _("Remetente"),
        "exped": _("Expedidor"),
        "receb": _("Recebedor"),
        "transporta": _("Transportador"),
        "retirada": _("Retirada"),
        "entrega": _("Entrega"),
        "interm": _("Intermediário"),
    }


def _parties(root: etree._Element) -> tuple[Party, ...]:
    found: list[Party] = []
    for role in _roles():
        for element in root.iter(f"{{*}}{role}", role):
            party = Party(
                role,
                _text(element, "CNPJ"),
                _text(element, "CPF"),
                _text(element, "xNome"),
                _below(element, "xMun"),
                _below(element, "UF"),
            )
            if (party.cnpj or party.cpf or party.name) and party not in found:
                found.append(party)
    return tuple(found[:_MOST_PARTIES])


def _items(root: etree._Element) -> list[Item]:
    found = []
    for det in root.iter("{*}det", "det"):
        prod = _child(det, "prod")
        if prod is not None:
            found.append(
                Item(
                    (det.get("nItem") or "")[:10],
                    _text(prod, "xProd"),
                    " ".join(p for p in (_text(prod, "qCom"), _text(prod, "uCom")) if p),
                    _text(prod, "vProd"),
                )
            )
    for n, part in enumerate(root.iter("{*}Comp"), 1):
        found.append(Item(str(n), _text(part, "xNome"), value=_text(part, "vComp")))
    return found


def _notes(root: etree._Element) -> tuple[tuple[str, str], ...]:
    names = {
        "natOp": _("Natureza"),
        "descEvento": _("Evento"),
        "xCorrecao": _("Correção"),
        "xJust": _("Justificativa"),
        "xDescServ": _("Serviço"),
        "proPred": _("Carga"),
        "infCpl": _("Observações"),
    }
    found = []
    for tag, words in names.items():
        element = next(root.iter(f"{{*}}{tag}", tag), None)
        if element is not None and element.text and element.text.strip():
            found.append((words, element.text.strip()[:_NOTE]))
    return tuple(found)


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next(element.iterchildren(f"{{*}}{name}", name), None)


def _text(element: etree._Element, name: str) -> str:
    child = _child(element, name)
    return (child.text or "").strip()[:_TEXT] if child is not None else ""


def _below(element: etree._Element, name: str) -> str:
    child = next(element.iter(f"{{*}}{name}", name), None)
    return (child.text or "").strip()[:_TEXT] if child is not None else ""
