"""CNPJ, numeric and alphanumeric: a character is worth its code less 48, modulus 11."""

from __future__ import annotations

import re

from services.errors import Invalid
from services.language import _

_SHAPE = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_FOREIGN = re.compile(r"[^0-9A-Z]")
_MASK = str.maketrans("", "", "./- \t\u00a0")
_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def parse(text: str) -> str:
    """The 14 characters of the CNPJ written in ``text``, without mask, letters in upper case.

    Raises :class:`Invalid` with ``field="cnpj"`` and the reason, to be read after a label.
    """
    bare = text.translate(_MASK)
    cnpj = bare.upper() if bare.isascii() else bare
    if not cnpj:
        raise Invalid(_("informe os 14 caracteres"), field="cnpj")
    if _FOREIGN.search(cnpj):
        raise Invalid(_("só letras sem acento e números"), field="cnpj")
    if len(cnpj) != 14:
        raise Invalid(
            _("são 14 caracteres, e este tem {count}").format(count=len(cnpj)),
            field="cnpj",
        )
    if not _SHAPE.fullmatch(cnpj):
        raise Invalid(_("os dois últimos caracteres devem ser números"), field="cnpj")
    if len(set(cnpj)) == 1:
        raise Invalid(_("o mesmo caractere repetido não é um CNPJ"), field="cnpj")
    if cnpj[12:] != check_digits(cnpj[:12]):
        raise Invalid(_("o dígito verificador não confere"), field="cnpj")
    return cnpj


def is_valid(text: str) -> bool:
    """True when ``text`` is the 14 characters of a CNPJ, without mask and in upper case."""
    return (
        _SHAPE.fullmatch(text) is not None
        and len(set(text)) > 1
        and text[12:] == check_digits(text[:12])
    )


def check_digits(base: str) -> str:
    """The two check digits of the first 12 characters."""
    values = [ord(character) - 48 for character in base]
    first = _digit(values)
    return f"{first}{_digit([*values, first])}"


def root(cnpj: str) -> str:
    """The first 8 characters, shared by headquarters and branches."""
    return cnpj[:8]


def masked(cnpj: str) -> str:
    """``12ABC34501DE35`` as ``12.ABC.345/01DE-35``, for the screen."""
    return f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}"


def _digit(values: list[int]) -> int:
    rest = sum(map(int.__mul__, _WEIGHTS[-len(values) :], values)) % 11
    return 0 if rest < 2 else 11 - rest
