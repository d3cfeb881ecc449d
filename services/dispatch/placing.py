"""A document in the queue: to whom it goes and from which company, once, and on record (R31, R35)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services import language
from services.clock import now
from services.dispatch import words
from services.dispatch.draft import Draft
from services.errors import Invalid, NotFound
from services.fiscal.danfe import Danfe
from services.language import _, both
from services.notifications.announce import announce
from services.notifications.templates import spoken
from services.outbox.queue import place
from services.registry import audit, ways_out
from services.registry.access import Actor
from services.safe_text import safe
from services.store.models import Company
from services.wire.addresses import split_addresses


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


def issuer(draft: Draft) -> str:
    """The CNPJ of who issued it; :class:`Invalid` where that has none."""
    if draft.facts.issuer_cnpj is None:
        raise Invalid(
            _("O emitente da nota não tem CNPJ: só se envia em nome de empresa cadastrada"),
            field="company",
        )
    return draft.facts.issuer_cnpj


def unknown(draft: Draft) -> NotFound:
    """That its issuer is no company of whoever sends."""
    return NotFound(
        _(
            "A empresa emitente, CNPJ {cnpj}, não está cadastrada ou não é sua: cadastre-a em "
            "Empresas ou confira o arquivo"
        ).format(cnpj=safe(draft.facts.issuer_cnpj, 14)),
        field="company",
    )


def planned(session: Session, draft: Draft, company: Company, to: Sequence[str]) -> Plan:
    """To whom it would go from ``company``; :class:`Invalid` where that is nobody."""
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


def put(
    session: Session,
    draft: Draft,
    company: Company,
    danfe: Danfe,
    *,
    to: Sequence[str] = (),
    key: str | None = None,
    by: Actor | None = None,
) -> Queued:
    """Queue it from ``company``, once. ``by`` is whom the caller let do so; None: nobody."""
    plan = planned(session, draft, company, to)
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
        idempotency_key=key_of(draft, plan, to, key),
        note=note,
    )
    if not placed.duplicate:
        _record(session, by, company, placed.id, draft, plan, danfe)
        if plan.why_waits is not None:
            _say_it_waits(session, company)
    return Queued(placed.id, plan, placed.duplicate, bool(danfe.pdf), note)


def key_of(draft: Draft, plan: Plan, to: Sequence[str], key: str | None) -> str:
    """The document and its content; with other addresses these too; or what was asked for."""
    if key is None:
        key = draft.digest[:32]
        if to:
            people = "\n".join(sorted(address.casefold() for address in plan.recipients))
            key += "/" + hashlib.sha256(people.encode()).hexdigest()[:32]
    return f"document {draft.facts.access_key} {key}"


def _why_nobody(bad: Sequence[tuple[str, str]], *, forwarded: bool) -> str:
    if bad:
        return _("Nenhum endereço é válido: {why}").format(
            why="; ".join(why for _piece, why in bad)[:500]
        )
    if forwarded:
        return _("A nota é de outro emitente: informe a quem encaminhá-la")
    return _("O documento não traz o e-mail do destinatário (dest/email): informe a quem enviá-lo")


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
