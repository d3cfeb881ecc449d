from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj as oracle

from services.errors import Invalid
from services.fiscal import cnpj

_DIGITS = st.text("0123456789", min_size=12, max_size=12)
_LETTERS = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=12, max_size=12)


@given(_DIGITS | _LETTERS)
def test_check_digits_agree_with_an_independent_library(base: str) -> None:
    """R39: every CNPJ made here is valid there, and with its mask too."""
    whole = base + cnpj.check_digits(base)
    if len(set(whole)) == 1:
        return
    assert oracle.is_valid(whole)
    assert cnpj.parse(cnpj.masked(whole)) == whole
    assert cnpj.is_valid(whole)


@given(_LETTERS, st.integers(0, 99))
def test_what_is_refused_is_refused_there_too(base: str, end: int) -> None:
    text = f"{base}{end:02d}"
    assert cnpj.is_valid(text) == (oracle.is_valid(text) and len(set(text)) > 1)


@given(st.text(max_size=30))
def test_any_text_gives_14_characters_or_invalid(text: str) -> None:
    with suppress(Invalid):
        assert len(cnpj.parse(text)) == 14


@pytest.mark.parametrize("text", ["12ABC34501DE35", "12.abc.345/01de-35", " 12.ABC.345/01DE-35 "])
def test_alphanumeric_with_mask_and_small_letters(text: str) -> None:
    assert cnpj.parse(text) == "12ABC34501DE35"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "informe"),
        ("1234", "14 caracteres"),
        ("12ABC34501DE3A", "devem ser números"),
        ("00.000.000/0000-00", "repetido"),
        ("11111111111111", "repetido"),
        ("12ABC34501DE36", "não confere"),
        ("12ABC34501Dé35", "sem acento"),
        ("١٢ABC34501DE35", "sem acento"),
    ],
)
def test_refusals_say_why(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refusal:
        cnpj.parse(text)
    assert refusal.value.field == "cnpj"


def test_root_and_mask() -> None:
    """Headquarters and branches share the root (R6)."""
    assert cnpj.root("12ABC34501DE35") == "12ABC345"
    assert cnpj.masked("12ABC34501DE35") == "12.ABC.345/01DE-35"
