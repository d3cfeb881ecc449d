"""The partner's e-mail servers: registering, editing, deleting (R15-R22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import Invalid, Refused
from services.language import _
from services.registry import audit, company_views, links, occupied, versions
from services.registry.access import Actor, partner_only
from services.registry.protocols import functions_of
from services.registry.server_form import (
    COLUMNS,
    ServerDraft,
    check,
    columns,
    draft_of,
    implied,
    prefill,
    with_defaults,
)
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
from services.registry.server_views import (
    Filters,
    ServerView,
    ids,
    list_servers,
    own,
    rows,
    view,
)
from services.store import secret
from services.store.models import Company, EmailServer, Function, Mailbox, Mechanism, Partner

__all__ = [
    "Filters",
    "ServerDraft",
    "ServerView",
    "add",
    "edit",
    "ids",
    "list_servers",
    "prefill",
    "remove",
    "rows",
    "view",
]


def add(session: Session, actor: Actor, draft: ServerDraft) -> ServerView:
    """Register an e-mail server, to be linked to companies afterwards (R17, R20).

    Raises ``InvalidFields`` with every error, the partner key's too (R22); only for the partner
    (R53).
    """
    partner_only(actor)
    clean = check(with_defaults(session, actor, draft), _key(session, actor), password_kept=False)
    server = EmailServer(partner_id=actor.partner_id, created_by_id=actor.user_id)
    fill(server, columns(clean))
    session.add(server)
    session.flush()
    if clean.password is not None:
        secret.put(session, PLACE, server.id, FIELD, clean.password)
    audit.record(session, actor, "add", PLACE, server.id, after=_public(server, clean.password))
    session.flush()
    return view(session, actor, server.id)


def edit(
    session: Session,
    actor: Actor,
    server_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
) -> ServerView:
    """Change the named fields of :class:`ServerDraft`; the others stay.

    A password None or "" keeps the stored one; a partner key that is named must be right (R22).
    New connection values, and switching on again, start with a clean slate. Another kind gives
    the linked companies the new function where they may have it, and is refused, naming them,
    where it would take away one that they use; an address is refused that a linked company uses
    by another server (R7). Raises ``InvalidFields``; ``Conflict`` when ``version`` is not the
    present one; :class:`Refused` for switching on what a definite refusal of Microsoft's has
    inactivated (R49).
    """
    server = own(session, actor, server_id)
    versions.check(session, PLACE, server.id, server.version, version)
    unknown = changes.keys() - ServerDraft.__dataclass_fields__.keys()
    if unknown:
        raise Invalid(_("Campo desconhecido: {name}").format(name=min(unknown)), field=min(unknown))
    key = _key(session, actor)
    saved = draft_of(server, key)
    draft = replace(saved, **{**implied(saved, changes), **changes})
    gained = set(functions_of(draft.kind)) - set(functions_of(saved.kind))
    if gained:
        draft = with_defaults(session, actor, draft, gained)
    clean = check(draft, key, password_kept=has_password(session, server))
    if clean.active and not server.active and server.inactive_code is not None:
        raise Refused(
            _(
                "Caixa inativada pelo provedor (AADSTS{code}): vincule a conta de novo e teste"
            ).format(code=server.inactive_code),
            field="active",
        )
    if server.mechanism == Mechanism.XOAUTH2 and clean.password is None:
        refuse_moving_sign_in(actor, server, columns(clean))
    before = _public(server, None)
    lost = set(functions_of(saved.kind)) - set(functions_of(clean.kind))
    for function in lost:
        _refuse_in_use(session, server, function)
    if clean.email.lower() != server.email.lower():
        occupied.refuse_for_linked(session, server, clean.email)
    connected = connection(server)
    fill(server, columns(clean))
    after = _public(server, clean.password)
    if after == before:
        return view(session, actor, server.id)
    if clean.password is not None:
        change_password(session, server, clean.password)
    fresh = clean.password is not None or connection(server) != connected
    if fresh or (after["active"] and not before["active"]):
        clean_slate(server)
    server.version += 1
    audit.record(session, actor, "edit", PLACE, server.id, before=before, after=after)
    session.flush()
    for function in lost:
        links.drop_function(session, actor, server, function)
    for function in gained:
        links.add_function(session, actor, server, function)
    return view(session, actor, server.id)


def remove(session: Session, actor: Actor, server_id: int) -> None:
    """Delete a server and its password; refused while companies are linked, naming them (R21)."""
    server = own(session, actor, server_id)
    using = select(Mailbox.company_id).where(Mailbox.server_id == server.id)
    names = company_views.named(session, using)
    if names:
        raise Refused(
            _("Servidor vinculado a {companies}: desvincule antes de excluir").format(
                companies=names
            )
        )
    secret.drop(session, PLACE, server.id)
    audit.record(session, actor, "remove", PLACE, server.id, before=_public(server, None))
    session.delete(server)
    session.flush()


def _refuse_in_use(session: Session, server: EmailServer, function: Function) -> None:
    """Reading mailboxes that no extension shows are used by nobody (R3)."""
    using = select(Mailbox.company_id).where(
        Mailbox.server_id == server.id, Mailbox.function == function
    )
    if function == Function.READ:
        using = using.join(Company, Company.id == Mailbox.company_id).where(
            Company.document_import.is_(True)
        )
    names = company_views.named(session, using)
    if names:
        words = (
            _("Tipo: em uso para envio por {companies}; desvincule antes de mudá-lo")
            if function == Function.SEND
            else _("Tipo: em uso para leitura por {companies}; desvincule antes de mudá-lo")
        )
        raise Refused(words.format(companies=names), field="kind")


def _key(session: Session, actor: Actor) -> str:
    return session.get_one(Partner, actor.partner_id).partner_key


def _public(server: EmailServer, new_password: str | None) -> dict[str, Any]:
    values = {name: getattr(server, name) for name in COLUMNS}
    values["password"] = None if new_password is None else "***"
    return values
