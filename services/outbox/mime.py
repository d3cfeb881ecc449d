"""From the words and files of an e-mail to its bytes on the wire: 7-bit, CRLF, dots stuffed.

Written out by hand because the standard library's message objects cost four times as much and
turn encoded words of a subject into headers. What is refused: any control character in a header.
What is made inert: text that looks like an encoded word is itself encoded.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import chain
from urllib.parse import quote

from services.errors import Invalid
from services.language import _
from services.safe_text import has_control

_WIDTH = 76
_LINES = struct.Struct(f"{_WIDTH}s" * 128)
_CHUNK = 39
"""Bytes in one encoded word: with the longest header name before it still within the width."""
_LONGEST_WORD = 60

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~.-]+@[A-Za-z0-9._-]+")
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_AUTO_SUBMITTED = re.compile(r"[a-z-]+")
_PLAIN_TEXT = re.compile(r"[!-~]+(?: [!-~]+)*")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=^_`{|}~-]+)*")
_PLAIN_FILENAME = re.compile(r"[A-Za-z0-9 !#$&()+,.;@^_`{}~=\[\]-]{1,60}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on its way out; ``encoded`` is what :func:`encode_attachment` made of its bytes."""

    filename: str
    content_type: str
    encoded: bytes


def encode_attachment(data: bytes) -> bytes:
    """Base64 in lines of 76 characters, each ended by CRLF: done once, kept for all recipients."""
    encoded = binascii.b2a_base64(data, newline=False)
    blocks = len(encoded) // _LINES.size * _LINES.size
    # Taking the lines one by one would cost more than all the rest of an e-mail.
    lines = list(chain.from_iterable(_LINES.iter_unpack(memoryview(encoded)[:blocks])))
    lines += [encoded[at : at + _WIDTH] for at in range(blocks, len(encoded), _WIDTH)]
    return b"\r\n".join([*lines, b""])


def compose(
    *,
    sender_name: str,
    sender: str,
    to: Sequence[str],
    subject: str,
    date: datetime,
    message_id: str,
    text: str,
    attachments: Sequence[Attachment] = (),
    auto_submitted: str = "auto-generated",
    reply_to: str | None = None,
) -> list[bytes]:
    """One message for all recipients, each of whom sees the others (R27), ready for DATA: in parts,
    since a large attachment is not to be copied before it leaves.

    The same values give the same bytes, so that a repeated attempt is recognisably the same
    message. ``date`` is aware; addresses come from ``valid_address``. Raises :class:`Invalid`
    naming the field that could smuggle something into the header.
    """
    identity = message_id.removeprefix("<").removesuffix(">")
    if _MESSAGE_ID.fullmatch(identity) is None:
        raise _invalid("message_id")
    if _AUTO_SUBMITTED.fullmatch(auto_submitted) is None:
        raise _invalid("auto_submitted")
    answers = "" if reply_to is None else f"Reply-To:{_reply_to(reply_to)}\r\n"
    head = (
        f"From: {_mailbox(sender_name, sender)}\r\n"
        f"{answers}"
        f"To: {_recipients(to)}\r\n"
        f"{_subject(subject)}\r\n"
        f"Date: {format_datetime(date)}\r\n"
        f"Message-ID:{_fold_before(f'<{identity}>', 12)}\r\n"
        f"Auto-Submitted: {auto_submitted}\r\n"
        "MIME-Version: 1.0\r\n"
    ).encode("ascii")
    words = _text_part(text)
    if not attachments:
        return [head, words]
    # The line end before a boundary belongs to it. "=_" occurs neither in quoted-printable nor in base64.
    boundary = b"=_" + hashlib.sha256(identity.encode()).hexdigest()[:32].encode()
    parts = [
        head,
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n--' + boundary,
        b"\r\n" + words + b"\r\n",
    ]
    for attachment in attachments:
        parts += (b"--" + boundary + b"\r\n" + _file_head(attachment), attachment.encoded)
    parts.append(b"--" + boundary + b"--\r\n")
    return parts


def _text_part(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    try:
        raw = lines.replace("\n", "\r\n").encode("utf-8")
    except UnicodeEncodeError as e:
        raise _invalid("text") from e
    encoding, body = b"quoted-printable", binascii.b2a_qp(raw, istext=True)
    if len(body) > len(raw) * 4 // 3 + 200:
        encoding, body = b"base64", encode_attachment(raw)
    elif b"\r\n." in body or body.startswith(b"."):
        body = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]
    return (
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    )


def _file_head(attachment: Attachment) -> bytes:
    kind = attachment.content_type
    if _CONTENT_TYPE.fullmatch(kind) is None or len(kind) > 127:
        raise _invalid("content_type")
    if kind.lower().startswith(("message/", "multipart/")):
        kind = "application/octet-stream"  # those may not be base64 (RFC 2046)
    return (
        f"Content-Type: {kind}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;{_filename(attachment.filename)}\r\n\r\n"
    ).encode("ascii")


def _filename(name: str) -> str:
    """The parameters for a file name: in full by RFC 2231, and in ASCII for old programs."""
    _check(name, "filename")
    name = name.replace("/", "_").replace("\\", "_").strip()
    if not name.strip(" ."):
        raise _invalid("filename")
    if _PLAIN_FILENAME.fullmatch(name) and "=?" not in name:
        return f'\r\n filename="{name}"'
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    fallback = re.sub(r"[^A-Za-z0-9 ()+,.@_-]", "_", ascii_name).strip(" ") or "_"
    stem, dot, ending = fallback.rpartition(".")
    fallback = (stem[:44] or "_") + dot + ending[:15] if dot else fallback[:60]
    full = _percent_pieces("utf-8''", name)
    if len(full) == 1:
        extended = f"\r\n filename*={full[0]};"
    else:
        extended = "".join(f"\r\n filename*{n}*={piece};" for n, piece in enumerate(full))
    return f'{extended}\r\n filename="{fallback}"'


def _percent_pieces(start: str, name: str) -> list[str]:
    pieces = [start]
    for character in name:
        encoded = quote(character, safe="")
        if len(pieces[-1]) + len(encoded) > _LONGEST_WORD:
            pieces.append("")
        pieces[-1] += encoded
    return pieces


def _mailbox(name: str, address: str) -> str:
    _check(name, "sender_name")
    _check_address(address, "sender")
    name = name.strip()
    if not name:
        return address
    if len(name) > _LONGEST_WORD or not name.isascii() or "=?" in name or "  " in name:
        phrase = _encoded_words(name)
    elif _PLAIN_PHRASE.fullmatch(name):
        phrase = name
    else:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    last_line = len(phrase.rpartition("\r\n")[2])
    return phrase + _fold_before(f"<{address}>", last_line + len("From: "))


def _reply_to(address: str) -> str:
    _check_address(address, "reply_to")
    return _fold_before(address, len("Reply-To:"))


def _recipients(to: Sequence[str]) -> str:
    if not to:
        raise _invalid("to")
    for address in to:
        _check_address(address, "to")
    return ",".join(_fold(to, len("To:"), extra=1)).removeprefix(" ")


def _subject(subject: str) -> str:
    _check(subject, "subject")
    if not subject:
        return "Subject:"
    if (
        "=?" in subject
        or _PLAIN_TEXT.fullmatch(subject) is None
        or max(map(len, subject.split(" "))) > _LONGEST_WORD
    ):
        return "Subject: " + _encoded_words(subject)
    return "Subject:" + "".join(_fold(subject.split(" "), len("Subject:")))


def _fold(words: Sequence[str], used: int, extra: int = 0) -> Iterator[str]:
    """Each word with the blank before it, on a new line where it no longer fits."""
    for word in words:
        piece = _fold_before(word, used + extra)
        used = len(word) + 1 if piece.startswith("\r\n") else used + len(piece)
        used += extra
        yield piece


def _fold_before(word: str, used: int) -> str:
    return f" {word}" if used + 1 + len(word) <= _WIDTH else f"\r\n {word}"


def _encoded_words(text: str) -> str:
    """RFC 2047 in base64, one word a line, no character divided."""
    chunks: list[bytes] = [b""]
    for character in text:
        encoded = character.encode("utf-8")
        if len(chunks[-1]) + len(encoded) > _CHUNK:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(
        "=?utf-8?b?" + binascii.b2a_base64(chunk, newline=False).decode("ascii") + "?="
        for chunk in chunks
    )


def _check(text: str, field: str) -> None:
    if has_control(text) or any("\ud800" <= c <= "\udfff" for c in text):
        raise _invalid(field)


def _check_address(address: str, field: str) -> None:
    if _ADDRESS.fullmatch(address) is None or "=?" in address:
        raise _invalid(field)


def _invalid(field: str) -> Invalid:
    return Invalid(
        _("o campo “{field}” do e-mail contém o que não pode ir num cabeçalho").format(field=field),
        field=field,
    )
