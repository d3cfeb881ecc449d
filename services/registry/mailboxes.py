"""Mailboxes: the e-mail servers of a company, by function (R1-R13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import Invalid, NotAllowed, NotFound, Refused
from services.language import _
from services.registry import access, audit, occupied, origins, versions
from services.registry.access import Actor
from services.registry.mailbox_form import (
    MailboxDraft,
    check,
    columns,
    draft_of,
    implied,
    keep_password_at_home,
    prefill,
    with_defaults,
)
from services.registry.mailbox_views import (
    MailboxView,
    ids,
    list_of,
    needs_import,
    rows,
    views_of,
)
from services.registry.permission import may_change, may_edit
from services.registry.server_rows import (
    FIELD,
    PLACE,
    change_password,
    clean_slate,
    connection,
    fill,
    has_password,
    refuse_moving_sign_in,
)
from services.registry.unlinking import unlink
from services.store import secret
from services.store.models import Company, EmailServer, Function, Mailbox, Mechanism

__all__ = [
    "MailboxDraft",
    "MailboxView",
    "add",
    "edit",
    "ids",
    "list_of",
    "may_change",
    "move",
    "prefill",
    "remove",
    "rows",
    "view",
    "why_not_register",
]


def why_not_register(session: Session, actor: Actor, company_id: int) -> str | None:
    """Why registering is not offered here and whom to ask, or None where it is (R2, R11)."""
    company = access.company(session, actor, company_id)
    try:
        may_change(actor, company)
    except NotAllowed as e:
        return e.message
    return relay_is_on() if company.invoicy_mail else None


def add(session: Session, actor: Actor, company_id: int, draft: MailboxDraft) -> MailboxView:
    """Register a mailbox by *Outro provedor*; it is the partner's e-mail server too (R5, R10).

    Raises ``InvalidFields``; :class:`Refused` while InvoiCy Mail is on (R2), for reading while
    Document Import is off (R3), for an address that serves the other function (R7);
    :class:`NotAllowed` without permission (R11); :class:`Conflict` when the company has it.
    """
    company = access.company(session, actor, company_id)
    if draft.function not in tuple(Function):
        raise Invalid(_("Função: escolha entre send e read"), field="function")
    may_change(actor, company)
    if company.invoicy_mail:
        raise Refused(relay_is_on())
    needs_import(company, draft.function)
    clean = check(with_defaults(session, actor, draft), password_kept=False)
    # Two registrations at once would both find the address free and the same place in the order.
    session.refresh(company, with_for_update=True)
    _free(session, company, clean.email, draft.function)
    server = EmailServer(
        partner_id=actor.partner_id, kind=draft.function, created_by_id=actor.user_id
    )
    fill(server, columns(clean, draft.function))
    session.add(server)
    last = session.scalar(
        select(func.max(Mailbox.position)).where(
            Mailbox.company_id == company.id, Mailbox.function == draft.function
        )
    )
    mailbox = Mailbox(
        server=server,
        company=company,
        function=draft.function,
        position=0 if last is None else last + 1,
    )
    session.add(mailbox)
    session.flush()
    if clean.password is not None:
        secret.put(session, PLACE, server.id, FIELD, clean.password)
    audit.record(
        session,
        actor,
        "add",
        "mailbox",
        mailbox.id,
        company_id=company.id,
        after={"function": draft.function, **_public(server, draft.function, clean.password)},
    )
    return views_of(session, actor, [mailbox])[0]


def edit(
    session: Session,
    actor: Actor,
    mailbox_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
) -> MailboxView:
    """Change the named fields of :class:`MailboxDraft`; the others stay (R9).

    A password None or "" keeps the stored one. New connection values start with a clean slate:
    refusals counted so far are forgotten and the mailbox is tried at once, as when it is switched
    on again. Raises
    ``InvalidFields``, :class:`Conflict` when ``version`` is not the present one,
    :class:`Refused` for switching on what a definite refusal of Microsoft's has inactivated (R49),
    and for anything of a copy but its sender name and the switch (R6).
    """
    mailbox, server, company = own(session, actor, mailbox_id)
    may_change(actor, company)
    may_edit(session, actor, server)
    versions.check(session, PLACE, server.id, server.version, version)
    known = {field.name for field in fields(MailboxDraft)} - {"function"}
    unknown = changes.keys() - known
    if unknown:
        raise Invalid(_("Campo desconhecido: {name}").format(name=min(unknown)), field=min(unknown))
    function = mailbox.function
    before = _public(server, function, None)
    origins.refuse_edit(actor, server, before, changes)
    draft = draft_of(server, function)
    draft = replace(draft, **implied(draft, changes), **changes)
    clean = check(draft, password_kept=has_password(session, server))
    if clean.active and not server.active and server.inactive_code is not None:
        raise Refused(
            _(
                "Caixa inativada pelo provedor (AADSTS{code}): vincule a conta de novo e teste"
            ).format(code=server.inactive_code),
            field="active",
        )
    if server.mechanism == Mechanism.XOAUTH2 and clean.password is None:
        refuse_moving_sign_in(actor, server, columns(clean, function))
    else:
        keep_password_at_home(actor, before["host"] or "", clean)
    if clean.email.lower() != server.email.lower():
        occupied.refuse_for_linked(session, server, clean.email)
    connected = connection(server)
    fill(server, columns(clean, function))
    after = _public(server, function, clean.password)
    if after == before:
        return views_of(session, actor, [mailbox])[0]
    if clean.password is not None:
        change_password(session, server, clean.password)
    fresh = clean.password is not None or connection(server) != connected
    if fresh or (after["active"] and not before["active"]):
        clean_slate(server)
    server.version += 1
    audit.record(
        session, actor, "edit", PLACE, server.id, company_id=company.id, before=before, after=after
    )
    session.flush()
    return views_of(session, actor, [mailbox])[0]


def remove(session: Session, actor: Actor, mailbox_id: int) -> bool:
    """Unlink a mailbox from its company; True when it was the last and the server went too (R12)."""
    mailbox, _server, company = own(session, actor, mailbox_id)
    may_change(actor, company)
    return unlink(session, actor, mailbox)


def move(session: Session, actor: Actor, mailbox_id: int, position: int) -> None:
    """Give a mailbox the place ``position`` (from 0) in the order of its list (R13)."""
    mailbox, _server, company = own(session, actor, mailbox_id)
    may_change(actor, company)
    session.refresh(company, with_for_update=True)
    order = list(
        session.scalars(
            select(Mailbox)
            .where(Mailbox.company_id == company.id, Mailbox.function == mailbox.function)
            .order_by(Mailbox.position, Mailbox.id)
        )
    )
    before = order.index(mailbox)
    order.remove(mailbox)
    order.insert(max(0, position), mailbox)
    for place, each in enumerate(order):
        each.position = place
    audit.record(
        session,
        actor,
        "move",
        "mailbox",
        mailbox.id,
        company_id=company.id,
        before={"position": before},
        after={"position": mailbox.position},
    )
    session.flush()


def view(session: Session, actor: Actor, mailbox_id: int) -> MailboxView:
    """One mailbox of a company that this user may see (R53)."""
    mailbox, _server, _company = own(session, actor, mailbox_id)
    return views_of(session, actor, [mailbox])[0]


def own(session: Session, actor: Actor, mailbox_id: int) -> tuple[Mailbox, EmailServer, Company]:
    """The mailbox, its server (locked against other writers) and its company, if visible."""
    mailbox = session.get(Mailbox, mailbox_id)
    if mailbox is None:
        raise _unknown(mailbox_id)
    try:
        company = access.company(session, actor, mailbox.company_id)
    except NotFound:
        raise _unknown(mailbox_id) from None
    needs_import(company, mailbox.function)
    server = session.get(
        EmailServer, mailbox.server_id, with_for_update=True, populate_existing=True
    )
    if server is None:
        raise _unknown(mailbox_id)
    return mailbox, server, company


def _unknown(mailbox_id: int) -> NotFound:
    return NotFound(_("Caixa de e-mail {id} não encontrada").format(id=mailbox_id), field="mailbox")


def relay_is_on() -> str:
    """Why registering is not offered: InvoiCy Mail is on (R2)."""
    return _("A extensão InvoiCy Mail está ativa: desative-a para cadastrar caixas de e-mail")


def _free(session: Session, company: Company, email: str, function: str) -> None:
    """Refuse an address that this company uses already, for the other function or this one (R7)."""
    used = occupied.by_others(session, email, None, Mailbox.company_id == company.id)
    refusal = occupied.refusal(email, (function,), used.get(company.id, set()))
    if refusal is not None:
        raise refusal


def _public(server: EmailServer, function: str, new_password: str | None) -> dict[str, Any]:
    draft = draft_of(server, function)
    values = {f.name: getattr(draft, f.name) for f in fields(draft) if f.name != "function"}
    values["password"] = None if new_password is None else "***"
    return values
