"""The manual: a chapter a file in each language, taken apart into what a reader is shown.

The files are Markdown of a few forms only: a title, sections, paragraphs, lists and tables. A line
``{{seven}}`` or ``{{guidance}}`` stands for a table made from what the program itself goes by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from services.folding import holds
from services.language import chosen
from services.wire import aadsts, guidance

Kind = Literal["text", "item", "table"]
_MARKER = re.compile(r"(-|\d+\.) ")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list with its ``marker``, or a table of two columns.

    ``text`` keeps the marks of code and of what is stressed; see :func:`unmarked`.
    """

    kind: Kind
    text: str = ""
    marker: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def whole(self) -> str:
        """All its words."""
        return unmarked(self.text) + " ".join(f"{left} {right}" for left, right in self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading; the first of a chapter has none."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter; ``key`` is the same in every language."""

    key: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found: the section by its number, and the sentence to show for it."""

    chapter: Chapter
    section: int
    words: str

    @property
    def title(self) -> str:
        """The chapter, and the section where it has a heading."""
        heading = self.chapter.sections[self.section].title
        return f"{self.chapter.title} › {heading}" if heading else self.chapter.title


def chapters() -> tuple[Chapter, ...]:
    """Every chapter in the language in force."""
    return _chapters(chosen())


def chapter(key: str) -> Chapter | None:
    """The chapter of that key, or of that number."""
    for number, one in enumerate(chapters(), 1):
        if key in (one.key, str(number)):
            return one
    return None


def search(words: str) -> tuple[Found, ...]:
    """Every section that holds all ``words``; accents and case do not matter.

    Those whose heading holds them come first, then chapters by their title; without words, the
    beginning of each chapter.
    """
    if not words.strip():
        return tuple(Found(one, 0, one.sections[0].blocks[0].whole) for one in chapters())
    ranked = [
        (_rank(one, section, words), Found(one, number, _sentence(section, words)))
        for one in chapters()
        for number, section in enumerate(one.sections)
        if holds(f"{section.title or one.title} {_words(section)}", words)
    ]
    return tuple(found for _place, found in sorted(ranked, key=lambda pair: pair[0]))


def unmarked(text: str) -> str:
    """``text`` without marks; a key of one letter is quoted, to be told from the words."""
    return "".join(
        f"'{run}'" if what == "code" and len(run) == 1 else run for run, what in pieces(text)
    )


def pieces(text: str) -> Iterator[tuple[str, Literal["", "code", "strong"]]]:
    """The runs of ``text``, each with what it is."""
    for number, run in enumerate(text.split("`")):
        if number % 2:
            yield run, "code"
            continue
        for at, part in enumerate(run.split("**")):
            if part:
                yield part, "strong" if at % 2 else ""


@lru_cache(maxsize=2)
def _chapters(language: str) -> tuple[Chapter, ...]:
    folder = resources.files("screens.manual").joinpath(language)
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".md")), key=lambda f: f.name)
    return tuple(
        _read(file.name.partition("-")[2].removesuffix(".md"), file.read_text("utf-8"))
        for file in files
    )


def _read(key: str, text: str) -> Chapter:
    heading, _rest, body = text.partition("\n")
    sections: list[tuple[str, list[Block]]] = [("", [])]
    for line in body.splitlines():
        if line.startswith("## "):
            sections.append((line.removeprefix("## "), []))
        elif line:
            sections[-1][1].append(_block(line))
    return Chapter(
        key,
        heading.removeprefix("# "),
        tuple(Section(title, tuple(blocks)) for title, blocks in sections if title or blocks),
    )


def _block(line: str) -> Block:
    if line == "{{seven}}":
        return Block("table", rows=_seven())
    if line == "{{guidance}}":
        return Block("table", rows=tuple((t.key, t.title) for t in guidance.topics()))
    if marker := _MARKER.match(line):
        return Block("item", line[marker.end() :], marker[1])
    return Block("text", line)


def _seven() -> tuple[tuple[str, str], ...]:
    """The codes that inactivate, with what they mean and what to do (R45, R47)."""
    return tuple(
        (f"AADSTS{code}", f"{aadsts.description(code)} {aadsts.remedy(code)}")
        for code in aadsts.seven()
    )


def _rank(one: Chapter, section: Section, words: str) -> int:
    if not holds(section.title or one.title, words):
        return 2
    return 0 if section.title else 1


def _words(section: Section) -> str:
    return " ".join(block.whole for block in section.blocks)


def _sentence(section: Section, words: str) -> str:
    """The block that holds all words, or else the first one of them."""
    holding: Sequence[str] = [words, *words.split()]
    for sought in holding:
        for block in section.blocks:
            for text in [" ".join(row) for row in block.rows] or [unmarked(block.text)]:
                if holds(text, sought):
                    return text
    return section.blocks[0].whole if section.blocks else ""
