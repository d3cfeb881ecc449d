"""Foreign facts cut to what the columns of both databases take."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeAlias

from services.fiscal.facts import Facts
from services.fiscal.labels import Check, Checks

Unique: TypeAlias = tuple[int, str, str, str]
"""Company, kind, access key and event: what makes a document the same (R40)."""

_KEY_LABELS = {True: "ok", False: "failed", None: "unverifiable"}
_INT = 2**31 - 1
_MONEY = Decimal(10) ** 14


def storable(text: str | None, limit: int) -> str:
    """``text`` without NUL and lone surrogates, which PostgreSQL refuses, cut to ``limit``."""
    clean = (text or "").replace("\0", "·")[:limit]
    return clean if clean.isascii() else clean.encode("utf-8", "replace").decode("utf-8")


def document_row(facts: Facts, unique: Unique, sha256: str) -> dict[str, Any]:
    """The columns of a document that come from its facts."""
    company_id, kind, access_key, event_id = unique
    return {
        "company_id": company_id,
        "kind": kind,
        "access_key": access_key,
        "event_id": event_id,
        "number": _number(facts.number),
        "series": _number(facts.series),
        "issuer_cnpj": storable(facts.issuer_cnpj, 14) or None,
        "issuer_name": storable(facts.issuer_name, 200),
        "recipient_cnpj": storable(facts.recipient_cnpj, 14) or None,
        "recipient_name": storable(facts.recipient_name, 200),
        "issued_at": facts.issued_at,
        "total": _money(facts.total),
        "authorised": facts.authorised,
        "check_access_key": _KEY_LABELS[facts.key_ok],
        "sha256": sha256,
    }


def reasons_text(checks: Checks) -> str:
    """Why the labels are what they are, by check; "" where all is well."""
    told = {
        name: (each.reason, storable(each.detail, 200))
        for name, each in checks.named().items()
        if each.reason
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else ""


def reasons_of(text: str, labels: dict[str, str]) -> dict[str, Check]:
    """The other way round, with the labels; what is not of that form is left out."""
    try:
        told = json.loads(text) if text else {}
        return {
            name: Check(labels.get(name, ""), str(reason), str(detail))
            for name, (reason, detail) in told.items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}


def _number(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= _INT else None


def _money(value: Decimal | None) -> Decimal | None:
    if value is None or not value.is_finite() or abs(value) >= _MONEY:
        return None
    return value
