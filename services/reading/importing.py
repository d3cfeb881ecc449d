"""Importing what was found in stored messages: documents, quarantine and receipts in one unit of work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.clock import now
from services.fiscal.facts import Facts
from services.language import _
from services.reading.columns import Unique, document_row, storable
from services.reading.completing import complete, completes
from services.reading.meeting import meet
from services.reading.releasing import release
from services.reading.routing import Destination, destinations, holders, route
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem, all_words
from services.registry import search
from services.store.blobs import keep_blobs
from services.store.mail import Document, InboundMessage, InboundState, PartyName, Quarantine
from services.store.rows import insert_rows, update_rows

FOREIGN = "foreign_company"
REFUSED = "refused_values"
_AT_ONCE = 500
# What the column takes: of so many companies is no document that a supplier mails.
_PARTIES = 20


def reason_words(reason: str) -> str:
    """Why something is in quarantine, in plain words."""
    return reasons().get(reason, reason)


def reasons() -> dict[str, str]:
    """Every reason for quarantine with its words."""
    return {
        FOREIGN: _("O documento não é de nenhuma empresa vinculada a esta caixa"),
        REFUSED: _("O banco de dados recusou os valores do documento"),
        **all_words(),
    }


@dataclass(frozen=True, slots=True)
class Source:
    """Whose message it is and which mailbox brought it."""

    partner_id: int
    server_id: int | None


@dataclass(slots=True)
class Imported:
    """What an import did: new documents by company, and how many things went to quarantine.

    ``last_held`` is the receipt of the last of those; ``released`` are messages that waited for
    one of the documents and are to be imported now.
    """

    documents: dict[int, int] = field(default_factory=dict)
    quarantined: int = 0
    last_held: int | None = None
    released: int = 0

    def add(self, other: Imported) -> None:
        """Count ``other`` in."""
        for company_id, count in other.documents.items():
            self.documents[company_id] = self.documents.get(company_id, 0) + count
        self.quarantined += other.quarantined
        self.released += other.released
        self.last_held = other.last_held or self.last_held


def import_messages(
    session: Session,
    source: Source,
    messages: Sequence[tuple[int, Extracted | Problem]],
    *,
    linked: dict[str, Destination] | None = None,
) -> Imported:
    """Import what was taken out of messages, by inbound id, and close their receipts (R39-R43).

    A document goes to every linked company among its parties, an event also to those that have the
    document which it is about. One that is there already is noted as a duplicate, and completed
    where only now it has its protocol; one of no linked company, and whatever could not be read,
    goes to quarantine. What waited there for one of the documents is imported next.
    """
    at = now()
    if linked is None:
        linked = destinations(session, source.server_id) if source.server_id is not None else {}
    work = _Work(source, linked, meet(session, linked, _all_facts(messages)))
    for inbound_id, extracted in messages:
        work.take(inbound_id, extracted)
    fresh: set[Unique] = set()
    if work.documents:
        keep_blobs(session, work.blobs)
        insert_rows(session, PartyName, work.names(), conflict="ON CONFLICT DO NOTHING")
        rows = insert_rows(
            session,
            Document,
            list(work.documents.values()),
            conflict="ON CONFLICT DO NOTHING",
            returning=("company_id", "kind", "access_key", "event_id"),
        )
        fresh = {(row[0], row[1], row[2], row[3]) for row in rows}
        known = [row for unique, row in work.documents.items() if unique not in fresh]
        if known:
            complete(session, known, work.blobs)
    insert_rows(session, Quarantine, work.quarantine)
    receipts = [work.receipt(inbound_id, fresh, at) for inbound_id, _ in messages]
    update_rows(session, InboundMessage, ("id",), receipts)
    done = Imported(
        quarantined=len(work.quarantine),
        last_held=work.quarantine[-1]["inbound_id"] if work.quarantine else None,
    )
    done.released = release(session, fresh)
    for company_id, *_rest in fresh:
        done.documents[company_id] = done.documents.get(company_id, 0) + 1
    return done


def foresee(
    session: Session,
    source: Source,
    messages: Sequence[tuple[int, Extracted | Problem]],
    linked: dict[str, Destination],
    before: set[Unique],
) -> list[dict[str, Any]]:
    """The receipts that :func:`import_messages` would write of these messages, writing none (R42).

    Each has "held" besides: what would go to quarantine. ``before`` are the documents that earlier
    messages of the same rehearsal would have brought; those of these are added.
    """
    held_by = holders(session, linked, _all_facts(messages), before)
    work = _Work(source, linked, held_by)
    for inbound_id, extracted in messages:
        work.take(inbound_id, extracted)
    fresh = set(work.documents) - before - _there(session, work.documents)
    before |= fresh
    return [
        work.receipt(inbound_id, fresh, None)
        | {"held": [row for row in work.quarantine if row["inbound_id"] == inbound_id]}
        for inbound_id, _extracted in messages
    ]


def _all_facts(messages: Sequence[tuple[int, Extracted | Problem]]) -> list[Facts]:
    return [
        document.facts
        for _inbound_id, extracted in messages
        if isinstance(extracted, Extracted)
        for document in extracted.found
    ]


def _there(session: Session, wanted: Iterable[Unique]) -> set[Unique]:
    """Those of ``wanted`` that are imported already."""
    keys = sorted({unique[2] for unique in wanted})
    found: set[Unique] = set()
    for start in range(0, len(keys), _AT_ONCE):
        rows = session.execute(
            select(
                Document.company_id, Document.kind, Document.access_key, Document.event_id
            ).where(Document.access_key.in_(keys[start : start + _AT_ONCE]))
        )
        found |= {(row[0], row[1], row[2], row[3]) for row in rows}
    return found


@lru_cache(4_096)
def _folded(name: str) -> str:
    return search.key(name, most=200)


class _Work:
    """Rows gathered from a batch of messages."""

    def __init__(
        self,
        source: Source,
        linked: dict[str, Destination],
        held_by: dict[str, list[Destination]],
    ) -> None:
        self.source = source
        self.linked = linked
        self.held_by = held_by
        self.blobs: dict[str, bytes] = {}
        self.documents: dict[Unique, dict[str, Any]] = {}
        self.quarantine: list[dict[str, Any]] = []
        self._held: dict[int, str] = {}
        self._extracted: dict[int, Extracted | Problem] = {}
        self._found: dict[int, list[tuple[Unique | None, str, str]]] = {}

    def take(self, inbound_id: int, extracted: Extracted | Problem) -> None:
        """Turn one message into rows."""
        self._extracted[inbound_id] = extracted
        self._found[inbound_id] = []
        if isinstance(extracted, Problem):
            self._problem(inbound_id, extracted)
            return
        for problem in extracted.problems:
            self._problem(inbound_id, problem)
        for document in extracted.found:
            facts = document.facts
            kind, key = storable(facts.kind, 20), storable(facts.access_key, 60)
            goals = route(facts.cnpjs, self.linked)
            if facts.event_id:
                goals = list(dict.fromkeys(goals + self.held_by.get(facts.access_key, [])))
            if not goals:
                self._found[inbound_id].append((None, kind, key))
                self._hold(inbound_id, document.part_name, FOREIGN, key, facts.cnpjs)
                continue
            sha256 = hashlib.sha256(document.xml).hexdigest()
            self.blobs[sha256] = document.xml
            for goal in goals:
                unique = (goal.company_id, kind, key, storable(facts.event_id, 60))
                before = self.documents.get(unique)
                if before is not None:
                    self._again(before, facts, unique, sha256)
                if (unique, kind, key) in self._found[inbound_id]:
                    continue
                self._found[inbound_id].append((unique, kind, key))
                if before is None:
                    row = document_row(facts, unique, sha256)
                    row["partner_id"] = self.source.partner_id
                    row["mailbox_id"] = goal.mailbox_id
                    row["inbound_id"] = inbound_id
                    self.documents[unique] = row

    def _again(self, before: dict[str, Any], facts: Facts, unique: Unique, sha256: str) -> None:
        """The same document in this batch: the first stays, unless this one has the protocol."""
        if (
            facts.authorised
            and not before["authorised"]
            and completes(self.blobs[sha256], self.blobs[before["sha256"]])
        ):
            before.update(document_row(facts, unique, sha256))

    def names(self) -> list[dict[str, Any]]:
        """What documents are found by, of their parties; in order, so that no two wait in a ring."""
        found = {
            (row[f"{role}_cnpj"], _folded(row[f"{role}_name"]))
            for row in self.documents.values()
            for role in ("issuer", "recipient")
            if row[f"{role}_cnpj"] and row[f"{role}_name"]
        }
        return [{"cnpj": cnpj, "name_key": key} for cnpj, key in sorted(found) if key]

    def receipt(self, inbound_id: int, fresh: set[Unique], at: object) -> dict[str, Any]:
        """The receipt of one message, to be taken in the order of import (R43)."""
        extracted = self._extracted[inbound_id]
        found = []
        for unique, kind, key in self._found[inbound_id]:
            if unique is None:
                outcome, company = FOREIGN, None
            else:
                mine = self.documents[unique]["inbound_id"] == inbound_id
                outcome = "imported" if unique in fresh and mine else "duplicate"
                company = unique[0]
            found.append(
                {"kind": kind, "access_key": key, "company_id": company, "outcome": outcome}
            )
        reason = None
        state = InboundState.IMPORTED
        if inbound_id in self._held:
            state, reason = InboundState.QUARANTINED, self._held[inbound_id]
        elif not found:
            state = InboundState.NOTHING
        known = extracted if isinstance(extracted, Extracted) else Extracted()
        return {
            "id": inbound_id,
            "state": state,
            "subject": storable(known.subject, 998),
            "sender": storable(known.sender, 998),
            "reason": reason,
            "found": found,
            "committed_at": at,
        }

    def _problem(self, inbound_id: int, problem: Problem) -> None:
        self._hold(inbound_id, problem.part_name, problem.reason, problem.detail)

    def _hold(
        self, inbound_id: int, part: str, reason: str, detail: str, parties: Sequence[str] = ()
    ) -> None:
        self._held.setdefault(inbound_id, storable(reason, 30))
        self.quarantine.append(
            {
                "partner_id": self.source.partner_id,
                "server_id": self.source.server_id,
                "inbound_id": inbound_id,
                "part": storable(part, 255),
                "reason": storable(reason, 30),
                "detail": storable(detail, 1000),
                "parties": " ".join(parties[:_PARTIES]),
            }
        )
