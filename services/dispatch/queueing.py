"""Documents by e-mail: to whom, by what, and queued once (R31, R32, R35)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services import language
from services.clock import now
from services.dispatch import draft as drafts
from services.dispatch import words
from services.dispatch.draft import Draft
from services.errors import CarteiroError, Invalid, InvalidFields, NotFound
from services.fiscal.danfe import Danfe
from services.fiscal.facts import Facts
from services.fiscal.recognise import recognise
from services.language import _, both
from services.notifications.announce import announce
from services.notifications.templates import spoken
from services.outbox.queue import place
from services.registry import access, audit, ways_out
from services.registry.access import Actor
from services.registry.fields import Form
from services.retelling import retold
from services.safe_text import safe
from services.store.mail import Blob, Document, OutboxMessage
from services.store.models import Company, Partner
from services.store.notices import Notification
from services.wire.addresses import split_addresses

T = TypeVar("T")
_MOST_KEY = 120


@dataclass(frozen=True, slots=True)
class Parcel:
    """A document to be sent: the name of its file, its bytes, and its DANFE."""

    name: str
    xml: bytes
    danfe: Danfe = Danfe(why="unasked")  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Plan:
    """To whom a document would go, and by what, without sending it.

    ``company`` is the CNPJ of the sender and ``company_nickname`` its nickname; ``forwarded`` that
    it is not the issuer. ``invalid`` are addresses that are not sent to, with the reason (R32);
    ``by`` the mailboxes in the order in which they are tried; ``why_waits`` why nothing leaves
    for now (R14, R28).
    """

    company: str
    company_nickname: str
    kind: str
    access_key: str
    recipients: tuple[str, ...]
    invalid: tuple[tuple[str, str], ...]
    by: tuple[str, ...]
    why_waits: str | None
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of one document.

    ``duplicate``: it was queued before under the same key, and nothing was done now (R35).
    ``danfe`` says whether the PDF is attached, ``note`` why not.
    """

    id: int
    plan: Plan
    duplicate: bool
    danfe: bool
    note: str | None


def check(session: Session, actor: Actor, parcels: Sequence[Parcel], to: Sequence[str]) -> None:
    """Refuse, before any work is done over them, what :func:`send` would."""
    _all(parcels, lambda parcel: _planned(session, *_read(session, actor, parcel), to))


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

    def put(parcel: Parcel) -> Queued:
        draft, company = _read(session, actor, parcel)
        return _put(session, actor, draft, company, parcel.danfe, to, key)

    return _all(parcels, put)


def plan_stored(session: Session, actor: Actor, document_id: int, to: Sequence[str] = ()) -> Plan:
    """What :func:`send_stored` would do; raises what it would refuse."""
    draft, company = _stored(session, actor, document_id)
    return _planned(session, draft, company, to)


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
    return _put(session, actor, draft, company, danfe, to, _clean(key))


def found_before(session: Session, xml: bytes) -> int | None:
    """The e-mail as which :func:`send_found` has queued the document already, if it has.

    Raises what it would refuse.
    """
    draft, company = _found(session, xml)
    plan = _planned(session, draft, company, ())
    return session.scalar(
        select(OutboxMessage.id).where(
            OutboxMessage.company_id == company.id,
            OutboxMessage.idempotency_key == _key(draft, plan, (), None),
        )
    )


def send_found(session: Session, parcel: Parcel) -> Queued:
    """:func:`send` for one document that was left in the watched folder, in nobody's name."""
    draft, company = _found(session, parcel.xml)
    return _put(session, None, draft, company, parcel.danfe, (), None)


def tell_rejected(session: Session, name: str, xml: bytes | None, why: str, claim: str) -> None:
    """Announce that a file of the watched folder was not sent, once a ``claim``.

    To those who are told of the company that issued it, where that is known; otherwise in the
    bell of the partner.
    """
    company = _issuing(session, xml)
    partner_id = company.partner_id if company else session.scalar(select(func.min(Partner.id)))
    key = f"folder {claim}"
    told = select(Notification.id).where(
        Notification.partner_id == partner_id, Notification.idempotency_key == key
    )
    if partner_id is None or session.scalar(told.limit(1)) is not None:
        return
    announce(
        session,
        partner_id=partner_id,
        company_id=company.id if company else None,
        type_key="document_rejected",
        subject=both(lambda: _("Documento não enviado: {name}").format(name=safe(name, 120))),
        body=both(
            lambda: _(
                "O arquivo {name} da pasta de documentos não foi enviado e está em Erros. {why}"
            ).format(name=safe(name, 255), why=retold(why))
        ),
        key=key,
    )


def _issuing(session: Session, xml: bytes | None) -> Company | None:
    """The only registered company that issued what is in ``xml``, whether it can be sent or not."""
    found = recognise(xml) if xml is not None else None
    if not isinstance(found, Facts) or found.issuer_cnpj is None:
        return None
    rows = session.scalars(select(Company).where(Company.cnpj == found.issuer_cnpj).limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def _found(session: Session, xml: bytes) -> tuple[Draft, Company]:
    draft = drafts.read(xml)
    rows = session.scalars(select(Company).where(Company.cnpj == _issuer(draft)).limit(2)).all()
    if not rows:
        raise _unknown(draft)
    if len(rows) > 1:
        raise Invalid(
            _("Mais de um parceiro tem a empresa {cnpj}: envie com carteiro send-document").format(
                cnpj=_issuer(draft)
            ),
            field="company",
        )
    return draft, rows[0]


def _read(session: Session, actor: Actor, parcel: Parcel) -> tuple[Draft, Company]:
    draft = drafts.read(parcel.xml)
    company = _of_actor(session, actor, _issuer(draft))
    if company is None:
        raise _unknown(draft)
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


def _issuer(draft: Draft) -> str:
    if draft.facts.issuer_cnpj is None:
        raise Invalid(
            _("O emitente da nota não tem CNPJ: só se envia em nome de empresa cadastrada"),
            field="company",
        )
    return draft.facts.issuer_cnpj


def _unknown(draft: Draft) -> NotFound:
    return NotFound(
        _(
            "A empresa emitente, CNPJ {cnpj}, não está cadastrada ou não é sua: cadastre-a em "
            "Empresas ou confira o arquivo"
        ).format(cnpj=safe(draft.facts.issuer_cnpj, 14)),
        field="company",
    )


def _planned(session: Session, draft: Draft, company: Company, to: Sequence[str]) -> Plan:
    forwarded = company.cnpj != draft.facts.issuer_cnpj
    named = [text for text in to if text.strip()] or ([] if forwarded else draft.addressees)
    good, bad = split_addresses(";".join(named).replace(",", ";"))
    if not good:
        raise Invalid(_why_nobody(bad, forwarded=forwarded), field="to")
    return Plan(
        company=company.cnpj,
        company_nickname=company.nickname,
        kind=draft.facts.kind,
        access_key=draft.facts.access_key,
        recipients=tuple({address.casefold(): address for address in good}.values()),
        invalid=tuple((safe(piece, 320), why) for piece, why in bad),
        by=ways_out.labels(session, company),
        why_waits=ways_out.why_none(session, company),
        forwarded=forwarded,
    )


def _why_nobody(bad: Sequence[tuple[str, str]], *, forwarded: bool) -> str:
    if bad:
        return _("Nenhum endereço é válido: {why}").format(
            why="; ".join(why for _piece, why in bad)[:500]
        )
    if forwarded:
        return _("A nota é de outro emitente: informe a quem encaminhá-la")
    return _("O documento não traz o e-mail do destinatário (dest/email): informe a quem enviá-lo")


def _put(
    session: Session,
    actor: Actor | None,
    draft: Draft,
    company: Company,
    danfe: Danfe,
    to: Sequence[str],
    key: str | None,
) -> Queued:
    plan = _planned(session, draft, company, to)
    note = words.why_no_danfe(danfe)
    with language.speaking(spoken(session)):
        subject = words.subject(draft)
        body = words.body(
            draft,
            with_danfe=bool(danfe.pdf),
            forwarded_by=company.legal_name if plan.forwarded else None,
        )
    placed = place(
        session,
        partner_id=company.partner_id,
        company_id=company.id,
        to=[*plan.recipients, *(piece for piece, _why in plan.invalid)],
        subject=subject,
        body=body,
        attachments=words.attachments(draft, danfe),
        idempotency_key=_key(draft, plan, to, key),
        note=note,
    )
    if not placed.duplicate:
        _record(session, actor, company, placed.id, draft, plan, danfe)
        if plan.why_waits is not None:
            _say_it_waits(session, company)
    return Queued(placed.id, plan, placed.duplicate, bool(danfe.pdf), note)


def _key(draft: Draft, plan: Plan, to: Sequence[str], key: str | None) -> str:
    """The document and its content; with other addresses these too; or what was asked for."""
    if key is None:
        key = draft.digest[:32]
        if to:
            people = "\n".join(sorted(address.casefold() for address in plan.recipients))
            key += "/" + hashlib.sha256(people.encode()).hexdigest()[:32]
    return f"document {draft.facts.access_key} {key}"


def _clean(key: str | None) -> str | None:
    if key is None:
        return None
    form = Form()
    key = form.text("key", _("Chave de idempotência"), key, _MOST_KEY)
    form.done()
    return key


def _record(
    session: Session,
    actor: Actor | None,
    company: Company,
    outbox_id: int,
    draft: Draft,
    plan: Plan,
    danfe: Danfe,
) -> None:
    told = {
        "access_key": draft.facts.access_key,
        "recipients": list(plan.recipients),
        "danfe": bool(danfe.pdf),
    }
    if actor is None:
        audit.record_job(
            session, company.partner_id, "send", "outbox", outbox_id, before={}, after=told,
            company_id=company.id,
        )  # fmt: skip
    else:
        audit.record(session, actor, "send", "outbox", outbox_id, company_id=company.id, after=told)


def _say_it_waits(session: Session, company: Company) -> None:
    """Once a day in the bell: what was queued stays until there is a way out (R28)."""
    announce(
        session,
        partner_id=company.partner_id,
        company_id=company.id,
        type_key="sending_failed",
        severity="warning",
        subject=both(
            lambda: _("Documentos esperam na Fila de envio: {company}").format(
                company=company.nickname
            )
        ),
        body=both(
            lambda: _("Os documentos enviados por e-mail ficam na Fila de envio: {why}").format(
                why=ways_out.why_nothing_leaves(session, company)
            )
        ),
        key=f"documents wait {now():%Y-%m-%d}",
    )


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
