"""The account that *Testar E-mail* speaks to: what is saved, or what stands on a form (R8, R19)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from sqlalchemy.orm import Session

from services.errors import NotFound
from services.health import recovery
from services.health.accounts import FIELD, PLACE, Account, account_from, account_of, logins_of
from services.language import _
from services.registry import (
    access,
    mailbox_form,
    mailboxes,
    relay_form,
    rotation,
    server_form,
    server_views,
    ways_out,
)
from services.registry.access import Actor
from services.registry.mailbox_form import MailboxDraft
from services.registry.protocols import functions_of
from services.registry.server_form import ServerClean, ServerDraft
from services.registry.server_rows import refuse_moving_sign_in
from services.settings import Settings
from services.store import secret
from services.store.models import EmailServer, Function, Mechanism
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
    kept = signed_in = None
    host_before = ""
    if not draft.password and mailbox_id is not None:
        view = mailboxes.view(session, actor, mailbox_id)
        kept = secret.get(session, PLACE, view.server_id, FIELD)
        signed_in = _signed_in(session, view.server_id)
        host_before = view.host
    clean = mailbox_form.check(
        mailbox_form.with_defaults(session, actor, draft),
        password_kept=kept is not None or signed_in is not None,
    )
    columns = mailbox_form.columns(clean, draft.function)
    if signed_in is not None:
        refuse_moving_sign_in(actor, signed_in, columns)
    elif kept is not None:
        mailbox_form.keep_password_at_home(actor, host_before, clean)
    return _account(clean, kept, settings, columns, signed_in)


def of_server(session: Session, actor: Actor, server_id: int, settings: Settings) -> Account:
    """The account of a saved server, with the protocols of its kind; for the partner (R53)."""
    view = server_views.view(session, actor, server_id)
    return _of_kind(account_of(session, view.id, settings), functions_of(view.kind))


def of_server_draft(
    session: Session, actor: Actor, draft: ServerDraft, server_id: int | None, settings: Settings
) -> Account:
    """The account that ``draft`` describes; without a password the saved one of ``server_id``.

    Raises :class:`InvalidFields` for values that could not be saved either, but for the partner
    key, which says nothing of the mail server. Only for the partner (R53).
    """
    access.partner_only(actor)
    kept = signed_in = None
    if not draft.password and server_id is not None:
        view = server_views.view(session, actor, server_id)
        kept = secret.get(session, PLACE, view.id, FIELD)
        signed_in = _signed_in(session, view.id)
    clean = server_form.check(
        server_form.with_defaults(session, actor, draft),
        None,
        password_kept=kept is not None or signed_in is not None,
    )
    columns = server_form.columns(clean)
    if signed_in is not None:
        refuse_moving_sign_in(actor, signed_in, columns)
    return _account(clean, kept, settings, columns, signed_in)


def of_registrations(
    session: Session, actor: Actor, server_ids: Iterable[int], settings: Settings
) -> list[Account]:
    """The accounts of several registrations, all of them this user's to change (R53)."""
    return [
        _of_kind(account_from(session, server, settings), functions_of(server.kind))
        for server in rotation.changeable(session, actor, server_ids)
    ]


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
    kept = secret.get(session, PLACE, row.id, FIELD) if row is not None else None
    account = _account(clean, kept, settings, mailbox_form.columns(clean, Function.SEND))
    return replace(account, sender_name=actor.partner_name)


def relay_passed(session: Session, actor: Actor) -> bool:
    """Take note that a test of the saved relay passed: jobs use it again at once (R14, R48)."""
    access.partner_only(actor)
    row = ways_out.relay_of(session, actor.partner_id)
    return row is not None and recovery.passed(session, actor, row.id)


def server_passed(session: Session, actor: Actor, server_id: int) -> bool:
    """Take note that a test of the saved server passed: jobs use it again at once (R48).

    True when that brought it back into use after a code had inactivated it (R49).
    """
    return recovery.passed(session, actor, server_views.view(session, actor, server_id).id)


def registration_passed(session: Session, actor: Actor, server_id: int) -> bool:
    """The same of a server that is this user's to change (R49, R53)."""
    (server,) = rotation.changeable(session, actor, [server_id])
    return recovery.passed(session, actor, server.id)


def mailbox_passed(session: Session, actor: Actor, mailbox_id: int) -> bool:
    """The same of a saved mailbox that ``actor`` may see (R48, R49)."""
    server_id = mailboxes.view(session, actor, mailbox_id).server_id
    return recovery.passed(session, actor, server_id)


def _signed_in(session: Session, server_id: int) -> EmailServer | None:
    server = session.get(EmailServer, server_id)
    return server if server is not None and server.mechanism == Mechanism.XOAUTH2 else None


def _of_kind(account: Account, functions: Collection[Function]) -> Account:
    return replace(
        account,
        smtp=account.smtp if Function.SEND in functions else None,
        pop=account.pop if Function.READ in functions else None,
    )


def _account(
    clean: mailbox_form.Clean | ServerClean,
    kept: str | None,
    settings: Settings,
    columns: Mapping[str, Any],
    signed_in: EmailServer | None = None,
) -> Account:
    """The account of a form; ``columns`` say where it is, ``kept`` is the password stored before.

    ``signed_in`` is the saved server whose Microsoft sign-in takes the place of a password.
    """

    def endpoint(protocol: str) -> Endpoint | None:
        host = columns.get(f"{protocol}_host")
        if host is None:
            return None
        return Endpoint(
            host,
            columns[f"{protocol}_port"],
            cast(Security, columns[f"{protocol}_security"]),
            clean.verify_certificate,
            float(clean.timeout),
            settings.ca_file,
        )

    if signed_in is not None:
        places = endpoint("smtp"), endpoint("pop")
        logins = logins_of(signed_in)
        return Account(signed_in.id, clean.email, clean.sender_name, *places, *logins)
    login = Login(clean.username, clean.password or kept or "") if clean.authenticate else None
    return Account(None, clean.email, clean.sender_name, endpoint("smtp"), endpoint("pop"), login)
