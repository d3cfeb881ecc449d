"""Words of ours that were kept in one language, told again in the language in force (decision 32)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter

from services.language import chosen, messages, said, speaking

_LEAST = 11
"""Characters of its own by which a message is told from foreign text."""
_WORDS = frozenset({"why", "reason", "error"})
"""Values that are words of ours again, and may go on as they like; others are names and numbers."""
_DEEPEST = 8
_BEGINNING = 6
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


def retold(words: str) -> str:
    """Words of ours that were kept in either language, in the one in force.

    Known are messages of the catalogue: with their values, up to the end of a sentence, as before
    a server's reply, and after the address or name that they are said of. Any other text, and what
    two messages say alike, is as it was.
    """
    return _in(chosen(), words)


@lru_cache(4_096)
def _in(language: str, words: str) -> str:
    with speaking(language):
        return "; ".join(_again(piece, _DEEPEST) for piece in _NEXT.split(words))


def _again(words: str, deeper: int) -> str:
    if len(words) < _LEAST or not deeper:
        return words
    return (
        _sentence(words)
        or _labelled(words, _OF_ADDRESS, deeper)
        or _shaped(words, deeper)
        or _labelled(words, _OF_NAME, deeper)
        or words
    )


def _sentence(words: str) -> str:
    known = _whole()
    end = len(words)
    while end:
        message = known.get(words[:end])
        if message is not None:
            return said(message) + words[end:]
        end = words.rfind(". ", 0, end - 1) + 1
    return ""


def _shaped(words: str, deeper: int) -> str:
    shapes = _shapes()
    begins = words[:_BEGINNING]
    for key in ((begins, True), ("", True), (begins, False), ("", False)):
        for shape in shapes.get(key, ()):
            if all(piece in words for piece in shape.fixed):
                found = _compiled(shape.pattern).fullmatch(words)
                if found is not None:
                    values = {
                        name: _again(value, deeper - 1) if name in _WORDS else value
                        for name, value in found.groupdict().items()
                    }
                    return said(shape.message).format(**values)
    return ""


def _labelled(words: str, label: re.Pattern[str], deeper: int) -> str:
    """What is said of somebody, "" where that is not known."""
    of = label.match(words)
    if of is None:
        return ""
    rest = words[of.end() :]
    told = _again(rest, deeper - 1)
    return of[0] + told if told != rest else ""


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
def _shapes() -> dict[tuple[str, bool], list[_Shape]]:
    """The shapes that only one message has, the longest first, by how they begin ("" with a value)
    and whether their end is their own: what ends with a value goes on as far as it may.
    """
    found: dict[str, dict[str, _Shape]] = {}
    for message, english in messages().items():
        for words in {message, english}:
            if "{" in words and (shape := _shape_of(message, words)) is not None:
                found.setdefault(shape.plain, {})[message] = shape
    alone = [shape for told in found.values() if len(told) == 1 for shape in told.values()]
    shapes: dict[tuple[str, bool], list[_Shape]] = {}
    for shape in sorted(alone, key=lambda shape: -sum(map(len, shape.fixed))):
        begins = shape.plain.partition("{}")[0]
        key = begins[:_BEGINNING] if len(begins) >= _BEGINNING else ""
        shapes.setdefault((key, not shape.plain.endswith("{}")), []).append(shape)
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
