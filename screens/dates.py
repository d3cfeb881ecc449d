"""Dates and amounts in Brazilian form, in the time zone of the person's session."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from screens.widgets.numbers import exactly, rounded
from services import clock

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)


def when(instant: datetime | None) -> str:
    """``24/11/2026 05:26``, or the time alone for today; empty for None."""
    if instant is None:
        return ""
    local = instant.astimezone()
    if local.date() == clock.now().astimezone().date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%d/%m/%Y %H:%M")


def exact(instant: datetime) -> str:
    """``24/11/2026 05:26:07``, today's too: for what is told of one thing alone."""
    return instant.astimezone().strftime("%d/%m/%Y %H:%M:%S")


def since(instant: datetime | None) -> str:
    """``24/11 05:26``, the time alone for today, the day alone for another year."""
    if instant is None:
        return ""
    local, today = instant.astimezone(), clock.now().astimezone()
    if local.date() == today.date():
        return local.strftime("%H:%M")
    return local.strftime("%d/%m %H:%M" if local.year == today.year else "%d/%m/%Y")


def amount(value: Decimal | None) -> str:
    """``1.234,56``; empty for None."""
    return "" if value is None else rounded(value, 2)


def price(text: str) -> str:
    """An amount of a document, ``1234.5``, as :func:`amount`; what is no number as it is."""
    value = _number(text)
    return text if value is None else amount(value)


def quantity(text: str) -> str:
    """``1500.2500 KG`` of a document as ``1.500,25 KG``, and ``1.0000 UN`` as ``1 UN``; what begins
    with no number as it is."""
    first, *unit = text.split(" ", 1)
    value = _number(first)
    if value is None:
        return text
    return " ".join((exactly(value), *unit))


def _number(text: str) -> Decimal | None:
    """What XML takes for a number, of a length that documents have."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def day(instant: datetime) -> str:
    """``24/11/2026``."""
    return instant.astimezone().strftime("%d/%m/%Y")
