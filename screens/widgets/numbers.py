"""Numbers in Brazilian form, as money and dates are, whatever the language."""

from __future__ import annotations

from decimal import Decimal

_BRAZILIAN = str.maketrans(",.", ".,")


def grouped(number: int) -> str:
    """``10.312``."""
    return f"{number:,}".translate(_BRAZILIAN)


def rounded(number: float | Decimal, places: int = 1) -> str:
    """``1.234,5``."""
    return f"{number:,.{places}f}".translate(_BRAZILIAN)


def exactly(number: Decimal) -> str:
    """With as many places as it has, but for zeros: ``1.500,25``."""
    told = f"{number:,f}"
    if "." in told:
        told = told.rstrip("0").rstrip(".")
    return told.translate(_BRAZILIAN)
