"""The one door for foreign text on its way to a screen, a log or a terminal."""

from __future__ import annotations

import re

# C0, DEL and C1; bidirectional controls; zero-width and line separators; interlinear and tag
# characters; lone surrogates: none of them is text of an invoice.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
# They choose how the character before them is drawn, and no two terminals give it the same width.
_VARIATION = re.compile("[\ufe00-\ufe0f]")
_HOSTILE_BUT_LINES = re.compile(_HOSTILE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
# A run of combining marks longer than any language writes ("zalgo") smears over other rows.
_COMBINING = re.compile(
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def safe(text: object, limit: int = 2_000) -> str:
    """One line of ``text`` that no terminal acts on.

    Every control, bidirectional, invisible or surrogate character becomes ``·`` (line ends and
    tabs a space), variation selectors go; longer than ``limit`` characters is cut with an ellipsis.
    """
    line = str(text)[: limit * 2].replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    line = _COMBINING.sub(r"\1", _VARIATION.sub("", _HOSTILE.sub("·", line)))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def safe_block(text: object, limit: int = 200_000) -> str:
    """The same for a text of several lines: line feeds stay, all else as in :func:`safe`."""
    block = str(text)[: limit * 2].replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    block = _COMBINING.sub(r"\1", _VARIATION.sub("", _HOSTILE_BUT_LINES.sub("·", block)))
    return block if len(block) <= limit else block[: limit - 1] + "…"


def kept(text: object, limit: int) -> str:
    """One line of ``text`` to be sent: letter by letter but for what is no text anywhere.

    Control characters and lone surrogates become ``·`` (line ends and tabs a space); what only
    matters to a screen stays, for the reader's own. Longer than ``limit`` is cut with an ellipsis.
    """
    line = str(text)[: limit * 2].replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    line = _NO_TEXT.sub("·", line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def kept_block(text: object, limit: int) -> str:
    """The same for a text of several lines: line feeds and tabs stay."""
    block = str(text)[: limit * 2].replace("\r\n", "\n").replace("\r", "\n")
    block = _NO_TEXT.sub(lambda m: m[0] if m[0] in "\n\t" else "·", block)
    return block if len(block) <= limit else block[: limit - 1] + "…"


def has_control(text: str) -> bool:
    """True when ``text`` holds a control character or a line separator: refused in any field."""
    return _CONTROL.search(text) is not None
