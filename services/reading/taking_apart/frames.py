"""What goes between the reading process and the child that takes messages apart.

Lengths, JSON and bytes: nothing that comes back could run, for it was made from hostile input.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.fiscal.danfe import Danfe
from services.fiscal.facts import Facts, OtherParty
from services.fiscal.labels import Check, Checks
from services.reading.taking_apart.findings import Extracted, Found, Part, Preview
from services.reading.taking_apart.problems import Problem

EXTRACT, CHECK, PRINT, PREVIEW = b"E", b"C", b"P", b"V"
# What a request is about, whether its items are in the shared memory, and how many they are.
REQUEST = struct.Struct("<c?I")
REPLY = struct.Struct("<IQ")
MAX_TEXT = 64 * 1024 * 1024
MAX_BYTES = 512 * 1024 * 1024
# Made once: a call of json.dumps would make it anew.
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
READY = REPLY.pack(0, 0)


class BadFrame(Exception):
    """The other side does not keep to the form."""


def request(kind: bytes, items: Sequence[bytes], *, shared: bool) -> list[bytes]:
    """The pieces of a request: kind and number, the sizes, the items unless they are ``shared``."""
    sizes = struct.pack(f"<{len(items)}Q", *map(len, items))
    head = REQUEST.pack(kind, shared, len(items)) + sizes
    return [head] if shared else [head, *items]


def extracted_reply(results: Sequence[Extracted]) -> list[bytes]:
    """The pieces of a reply: texts as JSON, the documents behind them as they are."""
    rows = [
        (
            (one.subject, one.sender, one.date, one.message_id),
            [(found.part_name, len(found.xml), _facts_row(found.facts)) for found in one.found],
            [(problem.reason, problem.detail, problem.part_name) for problem in one.problems],
        )
        for one in results
    ]
    return _reply(rows, [found.xml for one in results for found in one.found])


def read_extracted(text: bytes, body: bytes, count: int) -> list[Extracted]:
    """The other way round; :class:`BadFrame` for anything but ``count`` results."""
    return _read(text, count, lambda rows: _extracted(rows, memoryview(body)))


def checks_reply(results: Sequence[Checks]) -> list[bytes]:
    """The reply to a request for checks."""
    rows = [
        [(one.code, one.reason, one.detail) for one in each.named().values()] for each in results
    ]
    return _reply(rows, [])


def read_checks(text: bytes, count: int) -> list[Checks]:
    """The other way round; :class:`BadFrame` for anything but ``count`` results."""
    return _read(text, count, lambda rows: [Checks(*(_check(*one) for one in row)) for row in rows])


def printed_reply(results: Sequence[Danfe]) -> list[bytes]:
    """The reply to a request for DANFEs."""
    return _reply([(one.why, len(one.pdf)) for one in results], [one.pdf for one in results])


def read_printed(text: bytes, body: bytes, count: int) -> list[Danfe]:
    """The other way round; :class:`BadFrame` for anything but ``count`` results."""
    return _read(text, count, lambda rows: _printed(rows, body))


def _printed(rows: list[Any], body: bytes) -> list[Danfe]:
    results, at = [], 0
    for why, size in rows:
        results.append(Danfe(body[at : at + int(size)], _text(why)))
        at += int(size)
    if at != len(body):
        raise BadFrame("bytes")
    return results


def previews_reply(results: Sequence[Preview]) -> list[bytes]:
    """The reply to a request for previews."""
    rows = [
        (
            one.headers,
            [(part.name, part.content_type, part.size) for part in one.parts],
            one.text,
            one.whole,
        )
        for one in results
    ]
    return _reply(rows, [])


def read_previews(text: bytes, count: int) -> list[Preview]:
    """The other way round; :class:`BadFrame` for anything but ``count`` results."""
    return _read(text, count, lambda rows: [_preview(*row) for row in rows])


def _preview(headers: list[Any], parts: list[Any], text: object, whole: object) -> Preview:
    return Preview(
        tuple((_text(name), _text(value)) for name, value in headers),
        tuple(Part(_text(name), _text(kind), int(size)) for name, kind, size in parts),
        _text(text),
        whole is True,
    )


def _reply(rows: list[Any], bodies: list[bytes]) -> list[bytes]:
    text = _ENCODE(rows).encode("utf-8", "replace")
    return [REPLY.pack(len(text), sum(map(len, bodies))), text, *bodies]


def _read(text: bytes, count: int, build: Callable[[list[Any]], list[Any]]) -> list[Any]:
    try:
        rows = json.loads(text)
        if len(rows) != count:
            raise BadFrame("count")
        return build(rows)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def _extracted(rows: list[Any], body: memoryview) -> list[Extracted]:
    results, at = [], 0
    for (subject, sender, date, message_id), documents, problems in rows:
        found = []
        for name, size, facts in documents:
            found.append(Found(_text(name), bytes(body[at : at + size]), _facts(facts)))
            at += size
        results.append(
            Extracted(
                subject=_text(subject),
                sender=_text(sender),
                date=_text(date),
                message_id=_text(message_id),
                found=tuple(found),
                problems=tuple(
                    Problem(_text(reason), _text(detail), _text(part))
                    for reason, detail, part in problems
                ),
            )
        )
    if at != len(body):
        raise BadFrame("bytes")
    return results


def _facts_row(facts: Facts) -> tuple[Any, ...]:
    return (
        facts.kind,
        facts.access_key,
        facts.key_ok,
        facts.event_id,
        facts.issuer_cnpj,
        facts.issuer_name,
        facts.recipient_cnpj,
        facts.recipient_cpf,
        facts.recipient_name,
        facts.recipient_email,
        [(other.role, other.cnpj, other.name) for other in facts.others],
        facts.number,
        facts.series,
        facts.issued_at.isoformat() if facts.issued_at else None,
        str(facts.total) if facts.total is not None else None,
        facts.authorised,
        facts.protocol,
    )


def _facts(row: list[Any]) -> Facts:
    *texts, others, number, series, issued_at, total, authorised, protocol = row
    kind, key, key_ok, event, issuer, issuer_name, *recipient = texts
    cnpj, cpf, name, email = recipient
    return Facts(
        kind=_text(kind),
        access_key=_text(key),
        key_ok=None if key_ok is None else key_ok is True,
        event_id=_text(event),
        issuer_cnpj=_maybe(issuer),
        issuer_name=_text(issuer_name),
        recipient_cnpj=_maybe(cnpj),
        recipient_cpf=_maybe(cpf),
        recipient_name=_text(name),
        recipient_email=_text(email),
        others=tuple(OtherParty(_text(role), _text(who), _text(as_)) for role, who, as_ in others),
        number=None if number is None else int(number),
        series=None if series is None else int(series),
        issued_at=None if issued_at is None else datetime.fromisoformat(issued_at),
        total=None if total is None else Decimal(total),
        authorised=authorised is True,
        protocol=_text(protocol),
    )


def _check(code: object, reason: object, detail: object) -> Check:
    return Check(_text(code), _text(reason), _text(detail))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _maybe(value: object) -> str | None:
    return None if value is None else _text(value)
