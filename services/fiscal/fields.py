"""Values out of the elements of a document: what has not the right form is nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeAlias

import lxml.etree as etree

from services.fiscal.facts import Facts, NotFiscal, OtherParty

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no other name for it
Reader: TypeAlias = Callable[[Element], Facts | NotFiscal]

_KEY = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}")
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF = re.compile(r"[0-9]{11}")
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,10})?")
_BRASILIA = timezone(timedelta(hours=-3))
_NAME_LIMIT = 200
_EMAIL_LIMIT = 1_000


def texts(element: Element | None, namespace: str) -> dict[str, str]:
    """The texts of the children that stand in ``namespace`` (in braces), by local name."""
    if element is None:
        return {}
    cut = len(namespace)
    found = {}
    for child in element:
        text = child.text
        if text and isinstance(tag := child.tag, str):
            found[tag[cut:]] = text.strip()
    return found


def first(element: Element, step: str, *further: str) -> Element | None:
    """What ``find`` finds on the path of these steps, at half its cost."""
    for child in element.iterchildren(step):
        found = first(child, *further) if further else child
        if found is not None:
            return found
    return None


def key(text: str | None) -> str | None:
    """An access key of 44 characters, or None."""
    return text if text and _KEY.fullmatch(text) else None


def cnpj(text: str | None) -> str | None:
    """14 characters in the form of a CNPJ, or None."""
    return text if text and _CNPJ.fullmatch(text) else None


def cpf(text: str | None) -> str | None:
    """11 digits, or None."""
    return text if text and _CPF.fullmatch(text) else None


def name(party: dict[str, str]) -> str:
    """The name of a party, cut to what is kept."""
    return party.get("xNome", "")[:_NAME_LIMIT]


def email(party: dict[str, str]) -> str:
    """The addresses of a party, as they are written."""
    return party.get("email", "")[:_EMAIL_LIMIT]


def number(text: str | None, digits: int) -> int | None:
    """A whole number of at most so many digits, or None."""
    return int(text) if text and len(text) <= digits and text.isascii() and text.isdigit() else None


def amount(text: str | None) -> Decimal | None:
    """An amount with a point, or None."""
    return Decimal(text) if text and _AMOUNT.fullmatch(text) else None


def instant(text: str | None) -> datetime | None:
    """A date and time of this century, in Brasília's time unless it says another; or None."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if not 2000 <= at.year <= 2100:
        return None
    return at if at.tzinfo else at.replace(tzinfo=_BRASILIA)


def others(named: Iterable[tuple[str, dict[str, str]]]) -> tuple[OtherParty, ...]:
    """The parties that are companies, by role, each company once."""
    found: dict[str, OtherParty] = {}
    for role, party in named:
        who = cnpj(party.get("CNPJ"))
        if who:
            found.setdefault(who, OtherParty(role, who, name(party)))
    return tuple(found.values())


def incomplete(missing: str) -> NotFiscal:
    """The answer for a fiscal document that lacks what makes it one."""
    return NotFiscal("incomplete", missing, looks_fiscal=True)
