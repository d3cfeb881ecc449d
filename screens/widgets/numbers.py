"""Numbers as people write them."""

from __future__ import annotations

from services.language import chosen


def grouped(number: int) -> str:
    """10312 as people write it: 10.312 in Portuguese, 10,312 in English."""
    return f"{number:,}".replace(",", "." if chosen() == "pt_BR" else ",")
