"""Finding the companies of a document among those linked to the mailbox (R39)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.store.models import Company, Function, Mailbox


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
