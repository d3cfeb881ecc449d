"""Words as they are compared: accents and case do not matter (R16)."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """``text`` without accents, case and compatibility forms."""
    spread = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in spread if not unicodedata.combining(c) and c.isprintable())


def holds(text: str, words: str) -> bool:
    """True when every word is in ``text``, folded."""
    folded = fold(text)
    return all(fold(word) in folded for word in words.split())
