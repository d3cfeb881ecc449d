"""Portuguese is the message id; English is a catalogue (gettext)."""

from __future__ import annotations

import gettext as _gettext
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("pt_BR", "en")
_LOCALE = Path(__file__).parent / "locale"
_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()
_chosen = _installed = "pt_BR"
_firm = False
_spoken: ContextVar[tuple[str, _gettext.NullTranslations] | None] = ContextVar(
    "spoken", default=None
)


def choose(language: str | None, *, firm: bool = False) -> str:
    """Set the language of the process; ``None`` follows LC_ALL, LC_MESSAGES and LANG.

    ``firm``: it was told for this run, and no preference counts against it.
    """
    global _installed, _firm
    if language is None:
        language = next(
            (v for v in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if v), "pt_BR"
        )
    _installed = named(language) or "pt_BR"
    _firm = firm
    speak(_installed)
    return _installed


def named(spelling: str) -> str | None:
    """Which of :data:`LANGUAGES` is meant, as browsers (pt-BR), locales (en_US.UTF-8) or people (pt)
    write it; None for one that is not spoken here.
    """
    tongue = re.split(r"[-_.@]", spelling.strip().lower())[0]
    return next((each for each in LANGUAGES if each.split("_")[0] == tongue), None)


def speak(language: str) -> None:
    """Speak to the person at the keyboard in another language than the installation's."""
    global _catalogue, _chosen
    _chosen = language
    _catalogue = _catalogue_of(language)


def installed() -> str:
    """The language of what others get from this process, whoever is at the keyboard."""
    return _installed


def prefer(own: str | None) -> bool:
    """Speak a person's own language, unless another was told for this run; True when it changed."""
    if _firm or own is None or own not in LANGUAGES or own == _chosen:
        return False
    speak(own)
    return True


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Another language within the block, for words that others read; None and unknown: the same."""
    if language not in LANGUAGES or language == chosen():
        yield
        return
    token = _spoken.set((language, _catalogue_of(language)))
    try:
        yield
    finally:
        _spoken.reset(token)


def chosen() -> str:
    """The language in force."""
    spoken = _spoken.get()
    return _chosen if spoken is None else spoken[0]


@cache
def _catalogue_of(language: str) -> _gettext.NullTranslations:
    if language == "pt_BR":
        return _gettext.NullTranslations()
    return _gettext.translation("carteiro", _LOCALE, [language], fallback=True)


def said(message: str) -> str:
    """The words of a message that ``later`` marked, in the language in force."""
    spoken = _spoken.get()
    catalogue = _catalogue if spoken is None else spoken[1]
    return catalogue.gettext(message) if message else ""


def later(message: str) -> str:
    """``message`` itself, marked for the catalogue: words of a class, for :func:`said` when shown."""
    return message


_ = said


def ngettext(one: str, many: str, n: int) -> str:
    """Singular or plural in the language in force."""
    if chosen() == "pt_BR":
        return one if n in (0, 1) else many
    spoken = _spoken.get()
    return (_catalogue if spoken is None else spoken[1]).ngettext(one, many, n)


@dataclass(frozen=True, slots=True)
class Both:
    """The same words in each language, for what is kept and read by people who speak either."""

    portuguese: str
    english: str

    def __str__(self) -> str:
        return self.english if chosen() == "en" else self.portuguese


def both(word: Callable[[], object]) -> Both:
    """What ``word`` says in each language."""
    told = []
    for language in LANGUAGES:
        with speaking(language):
            told.append(str(word()))
    return Both(*told)


@cache
def messages() -> dict[str, str]:
    """What the catalogue says in English of each message that it has, those that count apart."""
    told: dict[object, object] = getattr(_catalogue_of("en"), "_catalog", {})
    return {
        message: english
        for message, english in told.items()
        if message and isinstance(message, str) and isinstance(english, str)
    }
