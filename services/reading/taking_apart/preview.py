"""A look into a message that could not be imported: headers, list of parts, text (R41)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fast_mail_parser import ParseError, PyLazyMimePart, parse_email_tree

from services.reading.taking_apart.findings import Part, Preview
from services.reading.taking_apart.problems import Caps

_HEADERS = ("from", "to", "cc", "reply-to", "subject", "date", "message-id", "return-path")
_TEXT = 1_000
_BODY = 20_000
_MARKUP_BYTES = 200_000
_PARTS = 100
_BEGINNING = 4_000
_STYLE = re.compile(r"<(style|script)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLANK = re.compile(r"\n\s*\n\s*")


def look(raw: bytes, caps: Caps) -> Preview:
    """What a person may see of a message; its beginning where it cannot be taken apart."""
    if len(raw) > caps.message_bytes or raw[: 2 * caps.header_bytes].count(b"\n--") > caps.parts:
        return Preview(text=_clean(raw[:_BEGINNING]), whole=False)
    try:
        root = parse_email_tree(raw, mode="lazy")
    except ParseError:
        return Preview(text=_clean(raw[:_BEGINNING]), whole=False)
    parts: list[Part] = []
    plain = marked_up = ""
    whole = True
    for part in _leaves(root, caps):
        if len(parts) == _PARTS:
            whole = False
            break
        try:
            content = part.content
        except ParseError:
            content = None
        size = -1 if content is None else len(content)
        parts.append(Part(_short(part.filename), _short(part.content_type), size))
        if content and not part.filename:
            if part.content_type == "text/plain" and not plain:
                plain = _clean(content[: 4 * _BODY])[:_BODY]
            elif part.content_type == "text/html" and not marked_up:
                marked_up = _words(_clean(content[:_MARKUP_BYTES]))[:_BODY]
    headers = tuple(
        (name, _short(values[0]))
        for wanted in _HEADERS
        for name, values in root.headers.items()
        if name.lower() == wanted and values
    )
    return Preview(headers, tuple(parts), plain or marked_up, whole)


def _leaves(root: PyLazyMimePart, caps: Caps) -> Iterator[PyLazyMimePart]:
    pending = [root]
    seen = 0
    while pending and seen < caps.parts:
        part = pending.pop()
        seen += 1
        if part.children:
            pending += reversed(part.children)
        else:
            yield part


def _words(markup: str) -> str:
    return _BLANK.sub("\n\n", _TAG.sub(" ", _STYLE.sub(" ", markup))).strip()


def _clean(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\0", "")


def _short(text: str) -> str:
    return text[:_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
