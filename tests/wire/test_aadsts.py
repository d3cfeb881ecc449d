"""Microsoft's codes are data, compared as integers (R45, R47, R48)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import language
from services.wire import aadsts
from services.wire.aadsts import Meaning

SEVEN = (50076, 50079, 50173, 70000, 700082, 900144, 9002313)

# The table of the mission, word for word.
WORDS = {
    70000: "O acesso não é válido. Verifique o status da sua caixa de e-mail com o provedor.",
    700082: "Acesso expirado devido à inatividade. Refaça o cadastro da caixa de e-mail.",
    50173: "Acesso expirado no provedor. Refaça o cadastro da caixa de e-mail.",
    9002313: "Problema de comunicação com o provedor. Refaça o cadastro da caixa; se persistir, contate o suporte.",
    900144: "Acesso expirado no provedor. Refaça o cadastro da caixa de e-mail.",
    50079: "Problema na autenticação. Inscreva-se na autenticação multifator para acessar.",
    50076: "Problema na autenticação. Inscreva-se na autenticação multifator para acessar.",
}


def test_exactly_the_seven_inactivate() -> None:
    """R45."""
    assert aadsts.seven() == SEVEN
    assert not any(aadsts.inactivates(code) for code in (700005, 7000, 5017, 501730, 0))
    assert not aadsts.inactivates(None)


@given(st.integers(0, 10**9))
def test_no_other_number_inactivates(code: int) -> None:
    """R45: whichever number Microsoft may come up with."""
    assert aadsts.inactivates(code) == (code in SEVEN)


@given(st.sampled_from(SEVEN), st.integers(0, 9), st.sampled_from(["", " ", ":", ",", "\n", "x"]))
def test_a_longer_number_is_another_one(code: int, digit: int, after: str) -> None:
    """R45: AADSTS70000 is a prefix of AADSTS700005."""
    assert aadsts.code_in(f"xx AADSTS{code}{after} yy") == code
    assert aadsts.code_in(f"AADSTS{code}{digit}{after}") == int(f"{code}{digit}")


@pytest.mark.parametrize("code", SEVEN)
def test_each_has_the_words_of_the_mission(code: int) -> None:
    """R47: in Portuguese as the mission has them, and in English too, with what to do."""
    assert aadsts.description(code) == WORDS[code]
    assert aadsts.remedy(code)
    try:
        language.choose("en")
        assert aadsts.description(code) != WORDS[code]
    finally:
        language.choose("pt_BR")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error_codes": [700082]}, 700082),
        ({"error_codes": [53003, 50173]}, 50173),
        ({"error_codes": [53003, 65001]}, 53003),
        ({"error_codes": ["70000"]}, 70000),
        ({"error_codes": [], "error_description": "AADSTS50076: Due to …"}, 50076),
        ({"error_description": "AADSTS700005: The provided code …"}, 700005),
        ({"error_codes": [True, None, {}], "error_description": ""}, None),
        ({"error_codes": 70000, "error_description": None}, None),
        ({"error": "invalid_grant"}, None),
        ({"error_codes": "50173", "error_description": "AADSTS50173: x"}, 50173),
    ],
)
def test_the_code_of_an_answer(answer: dict[str, object], code: int | None) -> None:
    """R45: the list counts, else the description."""
    assert aadsts.code_of(answer) == code


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        (53003, "invalid_grant", Meaning.ADMIN),
        (65001, "invalid_grant", Meaning.SIGNIN),
        (7000218, "invalid_client", Meaning.OURS),
        (90033, "temporarily_unavailable", Meaning.RETRY),
        (70000, "invalid_grant", Meaning.INACTIVATE),
        (123456, "invalid_grant", Meaning.SIGNIN),
        (None, "unauthorized_client", Meaning.OURS),
        (None, "server_error", Meaning.RETRY),
        (None, "", Meaning.RETRY),
    ],
)
def test_everything_else_has_a_meaning(code: int | None, error: str, told: Meaning) -> None:
    """R48: by its code, or else by the OAuth error; what nobody knows passes by itself."""
    assert aadsts.meaning(code, error) == told
    assert aadsts.advice(told)
