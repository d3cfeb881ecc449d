"""The fiscal documents that were imported, for screens and command line (R40)."""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from services.errors import NotFound, Unavailable
from services.language import _
from services.registry import access, search
from services.registry.access import Actor
from services.store.mail import Blob, Document, InboundMessage
from services.store.models import Company

_SORTS = {
    "kind": Document.kind,
    "number": Document.number,
    "issuer": Document.issuer_name,
    "company": Company.nickname,
    "total": Document.total,
    "issued_at": Document.issued_at,
    "imported_at": Document.imported_at,
}
_PLAIN = re.compile(r"[0-9A-Za-z]{1,60}")


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document. ``company`` is a CNPJ; ``checks`` are labels of ``services.fiscal.checks``.

    Names are foreign text.
    """

    id: int
    company_id: int
    company: str
    company_nickname: str
    kind: str
    access_key: str
    event_id: str
    number: int | None
    series: int | None
    issuer_cnpj: str | None
    issuer_name: str
    recipient_cnpj: str | None
    recipient_name: str
    issued_at: datetime | None
    total: Decimal | None
    authorised: bool
    checks: dict[str, str]
    checked_at: datetime | None
    imported_at: datetime
    mailbox_id: int | None
    inbound_id: int | None
    uidl: str | None


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = True,
    company_id: int | None = None,
    kind: str | None = None,
    access_key: str | None = None,
) -> array[int]:
    """The documents that ``actor`` sees, newest first; every word of ``filter`` must be found."""
    query = select(Document.id).where(_visible(actor))
    if filter.strip() or sort == "company":
        query = query.join(Company, Company.id == Document.company_id)
    for word in filter.split():
        query = query.where(_matches(word))
    if company_id is not None:
        query = query.where(Document.company_id == company_id)
    if kind is not None:
        query = query.where(func.lower(Document.kind) == kind.lower())
    if access_key is not None:
        query = query.where(Document.access_key == _bare(access_key))
    if sort in _SORTS:
        column = _SORTS[sort]
        query = query.order_by(column.desc() if descending else column)
    query = query.order_by(Document.id.desc() if descending else Document.id)
    return array("q", session.scalars(query))


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, DocumentView]:
    """Those of ``ids`` that ``actor`` sees, by id."""
    query = _views().where(Document.id.in_(list(ids)), _visible(actor))
    return {row[0].id: _view(*row) for row in session.execute(query)}


def view(session: Session, actor: Actor, document_id: int) -> DocumentView:
    """One document; :class:`NotFound` when there is none that ``actor`` sees."""
    found = rows(session, actor, [document_id])
    if document_id not in found:
        raise NotFound(_("Documento não encontrado"), field="id")
    return found[document_id]


def xml(session: Session, actor: Actor, document_id: int) -> bytes:
    """The document as it came, byte for byte; foreign text."""
    data = session.scalar(
        select(Blob.data)
        .join(Document, Document.sha256 == Blob.sha256)
        .where(Document.id == document_id, _visible(actor))
    )
    if data is None:
        raise NotFound(_("Documento não encontrado"), field="id")
    return data


def total_count(session: Session, actor: Actor) -> int:
    """How many documents ``actor`` sees."""
    return session.scalar(select(func.count()).select_from(Document).where(_visible(actor))) or 0


def export(
    session: Session, actor: Actor, folder: Path, *, company_id: int | None = None
) -> list[Path]:
    """Write every visible document's XML into ``folder``, a folder per company; the files.

    A file is named by access key, and by event where it is one; nothing foreign decides about
    more than these characters. A file that is there already is left alone. Raises
    ``Unavailable`` when something cannot be written.
    """
    written = []
    for document_id in ids(session, actor, company_id=company_id, descending=False):
        found = view(session, actor, document_id)
        target = folder / found.company / _file_name(found)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
                file.write(xml(session, actor, document_id))
        except FileExistsError:
            continue
        except OSError as e:
            raise Unavailable(
                _("Não foi possível gravar {path}: {error}").format(path=target, error=e.strerror)
            ) from e
        written.append(target)
    return written


def _file_name(found: DocumentView) -> str:
    """Made of the key alone where the key is plain; else of our own number."""
    key = found.access_key if _PLAIN.fullmatch(found.access_key) else f"documento-{found.id}"
    if not found.event_id:
        return f"{found.kind if found.kind.isalnum() else 'doc'}-{key}.xml"
    event = found.event_id if _PLAIN.fullmatch(found.event_id) else str(found.id)
    return f"{found.kind if found.kind.isalnum() else 'doc'}-{key}-{event}.xml"


def _visible(actor: Actor) -> ColumnElement[bool]:
    return access.visible(actor, Document.partner_id, Document.company_id)


def _matches(word: str) -> ColumnElement[bool]:
    bare = _bare(word)
    conditions: list[ColumnElement[bool]] = [
        func.lower(Document.issuer_name).contains(word.lower(), autoescape=True),
        func.lower(Document.recipient_name).contains(word.lower(), autoescape=True),
        search.matches(Company.search_key, word),
    ]
    if bare:
        conditions += [
            Document.access_key.startswith(bare, autoescape=True),
            Document.issuer_cnpj == bare,
            func.lower(Document.kind) == bare.lower(),
        ]
    if bare.isdecimal() and len(bare) < 10:
        conditions.append(Document.number == int(bare))
    return or_(*conditions)


def _bare(text: str) -> str:
    return re.sub(r"[\s./-]", "", text).upper()


def _views() -> Select[Document, str, str, str | None]:
    return (
        select(Document, Company.cnpj, Company.nickname, InboundMessage.uidl)
        .join(Company, Company.id == Document.company_id)
        .outerjoin(InboundMessage, InboundMessage.id == Document.inbound_id)
    )


def _view(row: Document, cnpj: str, nickname: str, uidl: str | None) -> DocumentView:
    return DocumentView(
        id=row.id,
        company_id=row.company_id,
        company=cnpj,
        company_nickname=nickname,
        kind=row.kind,
        access_key=row.access_key,
        event_id=row.event_id,
        number=row.number,
        series=row.series,
        issuer_cnpj=row.issuer_cnpj,
        issuer_name=row.issuer_name,
        recipient_cnpj=row.recipient_cnpj,
        recipient_name=row.recipient_name,
        issued_at=row.issued_at,
        total=row.total,
        authorised=row.authorised,
        checks={
            "access_key": row.check_access_key,
            "schema": row.check_schema,
            "signature": row.check_signature,
            "certificate": row.check_certificate,
        },
        checked_at=row.checked_at,
        imported_at=row.imported_at,
        mailbox_id=row.mailbox_id,
        inbound_id=row.inbound_id,
        uidl=uidl or None,
    )
