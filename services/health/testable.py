"""The account that *Testar E-mail* speaks to: a saved mailbox, or what stands on the form (R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from sqlalchemy.orm import Session

from services.errors import NotFound
from services.health import facts
from services.health.accounts import FIELD, PLACE, Account, account_of
from services.language import _
from services.registry import access, mailbox_form, mailboxes, relay_form, ways_out
from services.registry.access import Actor
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store import secret
from services.store.models import Function
from services.wire.endpoint import Endpoint, Login, Security


def of_mailbox(session: Session, actor: Actor, mailbox_id: int, settings: Settings) -> Account:
    """The account of a saved mailbox that ``actor`` may see (R53)."""
    view = mailboxes.view(session, actor, mailbox_id)
    account = account_of(session, view.server_id, settings)
    # A mailbox is tested for its own function, also where its server serves both.
    if view.function == Function.SEND:
        return account
    return replace(account, smtp=None)


def of_draft(
    session: Session, actor: Actor, draft: MailboxDraft, mailbox_id: int | None, settings: Settings
) -> Account:
    """The account that ``draft`` describes; without a password the saved one of ``mailbox_id``.

    Raises :class:`InvalidFields` for values that could not be saved either.
    """
    kept = None
    host_before = ""
    if not draft.password and mailbox_id is not None:
        view = mailboxes.view(session, actor, mailbox_id)
        kept = secret.get(session, PLACE, view.server_id, FIELD)
        host_before = view.host
    clean = mailbox_form.check(
        mailbox_form.with_defaults(session, actor, draft), password_kept=kept is not None
    )
    if kept is not None:
        mailbox_form.keep_password_at_home(actor, host_before, clean)
    endpoint = Endpoint(
        clean.host,
        clean.port,
        cast(Security, clean.security),
        clean.verify_certificate,
        clean.timeout,
        settings.ca_file,
    )
    sends = draft.function == Function.SEND
    return Account(
        None,
        clean.email,
        clean.sender_name,
        endpoint if sends else None,
        None if sends else endpoint,
        Login(clean.username, clean.password or kept or "") if clean.authenticate else None,
    )


def of_relay(
    session: Session, actor: Actor, changes: Mapping[str, Any], settings: Settings
) -> Account:
    """The account of the partner's relay with ``changes``, as :func:`relay.set_relay` takes them.

    Raises :class:`InvalidFields` for values that could not be saved either, and
    :class:`NotAllowed` for company users (R53).
    """
    access.partner_only(actor)
    row = ways_out.relay_of(session, actor.partner_id)
    if row is None and not changes:
        raise NotFound(_("O parceiro não tem relay configurado"), field="relay_host")
    clean = relay_form.check(
        session, actor, relay_form.changed(relay_form.draft_of(row), changes), row
    )
    login = None
    if clean.authenticate:
        kept = secret.get(session, PLACE, row.id, FIELD) if row is not None else None
        login = Login(clean.username, clean.password or kept or "")
    endpoint = Endpoint(
        clean.host,
        clean.port,
        cast(Security, clean.security),
        clean.verify_certificate,
        clean.timeout,
        settings.ca_file,
    )
    return Account(None, clean.email, actor.partner_name, endpoint, None, login)


def relay_passed(session: Session, actor: Actor) -> None:
    """Take note that a test of the saved relay passed: jobs use it again at once (R14, R48)."""
    access.partner_only(actor)
    row = ways_out.relay_of(session, actor.partner_id)
    if row is not None:
        facts.note_success(session, row.id)
