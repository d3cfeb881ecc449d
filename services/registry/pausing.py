"""Pausing and resuming a sending mailbox by hand: at once, until somebody resumes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.clock import now
from services.errors import Refused
from services.language import _
from services.registry import audit, mailboxes, permission, server_views
from services.registry.access import Actor
from services.registry.mailbox_views import MailboxView, views_of
from services.registry.server_rows import PLACE
from services.registry.server_views import ServerView
from services.store.models import EmailServer, Kind, Mailbox


def pause(session: Session, actor: Actor, mailbox_id: int) -> MailboxView:
    """Let nothing more leave by the server of this mailbox, for all companies that it serves.

    What it is sending now is finished; its letters wait, or leave by another mailbox (R13). Who
    paused it first stays on record. Raises :class:`Refused` for what does not send, and
    :class:`NotAllowed` where editing it would be (R11, R53).
    """
    mailbox = _own(session, actor, mailbox_id)
    _pause(session, actor, mailbox.server, mailbox.company_id)
    return views_of(session, actor, [mailbox])[0]


def resume(session: Session, actor: Actor, mailbox_id: int) -> MailboxView:
    """Let it send again at once, whoever paused it, and whatever pause its answers asked for.

    Raises :class:`Refused` for one that is not paused.
    """
    mailbox = _own(session, actor, mailbox_id)
    _resume(session, actor, mailbox.server, mailbox.company_id)
    return views_of(session, actor, [mailbox])[0]


def pause_server(session: Session, actor: Actor, server_id: int) -> ServerView:
    """:func:`pause` of a server of the partner's list."""
    _pause(session, actor, server_views.own(session, actor, server_id), None)
    return server_views.view(session, actor, server_id)


def resume_server(session: Session, actor: Actor, server_id: int) -> ServerView:
    """:func:`resume` of a server of the partner's list."""
    _resume(session, actor, server_views.own(session, actor, server_id), None)
    return server_views.view(session, actor, server_id)


def is_paused(view: MailboxView | ServerView) -> bool:
    """Is there a pause that :func:`resume` would end?"""
    by_itself = view.paused_until is not None and view.paused_until > now()
    return view.paused_by is not None or by_itself


def _own(session: Session, actor: Actor, mailbox_id: int) -> Mailbox:
    mailbox, server, company = mailboxes.own(session, actor, mailbox_id)
    permission.may_change(actor, company)
    permission.may_edit(session, actor, server)
    return mailbox


def _pause(session: Session, actor: Actor, server: EmailServer, company_id: int | None) -> None:
    if server.kind == Kind.READ:
        raise Refused(_("A pausa é do envio: esta caixa só lê. Para parar a leitura, inative-a"))
    if server.paused_by is not None:
        return
    server.paused_by, server.paused_at = actor.nickname, now()
    _record(session, actor, "pause", server, company_id, {"paused": False}, {"paused": True})


def _resume(session: Session, actor: Actor, server: EmailServer, company_id: int | None) -> None:
    at = now()
    if server.paused_by is None and (server.paused_until is None or server.paused_until <= at):
        raise Refused(_("A caixa {email} não está em pausa").format(email=server.email))
    server.paused_by = server.paused_at = server.paused_until = None
    _record(session, actor, "resume", server, company_id, {"paused": True}, {"paused": False})


def _record(
    session: Session,
    actor: Actor,
    action: str,
    server: EmailServer,
    company_id: int | None,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    audit.record(
        session,
        actor,
        action,
        PLACE,
        server.id,
        company_id=company_id,
        before=before,
        after=after,
    )
    session.flush()
