"""What was sent, read and failed lately, in lines with sparklines (Saúde)."""

from __future__ import annotations

from screens.widgets.numbers import grouped
from screens.widgets.spark import spark
from services.health.activity import DAYS, HOURS, Activity
from services.language import _

WIDE = 93
"""From this many columns on every hour and day has a bar of its own."""


def activity_lines(found: Activity, columns: int) -> list[str]:
    """Three lines: sent, read, failed, each over 24 hours and over 30 days with its sum."""
    hours, days = (HOURS, DAYS) if columns >= WIDE else (HOURS // 2, DAYS // 2)
    return [
        f"{label:<9} 24 h {spark(course.hours, hours)} {grouped(sum(course.hours)):<8}"
        f" {_('30 dias')} {spark(course.days, days)} {grouped(sum(course.days))}"
        for label, course in (
            (_("Enviados"), found.sent),
            (_("Lidos"), found.fetched),
            (_("Falhas"), found.failed),
        )
    ]
