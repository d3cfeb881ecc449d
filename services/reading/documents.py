"""The fiscal documents that were imported, for screens and command line (R40)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.fiscal.contents import Contents, contents, pretty
from services.fiscal.labels import CHECKS
from services.fiscal.reasons import why
from services.language import _
from services.reading.cancelling import cancelled, is_cancelled
from services.reading.columns import reasons_of
from services.reading.finding import EVERYTHING, Filters, conditions
from services.registry import access
from services.registry.access import Actor
from services.store.mail import Blob, Document, InboundMessage
from services.store.models import Company


@dataclass(frozen=True, slots=True)
class Totals:
    """How many documents, and the sum of their totals in reais; how much of both is cancelled."""

    count: int
    amount: Decimal
    cancelled: int
    cancelled_amount: Decimal


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document. ``company`` is a CNPJ; ``cancelled`` says that an event which was registered has
    cancelled it; ``checks`` are labels of ``services.fiscal.checks``,
    ``check_reasons`` says in words why those are not all well.

    Names and reasons are foreign text.
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
    cancelled: bool
    checks: dict[str, str]
    check_reasons: dict[str, str]
    checked_at: datetime | None
    imported_at: datetime
    mailbox_id: int | None
    inbound_id: int | None
    uidl: str | None


def ids(
    session: Session,
    actor: Actor,
    *,
    filters: Filters = EVERYTHING,
    descending: bool = True,
    most: int | None = None,
) -> array[int]:
    """The documents that ``actor`` sees and ``filters`` find, newest first, the first ``most``.

    Newest by import; by issue where a period is asked for, which is answered in that order.
    """
    query = select(Document.id).where(_visible(actor), *conditions(session, actor, filters))
    order = (Document.id,) if filters.period is None else (Document.issued_at, Document.id)
    query = query.order_by(*((each.desc() if descending else each) for each in order))
    return array("q", session.scalars(query if most is None else query.limit(most)))


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, DocumentView]:
    """Those of ``ids`` that ``actor`` sees, by id."""
    query = _views().where(Document.id.in_(list(ids)), _visible(actor))
    found = [(*row,) for row in session.execute(query)]
    gone = cancelled(session, {row[0].access_key for row in found if not row[0].event_id})
    return {
        row[0].id: _view(
            *row, gone=not row[0].event_id and (row[0].company_id, row[0].access_key) in gone
        )
        for row in found
    }


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


def inside(session: Session, actor: Actor, document_id: int) -> tuple[Contents, str]:
    """Parties, items and notes of a document, and its XML laid out to be read; foreign text."""
    data = xml(session, actor, document_id)
    return contents(data), pretty(data)


def xmls(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, bytes]:
    """The same of many, by id; those that ``actor`` does not see are left out."""
    found = session.execute(
        select(Document.id, Blob.data)
        .join(Blob, Document.sha256 == Blob.sha256)
        .where(Document.id.in_(list(ids)), _visible(actor))
    )
    return {row[0]: row[1] for row in found}


def arrivals(session: Session, actor: Actor, today: datetime, week: datetime) -> tuple[int, int]:
    """How many documents that ``actor`` sees were imported since either of two instants."""
    companies = select(Company.id).where(access.visible(actor, Company.partner_id, Company.id))
    since_today, since_week = session.execute(
        select(func.count().filter(Document.imported_at >= today), func.count()).where(
            Document.company_id.in_(companies), Document.imported_at >= week
        )
    ).one()
    return since_today, since_week


def total_count(session: Session, actor: Actor) -> int:
    """How many documents ``actor`` sees."""
    return session.scalar(select(func.count()).select_from(Document).where(_visible(actor))) or 0


def totals(session: Session, actor: Actor, *, filters: Filters = EVERYTHING) -> Totals:
    """How many documents ``filters`` find, and what their totals add up to, cancelled ones too.

    A municipal NFS-e that came as itself and again as cancelled is cancelled in both.
    """
    query = select(func.count(), func.sum(Document.total)).where(
        _visible(actor), *conditions(session, actor, filters)
    )
    count, amount = session.execute(query).one()
    gone, gone_amount = session.execute(query.where(is_cancelled())).one()
    return Totals(count, amount or Decimal(0), gone, gone_amount or Decimal(0))


def _visible(actor: Actor) -> ColumnElement[bool]:
    return access.visible(actor, Document.partner_id, Document.company_id)


def _views() -> Select[Document, str, str, str | None]:
    return (
        select(Document, Company.cnpj, Company.nickname, InboundMessage.uidl)
        .join(Company, Company.id == Document.company_id)
        .outerjoin(InboundMessage, InboundMessage.id == Document.inbound_id)
    )


def _view(row: Document, cnpj: str, nickname: str, uidl: str | None, *, gone: bool) -> DocumentView:
    labels = {name: getattr(row, f"check_{name}") for name in CHECKS}
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
        cancelled=gone,
        checks=labels,
        check_reasons={
            name: why(each) for name, each in reasons_of(row.check_reasons, labels).items()
        },
        checked_at=row.checked_at,
        imported_at=row.imported_at,
        mailbox_id=row.mailbox_id,
        inbound_id=row.inbound_id,
        uidl=uidl or None,
    )
