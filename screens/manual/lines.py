"""The manual in lines of a given width, plain: for a terminal without a screen, and for pipes."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from screens.manual.chapters import Block, Chapter, unmarked


def lines(chapter: Chapter, width: int) -> Iterator[str]:
    """The whole chapter."""
    yield from (chapter.title, "=" * len(chapter.title))
    for section in chapter.sections:
        if section.title:
            yield from ("", section.title, "-" * len(section.title))
        before = ""
        for block in section.blocks:
            if block.kind != "item" or before != "item":
                yield ""
            yield from _of(block, width)
            before = block.kind


def _of(block: Block, width: int) -> Iterator[str]:
    left = max((len(name) for name, _words in block.rows), default=0) + 2
    for name, words in block.rows:
        yield from _hanging(name.ljust(left), words, width)
    if block.text:
        marker = block.marker and f"{block.marker} "
        yield from _hanging(marker, unmarked(block.text), width)


def _hanging(first: str, words: str, width: int) -> Iterator[str]:
    yield from wrap(
        words,
        max(width, len(first) + 20),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    )
