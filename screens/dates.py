"""Dates and amounts in Brazilian form, in the time zone of the person's session."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from services import clock


def when(instant: datetime | None) -> str:
    """``24/11/2026 05:26``, or the time alone for today; empty for None."""
    if instant is None:
        return ""
    local = instant.astimezone()
    if local.date() == clock.now().astimezone().date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%d/%m/%Y %H:%M")


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
    if value is None:
        return ""
    return f"{value:,.2f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def day(instant: datetime) -> str:
    """``24/11/2026``."""
    return instant.astimezone().strftime("%d/%m/%Y")
