"""Numbers of documents as people in Brazil write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from screens.dates import amount, exact, price, quantity, when
from screens.widgets.numbers import grouped, rounded
from screens.widgets.steps import duration
from services import clock, language


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.0000 UN", "1 UN"),
        ("1.5000", "1,5"),
        ("1500.2500 KG", "1.500,25 KG"),
        ("100", "100"),
        ("0.0010", "0,001"),
        ("um UN", "um UN"),
        ("1e9", "1e9"),
        ("", ""),
    ],
)
def test_as_many_decimals_as_say_something(written: str, read: str) -> None:
    """R43: zeros that the file must have are not read; what is no number stays what it is."""
    assert quantity(written) == read


def test_prices_are_amounts() -> None:
    """R43: two decimals, and thousands told apart."""
    assert [price(text) for text in ("1234.5", "0.10", "?")] == ["1.234,50", "0,10", "?"]


@pytest.mark.parametrize("tongue", language.LANGUAGES)
def test_counts_are_written_as_amounts_are(tongue: str) -> None:
    """In English too: 13,789 beside 2.597,11 leaves one guessing."""
    with language.speaking(tongue):
        assert grouped(13_789) == "13.789"
        assert amount(Decimal("2597.11")) == "2.597,11"
        assert rounded(0.25) == "0,2"
        assert duration(1234) == "1,2 s"


def test_what_is_told_of_one_thing_has_its_day() -> None:
    """R43: a list may say the time alone of what is of today, a detail says the day too."""
    at = clock.now()
    assert exact(at) == f"{at.astimezone():%d/%m/%Y} {when(at)}"
