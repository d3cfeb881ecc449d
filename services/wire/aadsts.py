"""What a refusal of Microsoft's means: AADSTS codes as data, and plain words for the person.

Codes are compared as integers: AADSTS70000 is a prefix of AADSTS700005. ``aadsts.csv`` beside this
module gives the class of each; for codes that it does not know the OAuth ``error`` decides, as
Microsoft asks clients to do.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

from services.language import _, chosen


class Meaning(StrEnum):
    """What is to be done about a code.

    ``INACTIVATE`` takes the mailbox out of use at the first return (R45). ``SIGNIN`` wants the
    person to sign in again, ``ADMIN`` an administrator at Microsoft, ``OURS`` a mend of this
    program's registration; ``RETRY`` passes by itself.
    """

    INACTIVATE = "inactivate"
    SIGNIN = "signin"
    ADMIN = "admin"
    OURS = "ours"
    RETRY = "retry"


_IN_TEXT = re.compile(r"AADSTS(\d{1,9})(?!\d)")
_ERRORS = {
    "invalid_grant": Meaning.SIGNIN,
    "interaction_required": Meaning.SIGNIN,
    "login_required": Meaning.SIGNIN,
    "consent_required": Meaning.SIGNIN,
    "access_denied": Meaning.ADMIN,
    "invalid_client": Meaning.OURS,
    "invalid_request": Meaning.OURS,
    "invalid_scope": Meaning.OURS,
    "unauthorized_client": Meaning.OURS,
    "unsupported_grant_type": Meaning.OURS,
}


def code_in(text: str) -> int | None:
    """The first code that ``text`` names, as "AADSTS50173: …"."""
    found = _IN_TEXT.search(text)
    return int(found[1]) if found else None


def code_of(answer: Mapping[str, Any]) -> int | None:
    """The code of a refusal of the token endpoint: of several, the one that inactivates.

    It is in ``error_codes``; where that is missing, in the description.
    """
    told = answer.get("error_codes")
    codes: list[int] = []
    # A text would be gone through digit by digit.
    if isinstance(told, Iterable) and not isinstance(told, str):
        codes = list(_whole(told))
    if not codes:
        return code_in(str(answer.get("error_description") or ""))
    return next((code for code in codes if inactivates(code)), codes[0])


def inactivates(code: int | None) -> bool:
    """Is it one of the seven that take a mailbox out of use at the first return (R45)?"""
    return code is not None and _table().get(code) == Meaning.INACTIVATE


def seven() -> tuple[int, ...]:
    """The codes that inactivate, in order."""
    return tuple(sorted(code for code in _table() if inactivates(code)))


def meaning(code: int | None, error: str = "") -> Meaning:
    """What a refusal means, by its code or else by its OAuth error; unknown ones pass by themselves."""
    known = _table().get(code) if code is not None else None
    if known in tuple(Meaning):
        return Meaning(known)
    return _ERRORS.get(error, Meaning.RETRY)


def description(code: int) -> str:
    """The words of the mission for one of the seven, in the language in force (R47)."""
    return _words(chosen())[code][0]


def remedy(code: int) -> str:
    """What to do about one of the seven."""
    return _words(chosen())[code][1]


def advice(told: Meaning) -> str:
    """What a refusal of that meaning asks of whom, in the language in force."""
    return {
        Meaning.INACTIVATE: _("A Microsoft recusou a entrada desta conta."),
        Meaning.SIGNIN: _(
            "A Microsoft pede que se entre de novo nesta conta: use “Vincular de novo”."
        ),
        Meaning.ADMIN: _(
            "A Microsoft recusa por uma regra da organização: o administrador da conta Microsoft "
            "precisa liberar o acesso deste aplicativo, ou desta conta."
        ),
        Meaning.OURS: _(
            "O registro deste aplicativo na Microsoft não está certo: confira microsoft_client_id "
            "e as permissões do registro, ou fale com o suporte."
        ),
        Meaning.RETRY: _("A Microsoft não pôde atender agora. A tentativa será repetida sozinha."),
    }[told]


def _whole(values: Iterable[object]) -> Iterable[int]:
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            yield value
        elif isinstance(value, str) and value.isascii() and value.isdigit():
            yield int(value[:9])


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    text = resources.files("services.wire").joinpath("aadsts.csv").read_text("utf-8")
    return {int(row["code"]): row["class"] for row in csv.DictReader(text.splitlines())}


@lru_cache(maxsize=4)
def _words(language: str) -> dict[int, tuple[str, str]]:
    """Descriptions and remedies of the seven."""
    expired = _("Acesso expirado no provedor. Refaça o cadastro da caixa de e-mail.")
    factors = _("Problema na autenticação. Inscreva-se na autenticação multifator para acessar.")
    again = _("Abra a caixa e use “Vincular de novo”: entre com a mesma conta.")
    support = _(
        "Abra a caixa e use “Vincular de novo”; se o erro voltar, contate o suporte e informe o "
        "número da correlação."
    )
    return {
        70000: (
            _("O acesso não é válido. Verifique o status da sua caixa de e-mail com o provedor."),
            _(
                "Entre na conta pelo navegador e, se estiver bloqueada, desbloqueie-a na Microsoft. "
                "Depois use “Vincular de novo”."
            ),
        ),
        700082: (
            _("Acesso expirado devido à inatividade. Refaça o cadastro da caixa de e-mail."),
            again,
        ),
        50173: (expired, again),
        9002313: (
            _(
                "Problema de comunicação com o provedor. Refaça o cadastro da caixa; se persistir, "
                "contate o suporte."
            ),
            support,
        ),
        900144: (expired, support),
        50079: (
            factors,
            _(
                "Entre na conta pelo navegador, conclua a inscrição na autenticação multifator e "
                "use “Vincular de novo”."
            ),
        ),
        50076: (
            factors,
            _(
                "Use “Vincular de novo” e confirme com o segundo fator. Se voltar a acontecer, o "
                "administrador da conta Microsoft pode dispensar dele este aplicativo."
            ),
        ),
    }
