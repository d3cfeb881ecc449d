"""One password for every registration of the same account, changed once for all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from services.errors import NotAllowed, Refused
from services.language import _
from services.registry import audit, mailbox_views, origins, permission, server_views
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.registry.fields import Form
from services.registry.server_rows import FIELD, PLACE, change_password, clean_slate
from services.store import secret
from services.store.models import EmailServer, Mailbox, Mechanism

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Sibling:
    """A registration of an account; ``host`` is where it is known, by SMTP before POP."""

    server_id: int
    nickname: str
    email: str
    username: str
    host: str
    companies_count: int


def siblings(session: Session, actor: Actor, server_id: int) -> list[Sibling]:
    """Every other registration of the account of ``server_id``, by nickname.

    The same account is the same user name at the same SMTP or POP host, whatever their case.
    Company users see, and may give a password to, those that serve only companies of theirs
    (R53); a copy only where its origin gets the same one (R6).
    """
    (server,) = changeable(session, actor, [server_id])
    hosts = {host.lower() for host in (server.smtp_host, server.pop_host) if host}
    found = session.scalars(
        select(EmailServer)
        .where(
            _seen(actor),
            EmailServer.id != server.id,
            EmailServer.authenticate,
            EmailServer.mechanism == Mechanism.PASSWORD,
            func.lower(EmailServer.username) == server.username.lower(),
            or_(
                func.lower(EmailServer.smtp_host).in_(hosts),
                func.lower(EmailServer.pop_host).in_(hosts),
            ),
        )
        .order_by(EmailServer.search_key, EmailServer.id)
    ).all()
    rows = [row for row in found if _may_edit(session, actor, row)]
    together = {server.id, *(row.id for row in rows)}
    rows = [row for row in rows if _may_have(actor, row, together)]
    counts: dict[int, int] = {}
    for some in pieces([row.id for row in rows], _AT_ONCE):
        counts |= server_views.company_counts(session, some)
    return [
        Sibling(
            row.id,
            row.nickname,
            row.email,
            row.username,
            row.smtp_host or row.pop_host or "",
            counts.get(row.id, 0),
        )
        for row in rows
    ]


def rotate(session: Session, actor: Actor, server_ids: Iterable[int], password: str) -> int:
    """Give all these servers the same new password, or none of them; how many they are.

    Each starts with a clean slate, and the change is audited for each without the password
    (R55). Raises ``InvalidFields`` for a password that cannot be one, :class:`Refused` for a
    server without a login, ``NotFound`` and :class:`NotAllowed` for one that is not this user's
    to change (R6, R53). Test the password first (``services/health/rotate_test.py``).
    """
    form = Form()
    form.secret("password", _("Senha"), password, required=True)
    form.done()
    servers = changeable(session, actor, server_ids, hold=True)
    for server in servers:
        if server.mechanism == Mechanism.XOAUTH2:
            raise Refused(
                _("{nickname}: esta caixa entra pela conta Microsoft, sem senha").format(
                    nickname=server.nickname
                ),
                field="password",
            )
        if not server.authenticate:
            raise Refused(
                _("{nickname}: este cadastro não usa senha; ligue a autenticação antes").format(
                    nickname=server.nickname
                ),
                field="authenticate",
            )
    in_step = _in_step(session, servers, password)
    for server in servers:
        origins.refuse_password(actor, server, in_step)
    companies = trail_of(session, actor, [server.id for server in servers])
    # Copies after their origins, so that they are seen to be in step with them (R6).
    for server in sorted(servers, key=lambda each: (each.origin_id is not None, each.id)):
        change_password(session, server, password)
        clean_slate(server)
        server.version += 1
        audit.record(
            session,
            actor,
            "edit",
            PLACE,
            server.id,
            company_id=companies.get(server.id),
            before={"password": None},
            after={"password": "***"},
        )
    session.flush()
    return len(servers)


def changeable(
    session: Session, actor: Actor, server_ids: Iterable[int], *, hold: bool = False
) -> list[EmailServer]:
    """These servers, when all of them are this user's to change; ``hold`` against other writers.

    Raises ``NotFound`` for one that this user does not see, :class:`NotAllowed` for one that is
    the partner's to change (R11, R53).
    """
    wanted = list(dict.fromkeys(server_ids))
    found: list[EmailServer] = []
    for some in pieces(wanted, _AT_ONCE):
        query = select(EmailServer).where(_seen(actor), EmailServer.id.in_(some))
        query = query.order_by(EmailServer.id)
        if hold:
            query = query.with_for_update()
        found += session.scalars(query, execution_options={"populate_existing": True})
    missing = set(wanted) - {server.id for server in found}
    if missing:
        raise server_views.unknown(min(missing))
    for server in found:
        permission.may_edit(session, actor, server)
    return found


def _seen(actor: Actor) -> ColumnElement[bool]:
    if actor.is_partner:
        return server_views.listed(actor)
    seen = select(Mailbox.server_id).join(Mailbox.company).where(mailbox_views.seen(actor))
    return server_views.listed(actor) & EmailServer.id.in_(seen)


def _may_edit(session: Session, actor: Actor, server: EmailServer) -> bool:
    try:
        permission.may_edit(session, actor, server)
    except NotAllowed:
        return False
    return True


def _may_have(actor: Actor, server: EmailServer, together: Collection[int]) -> bool:
    try:
        origins.refuse_password(actor, server, together)
    except NotAllowed:
        return False
    return True


def _in_step(session: Session, servers: Sequence[EmailServer], password: str) -> set[int]:
    """Those that get the password, and origins of theirs that have it already."""
    getting = {server.id for server in servers}
    others = {server.origin_id for server in servers if server.origin_id is not None} - getting
    return getting | {i for i in others if secret.get(session, PLACE, i, FIELD) == password}


def trail_of(session: Session, actor: Actor, server_ids: Sequence[int]) -> dict[int, int]:
    """Whose trail shows the change: the only company of a server, or one of a company user's."""
    found: dict[int, int] = {}
    for some in pieces(server_ids, _AT_ONCE):
        links = session.execute(
            select(Mailbox.server_id, func.min(Mailbox.company_id), func.max(Mailbox.company_id))
            .where(Mailbox.server_id.in_(some))
            .group_by(Mailbox.server_id)
        )
        found |= {
            server_id: first
            for server_id, first, last in links
            if first == last or not actor.is_partner
        }
    return found
