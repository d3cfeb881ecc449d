"""Finding the companies of a document among those linked to the mailbox (R39)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.fiscal.facts import Facts
from services.reading.columns import Unique
from services.store.mail import Document
from services.store.models import Company, Function, Mailbox

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Destination:
    """A company that a mailbox reads for, and its link."""

    company_id: int
    mailbox_id: int


_LINKED = (
    select(Company.cnpj, Company.id, Mailbox.id)
    .join(Mailbox, Mailbox.company_id == Company.id)
    .where(
        Mailbox.server_id == bindparam("server"),
        Mailbox.function == Function.READ,
        Company.document_import,
    )
)


def destinations(session: Session, server_id: int) -> dict[str, Destination]:
    """By CNPJ, the companies linked for reading whose Document Import is on (R3)."""
    rows = session.connection().execute(_LINKED, {"server": server_id})
    return {cnpj: Destination(company_id, mailbox_id) for cnpj, company_id, mailbox_id in rows}


def route(parties: Iterable[str], linked: dict[str, Destination]) -> list[Destination]:
    """The linked companies among the parties of a document, each once, in the parties' order."""
    return [linked[cnpj] for cnpj in dict.fromkeys(parties) if cnpj in linked]


def holders(
    session: Session,
    linked: dict[str, Destination],
    arriving: Collection[Facts],
    before: Iterable[Unique] = (),
) -> dict[str, list[Destination]]:
    """By access key, the linked companies whose document an event among ``arriving`` is about.

    An event names its author, and seldom whom else the document concerns: those are the companies
    that have it, or get it from ``arriving``, or had it from ``before``.
    """
    keys = sorted({facts.access_key for facts in arriving if facts.event_id})
    if not keys:
        return {}
    mine = {goal.company_id: goal for goal in linked.values()}
    found: dict[str, dict[int, Destination]] = {key: {} for key in keys}
    for facts in arriving:
        if not facts.event_id and facts.access_key in found:
            for goal in route(facts.cnpjs, linked):
                found[facts.access_key][goal.company_id] = goal
    pairs = [(unique[2], unique[0]) for unique in before]
    for start in range(0, len(keys), _AT_ONCE):
        some = Document.access_key.in_(keys[start : start + _AT_ONCE])
        rows = session.execute(select(Document.access_key, Document.company_id).where(some))
        pairs += [(row[0], row[1]) for row in rows]
    for key, company_id in pairs:
        if key in found and company_id in mine:
            found[key][company_id] = mine[company_id]
    return {key: list(goals.values()) for key, goals in found.items()}
