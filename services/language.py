"""Portuguese is the message id; English is a catalogue (gettext)."""

from __future__ import annotations

import gettext as _gettext
import os
from pathlib import Path

LANGUAGES = ("pt_BR", "en")
_LOCALE = Path(__file__).parent / "locale"
_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()
_chosen = "pt_BR"


def choose(language: str | None) -> str:
    """Set the language of the process; ``None`` follows LC_ALL, LC_MESSAGES and LANG.

    Called before screens are imported, because key bindings are words of their classes.
    """
    global _catalogue, _chosen
    if language is None:
        spoken = next(
            (v for v in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if v), "pt_BR"
        )
        language = "en" if spoken.lower().startswith("en") else "pt_BR"
    _chosen = language if language in LANGUAGES else "pt_BR"
    if _chosen == "pt_BR":
        _catalogue = _gettext.NullTranslations()
    else:
        _catalogue = _gettext.translation("carteiro", _LOCALE, [_chosen], fallback=True)
    return _chosen


def chosen() -> str:
    """The language in force."""
    return _chosen


def _(message: str) -> str:
    """The words of ``message`` in the language in force."""
    return _catalogue.gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """Singular or plural in the language in force."""
    if _chosen == "pt_BR":
        return one if n in (0, 1) else many
    return _catalogue.ngettext(one, many, n)
