"""Words of ours that were kept in one language, told again in the language in force (decision 32)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter

from services.language import chosen, messages

_LEAST = 11
"""Characters of its own by which a message is told from foreign text."""
_WORDS = frozenset({"why", "reason", "error"})
"""Values that are words of ours again, and may go on as they like; others are names and numbers."""
_DEEPEST = 8
_WORD = re.compile(r"\w+")
_LABEL = r"(?:InvoiCy Mail \([^\s()]+\)|[^\s:;]+@[^\s:;]+)"
_NEXT = re.compile(rf"; (?={_LABEL}:? )")
_OF_ADDRESS = re.compile(rf"{_LABEL}:? ")
_OF_NAME = re.compile("[^:]+: ")


@dataclass(frozen=True, slots=True)
class _Shape:
    """A message with values, as it looks in one language; ``fixed`` is what never differs."""

    message: str
    plain: str
    fixed: tuple[str, ...]
    pattern: str

    @property
    def key(self) -> str:
        """The longest word of it with more of its own on each side, "" where there is none."""
        inner = (
            found[0]
            for piece in self.fixed
            for found in _WORD.finditer(piece)
            if found.start() and found.end() < len(piece)
        )
        return max(inner, key=len, default="")

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What ends as it does comes first, for a value at the end goes on as far as it may; then
        what begins as it does, and the longest."""
        own = sum(map(len, self.fixed))
        return self.plain.endswith("{}"), self.plain.startswith("{}"), -own


def retold(words: str) -> str:
    """Words of ours that were kept in either language, in the one in force.

    Known are messages of the catalogue: with their values, up to the end of a sentence, as before
    a server's reply, and after the address or name that they are said of. Any other text, and what
    two messages say alike, is as it was.
    """
    language = chosen()
    return "; ".join(_again(piece, language, _DEEPEST) for piece in _NEXT.split(words))


def _again(words: str, language: str, deeper: int) -> str:
    told = _known(words, language, deeper)
    return words if told is None else told


# What is said of many is the same but for whom it is said of.
@lru_cache(8_192)
def _known(words: str, language: str, deeper: int) -> str | None:
    """In that language; None where no message is found in it."""
    if len(words) < _LEAST or not deeper:
        return None
    told = _sentence(words, language)
    if told is None:
        told = _labelled(words, _OF_ADDRESS, language, deeper)
    if told is None:
        told = _shaped(words, language, deeper)
    return _labelled(words, _OF_NAME, language, deeper) if told is None else told


def _sentence(words: str, language: str) -> str | None:
    known = _whole()
    end = len(words)
    while end:
        message = known.get(words[:end])
        if message is not None:
            return _said(message, language) + words[end:]
        end = words.rfind(". ", 0, end - 1) + 1
    return None


def _shaped(words: str, language: str, deeper: int) -> str | None:
    shapes = _shapes()
    keys = {"", *_WORD.findall(words)} & shapes.keys()
    for shape in sorted((s for key in keys for s in shapes[key]), key=lambda shape: shape.rank):
        if all(piece in words for piece in shape.fixed):
            found = _compiled(shape.pattern).fullmatch(words)
            if found is not None:
                values = {
                    name: _again(value, language, deeper - 1) if name in _WORDS else value
                    for name, value in found.groupdict().items()
                }
                return _said(shape.message, language).format(**values)
    return None


def _labelled(words: str, label: re.Pattern[str], language: str, deeper: int) -> str | None:
    """What is said of somebody."""
    of = label.match(words)
    if of is None:
        return None
    told = _known(words[of.end() :], language, deeper - 1)
    return None if told is None else of[0] + told


def _said(message: str, language: str) -> str:
    return messages()[message] if language == "en" else message


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


@cache
def _whole() -> dict[str, str]:
    """The message of each text without values that only one message has."""
    found: dict[str, set[str]] = {}
    for message, english in messages().items():
        for words in {message, english}:
            if "{" not in words:
                found.setdefault(words, set()).add(message)
    return {words: told.pop() for words, told in found.items() if len(told) == 1}


@cache
def _shapes() -> dict[str, list[_Shape]]:
    """The shapes that only one message has, by a word that is in them."""
    found: dict[str, dict[str, _Shape]] = {}
    for message, english in messages().items():
        for words in {message, english}:
            if "{" in words and (shape := _shape_of(message, words)) is not None:
                found.setdefault(shape.plain, {})[message] = shape
    shapes: dict[str, list[_Shape]] = {}
    for told in found.values():
        if len(told) == 1:
            for shape in told.values():
                shapes.setdefault(shape.key, []).append(shape)
    return shapes


def _shape_of(message: str, words: str) -> _Shape | None:
    """None where a value cannot be told from what stands round it, or there is too little else."""
    fixed: list[str] = []
    names: set[str] = set()
    pattern = plain = ""
    apart = True
    for text, name, form, conversion in Formatter().parse(words):
        if text:
            fixed.append(text)
            pattern += re.escape(text)
            plain += text
            apart = True
        if name is None:
            continue
        if not name.isidentifier() or form or conversion or not apart:
            return None
        more = ".+" if name in _WORDS else "(?:(?!: ).)+?"
        pattern += f"(?P={name})" if name in names else f"(?P<{name}>{more})"
        names.add(name)
        plain += "{}"
        apart = False
    if sum(map(len, fixed)) < _LEAST:
        return None
    return _Shape(message, plain, tuple(fixed), pattern)
