"""Spans of days as people type them."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from services import clock
from services.errors import Invalid
from services.language import _

_BETWEEN = re.compile(r"\s*(?:\.\.|\ba\b|\baté\b|\bto\b|–|—)\s*")
_LAST_DAYS = re.compile(r"([0-9]{1,4})\s*d(?:ias|ays)?")


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included, in local time; None is without end."""

    since: date | None = None
    until: date | None = None


def period(text: str) -> Period | None:
    """``hoje``, ``7d``, ``01/11/2026``, ``11/2026``, ``2026``, ``01/11/2026 a 15/11/2026``, ISO.

    ``..`` stands between two, and one of them may be missing. None for blank; :class:`Invalid`
    for what is none of these.
    """
    words = " ".join(text.casefold().split())
    if not words:
        return None
    today = clock.now().astimezone().date()
    if (last := _LAST_DAYS.fullmatch(words)) is not None:
        return Period(today - timedelta(days=max(int(last[1]), 1) - 1), today)
    first, *rest = _BETWEEN.split(words, maxsplit=1)
    since = _span(first, today) if first else None
    if not rest:
        return since
    until = _span(rest[0], today) if rest[0] else None
    if since is None and until is None:
        raise _unknown(text)
    return Period(since.since if since else None, until.until if until else None)


def _span(words: str, today: date) -> Period:
    named = {
        "hoje": today,
        "today": today,
        "ontem": today - timedelta(days=1),
        "yesterday": today - timedelta(days=1),
    }
    if words in named:
        return Period(named[words], named[words])
    parts = re.split(r"[/.-]", words)
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise _unknown(words)
    numbers = [int(part) for part in parts]
    if len(parts[0]) < 4:
        numbers.reverse()
    if not 1_900 <= numbers[0] <= 9_000:
        raise _unknown(words)
    try:
        match numbers:
            case [year]:
                return Period(date(year, 1, 1), date(year, 12, 31))
            case [year, month]:
                last = monthrange(year, month)[1]
                return Period(date(year, month, 1), date(year, month, last))
            case [year, month, day]:
                return Period(date(year, month, day), date(year, month, day))
    except ValueError as e:
        raise _unknown(words) from e
    raise _unknown(words)


def _unknown(text: str) -> Invalid:
    return Invalid(
        _("Período “{text}” não entendido: use 11/2026, 01/11/2026 a 15/11/2026 ou 7d").format(
            text=text
        ),
        field="period",
    )
