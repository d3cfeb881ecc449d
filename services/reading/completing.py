"""A document that came without its protocol and comes again with it is completed (R40)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reading.columns import Unique
from services.store.mail import Blob, Document
from services.store.rows import update_rows

_AT_ONCE = 200
_DIGEST = re.compile(rb"<(?:[\w.\-]{1,30}:)?DigestValue[^<>]{0,200}>([^<]{1,200})<")
_UNCHECKED = {
    "check_schema": "",
    "check_signature": "",
    "check_certificate": "",
    "check_chain": "",
    "check_protocol": "",
    "check_reasons": "",
    "checked_at": None,
}


def completes(later: bytes, earlier: bytes) -> bool:
    """True when ``later`` is ``earlier`` with more round it: what was signed is the same.

    The digest that was signed alone is no proof: it can be copied beside another content.
    """
    from services.fiscal.checks import signed_content

    signed = _DIGEST.search(earlier)
    if signed is None:
        return True
    again = _DIGEST.search(later)
    if again is None or again[1].split() != signed[1].split():
        return False
    content = signed_content(earlier)
    return content is None or signed_content(later) == content


def complete(
    session: Session, rows: Iterable[dict[str, Any]], blobs: dict[str, bytes]
) -> set[Unique]:
    """Let authorised ``rows`` take the place of the same documents that are stored without a protocol.

    Receipt and mailbox stay those of the first; the labels are found anew. One whose signed content
    is another's stays a duplicate. The documents that were completed.
    """
    wanted = {_unique(row): row for row in rows if row["authorised"]}
    keys = sorted({unique[2] for unique in wanted})
    updates = []
    done: set[Unique] = set()
    for start in range(0, len(keys), _AT_ONCE):
        found = session.execute(
            select(
                Document.id,
                Document.company_id,
                Document.kind,
                Document.access_key,
                Document.event_id,
                Blob.data,
            )
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(
                Document.access_key.in_(keys[start : start + _AT_ONCE]),
                Document.authorised.is_(False),
            )
        )
        for document_id, company_id, kind, key, event_id, earlier in found:
            row = wanted.get((company_id, kind, key, event_id))
            if row is not None and completes(blobs[row["sha256"]], earlier):
                updates.append({"id": document_id, **_facts(row), **_UNCHECKED})
                done.add(_unique(row))
    update_rows(session, Document, ("id",), updates)
    return done


def _unique(row: dict[str, Any]) -> Unique:
    return row["company_id"], row["kind"], row["access_key"], row["event_id"]


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    keeps = (
        "company_id",
        "kind",
        "access_key",
        "event_id",
        "partner_id",
        "mailbox_id",
        "inbound_id",
    )
    return {name: value for name, value in row.items() if name not in keeps}
