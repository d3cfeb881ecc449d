"""The standard library's parser, for what the quick one refuses or cannot decode.

It forgives more and costs a hundred times as much, and some messages are made to kill it: those
are refused before they reach it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser

from services.reading.taking_apart.problems import Caps, TooMuch

_BYTES = 16 * 1024 * 1024
_NESTING = re.compile(rb"^content-type:\s*(?:message/|multipart/)", re.IGNORECASE | re.MULTILINE)
_LONG_FIELD = re.compile(
    rb"^content-[a-z\-]{1,30}:(?:[^\n]|\n[ \t]){4096}", re.IGNORECASE | re.MULTILINE
)
_NAME_LIMIT = 255
_VALUE_LIMIT = 2_000
_HEADERS = ("subject", "from", "date", "message-id")


def parse(raw: bytes, caps: Caps) -> tuple[dict[str, list[str]], list[tuple[str, str, bytes]]]:
    """The four headers of interest, and file name, declared type and decoded bytes of every part without parts.

    Raises :class:`TooMuch` for what it will not open.
    """
    if len(raw) > _BYTES:
        raise TooMuch("unreadable", f"{len(raw)} bytes")
    if len(_NESTING.findall(raw)) > 3 * caps.depth:
        raise TooMuch("too_deep")
    if raw.count(b"\n--") > caps.parts:
        raise TooMuch("too_many_parts")
    if _LONG_FIELD.search(raw):
        raise TooMuch("header_too_large")
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
        headers = {name: [_decoded(str(message[name]))] for name in _HEADERS if message[name]}
        leaves = [
            (_name(part), part.get_content_type(), _content(part))
            for part in message.walk()
            if not part.is_multipart()
        ]
    except (MessageError, RecursionError, ValueError, LookupError, TypeError, AttributeError) as e:
        raise TooMuch("unreadable", f"{type(e).__name__}: {e}"[:200]) from e
    return headers, leaves


def _decoded(value: str) -> str:
    with suppress(MessageError, ValueError, LookupError):
        return str(make_header(decode_header(value[:_VALUE_LIMIT])))
    return value[:_VALUE_LIMIT]


def _name(part: Message[str, str]) -> str:
    return str(part.get_filename("") or "")[:_NAME_LIMIT]


def _content(part: Message[str, str]) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
