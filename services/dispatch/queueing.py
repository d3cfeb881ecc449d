"""Documents that a person, or a script of theirs, sends by e-mail (R31, R32, R35)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.dispatch import draft as drafts
from services.dispatch.draft import Draft
from services.dispatch.placing import Parcel, Plan, Queued, issuer, planned, put, unknown
from services.errors import CarteiroError, Invalid, InvalidFields, NotFound
from services.fiscal.danfe import Danfe
from services.language import _
from services.registry import access
from services.registry.access import Actor
from services.registry.fields import Form
from services.safe_text import safe
from services.store.mail import Blob, Document
from services.store.models import Company

T = TypeVar("T")
_MOST_KEY = 120


def check(session: Session, actor: Actor, parcels: Sequence[Parcel], to: Sequence[str]) -> None:
    """Refuse, before any work is done over them, what :func:`send` would."""
    _all(parcels, lambda parcel: planned(session, *_read(session, actor, parcel), to))


def send(
    session: Session,
    actor: Actor,
    parcels: Sequence[Parcel],
    *,
    to: Sequence[str] = (),
    key: str | None = None,
) -> list[Queued]:
    """Queue an e-mail for each document, by the issuer's sending mailbox: all of them or none.

    It goes to the addresses that the document names (R31), or to those of ``to`` instead; an
    invalid one is on its record (R32). The same document, or the same to the same other addresses,
    is queued once, unless a ``key`` of its own says that this is another time (R35). Raises
    :class:`Invalid` for what is no authorised document or names nobody, and :class:`NotFound` for
    an issuer that is not registered or not this user's (R53); naming each file when there are
    several.
    """
    key = _clean(key)

    def queued(parcel: Parcel) -> Queued:
        draft, company = _read(session, actor, parcel)
        return put(session, draft, company, parcel.danfe, to=to, key=key, by=actor)

    return _all(parcels, queued)


def plan_stored(session: Session, actor: Actor, document_id: int, to: Sequence[str] = ()) -> Plan:
    """What :func:`send_stored` would do; raises what it would refuse."""
    draft, company = _stored(session, actor, document_id)
    return planned(session, draft, company, to)


def send_stored(
    session: Session,
    actor: Actor,
    document_id: int,
    danfe: Danfe,
    *,
    to: Sequence[str] = (),
    key: str | None = None,
) -> Queued:
    """:func:`send` for a document that was imported.

    Where its issuer is none of this user's companies, the company that received it forwards it,
    to addresses that must be given.
    """
    draft, company = _stored(session, actor, document_id)
    return put(session, draft, company, danfe, to=to, key=_clean(key), by=actor)


def _read(session: Session, actor: Actor, parcel: Parcel) -> tuple[Draft, Company]:
    draft = drafts.read(parcel.xml)
    company = _of_actor(session, actor, issuer(draft))
    if company is None:
        raise unknown(draft)
    return draft, company


def _stored(session: Session, actor: Actor, document_id: int) -> tuple[Draft, Company]:
    row = session.execute(
        select(Blob.data, Document.company_id)
        .join(Document, Document.sha256 == Blob.sha256)
        .where(
            Document.id == document_id,
            access.visible(actor, Document.partner_id, Document.company_id),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(_("Documento não encontrado"), field="id")
    draft = drafts.read(row.data)
    company = _of_actor(session, actor, draft.facts.issuer_cnpj)
    return draft, company or access.company(session, actor, row.company_id)


def _of_actor(session: Session, actor: Actor, cnpj: str | None) -> Company | None:
    return session.scalar(
        select(Company).where(
            Company.cnpj == cnpj, access.visible(actor, Company.partner_id, Company.id)
        )
    )


def _clean(key: str | None) -> str | None:
    if key is None:
        return None
    form = Form()
    key = form.text("key", _("Chave de idempotência"), key, _MOST_KEY)
    form.done()
    return key


def _all(parcels: Sequence[Parcel], work: Callable[[Parcel], T]) -> list[T]:
    """``work`` over each; what is refused is told file by file when there are several."""
    done: list[T] = []
    refused: list[tuple[str, CarteiroError]] = []
    for parcel in parcels:
        try:
            done.append(work(parcel))
        except (Invalid, NotFound) as e:
            refused.append((parcel.name, e))
    if len(parcels) == 1 and refused:
        raise refused[0][1]
    if refused:
        raise InvalidFields(
            [
                Invalid(f"{safe(name, 200)}: {error.message}", field=error.field)
                for name, error in refused
            ]
        )
    return done
