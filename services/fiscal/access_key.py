"""The access key of 44 characters that NF-e, NFC-e, CT-e, MDF-e and CF-e share; NFS-e has 50."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import cycle
from operator import mul

from services.errors import Invalid
from services.language import _

_SHAPE = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}")
_NFSE_SHAPE = re.compile(r"[0-9]{9}[0-9A-Z]{14}[0-9]{27}")
_GAPS = re.compile(r"[\s.\-/]")
_NFSE_WEIGHTS = tuple(weight for _place, weight in zip(range(49), cycle(range(2, 10))))[::-1]
_WEIGHTS = _NFSE_WEIGHTS[-43:]


@dataclass(frozen=True, slots=True)
class AccessKey:
    """The parts of a key; ``cnpj`` holds a CPF behind three zeros when a person issues."""

    uf: str
    aamm: str
    cnpj: str
    model: str
    series: int
    number: int
    emission_type: str
    code: str
    check_digit: str


def parse(text: str) -> AccessKey:
    """The parts of the key written in ``text``, which may be grouped by spaces.

    Raises :class:`Invalid` with ``field="access_key"``.
    """
    key = _GAPS.sub("", text)
    key = key.upper() if key.isascii() else key
    if len(key) != 44:
        raise Invalid(
            _("A chave de acesso tem 44 caracteres; esta tem {count}").format(count=len(key)),
            field="access_key",
        )
    if not _SHAPE.fullmatch(key):
        raise Invalid(
            _("A chave de acesso só tem números, com letras apenas no CNPJ"), field="access_key"
        )
    if key[43] != check_digit(key[:43]):
        raise Invalid(
            _("Chave de acesso inválida: o dígito verificador não confere"), field="access_key"
        )
    return parts(key)


def parts(key: str) -> AccessKey:
    """The parts of ``key``, which is valid as it stands."""
    return AccessKey(
        uf=key[:2],
        aamm=key[2:6],
        cnpj=key[6:20],
        model=key[20:22],
        series=int(key[22:25]),
        number=int(key[25:34]),
        emission_type=key[34],
        code=key[35:43],
        check_digit=key[43],
    )


def is_valid(key: str) -> bool:
    """True when ``key`` is 44 bare characters whose check digit is right."""
    return _SHAPE.fullmatch(key) is not None and key[43] == check_digit(key[:43])


def check_digit(first: str) -> str:
    """The check digit of the first 43 characters: a letter is worth its code less 48.

    Nota técnica conjunta 2025.001; for digits alone it is the rule of the MOC.
    """
    return _check_digit(first, _WEIGHTS)


def is_nfse_shaped(key: str) -> bool:
    """True for 50 characters in the form of the key of an NFS-e of the national standard."""
    return _NFSE_SHAPE.fullmatch(key) is not None


def is_valid_nfse(key: str) -> bool:
    """True when ``key`` is such a key and its check digit is right."""
    return is_nfse_shaped(key) and key[49] == nfse_check_digit(key[:49])


def nfse_check_digit(first: str) -> str:
    """The check digit of the first 49 characters of an NFS-e's key, by the same rule."""
    return _check_digit(first, _NFSE_WEIGHTS)


def _check_digit(first: str, weights: tuple[int, ...]) -> str:
    codes = first.encode()
    rest = (sum(map(mul, weights, codes)) - 48 * sum(weights[: len(codes)])) % 11
    return "0" if rest < 2 else str(11 - rest)
