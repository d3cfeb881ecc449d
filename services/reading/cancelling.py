"""Which documents an event has cancelled: its answer says that it was registered (R37)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.store.mail import Document

_AT_ONCE = 500
# By kind of the event, the types that cancel; a municipality sends the document itself again.
_TYPES = {
    **dict.fromkeys(
        ("EventoNFe", "EventoCTe", "EventoMDFe", "EventoNFCom", "EventoNF3e", "EventoBPe"),
        ("110111",),
    ),
    "EventoNFe": ("110111", "110112"),
    "EventoNFSe": ("101101", "105102", "305101"),
    "NFSeMunicipal": ("CANCEL",),
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
                or_(Document.kind.startswith("Evento"), Document.kind == "NFSeMunicipal"),
                Document.event_id != "",
                Document.authorised,
            )
        )
        found |= {(row[0], row[1]) for row in rows if row[3][:6] in _TYPES.get(row[2], ())}
    return found
