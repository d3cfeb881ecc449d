"""Which documents an event has cancelled: its answer says that it was registered (R37)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, literal_column, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from services.store.mail import Document

_AT_ONCE = 500
_MUNICIPAL = "NFSeMunicipal"
# By kind of the event, the types that cancel; a municipality sends the document itself again.
_TYPES = {
    **dict.fromkeys(
        ("EventoNFe", "EventoCTe", "EventoMDFe", "EventoNFCom", "EventoNF3e", "EventoBPe"),
        ("110111",),
    ),
    "EventoNFe": ("110111", "110112"),
    "EventoNFSe": ("101101", "105102", "305101"),
    _MUNICIPAL: ("CANCEL",),
}


def cancelled(session: Session, keys: Collection[str]) -> set[tuple[int, str]]:
    """Company and key of those documents of ``keys`` that the company has a cancellation of."""
    wanted = sorted(keys)
    found: set[tuple[int, str]] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.execute(
            select(
                Document.company_id, Document.access_key, Document.kind, Document.event_id
            ).where(
                Document.access_key.in_(wanted[start : start + _AT_ONCE]),
                or_(Document.kind.startswith("Evento"), Document.kind == _MUNICIPAL),
                Document.event_id != "",
                Document.authorised,
            )
        )
        found |= {(row[0], row[1]) for row in rows if row[3][:6] in _TYPES.get(row[2], ())}
    return found


def is_cancelled() -> ColumnElement[bool]:
    """The condition for documents that are cancelled, and what a municipality sent in their place.

    Found from the cancellations, which are few, by an index of events alone.
    """
    event, document = aliased(Document), aliased(Document)
    cancelling = union_all(
        *(
            select(event.company_id, event.access_key).where(
                # Written out, for the index is of that condition.
                event.event_id != literal_column("''"),
                event.kind == kind,
                event.event_id.between(one, one + "Z"),
                event.authorised,
            )
            for kind, types in _TYPES.items()
            for one in types
        )
    ).subquery()
    its = and_(
        document.access_key == cancelling.c.access_key,
        # Not by the index of companies, which SQLite would take for the narrower one.
        document.company_id + 0 == cancelling.c.company_id,
    )
    return Document.id.in_(
        select(document.id)
        .join(cancelling, its)
        .where(or_(document.event_id == "", document.kind == _MUNICIPAL))
    )
