"""A copied e-mail server takes over what its origin has, at first and again (R6)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.errors import Refused
from services.language import _
from services.registry import audit, mailboxes, occupied, origins, permission
from services.registry.access import Actor
from services.registry.mailbox_views import MailboxView, views_of
from services.registry.origins import CONNECTION
from services.registry.server_rows import FIELD, PLACE, clean_slate, fill
from services.store import secret
from services.store.models import EmailServer, SignIn


@dataclass(frozen=True, slots=True)
class Difference:
    """A value in which a copy and its origin differ; of a password only that it does."""

    field: str
    here: str | int | bool | None
    there: str | int | bool | None


def take_over(session: Session, copy: EmailServer, origin: EmailServer) -> None:
    """Give ``copy`` the connection values and the secrets that ``origin`` has now."""
    fill(copy, {name: getattr(origin, name) for name in CONNECTION})
    copy.origin_label = origins.label(origin)
    copy.origin_password_version = origin.password_version
    # What was learned of another sign-in says nothing of this one.
    session.execute(delete(SignIn).where(SignIn.server_id == copy.id))
    secret.drop(session, PLACE, copy.id)
    secret.copy(session, PLACE, origin.id, PLACE, copy.id)


def differences(session: Session, actor: Actor, mailbox_id: int) -> tuple[Difference, ...]:
    """What :func:`resync` would change; empty when copy and origin say the same."""
    _mailbox, copy, company = mailboxes.own(session, actor, mailbox_id)
    permission.may_change(actor, company)
    return _differences(session, copy, _origin_of(session, copy))


def resync(session: Session, actor: Actor, mailbox_id: int) -> MailboxView:
    """Give a copy its origin's present connection values and password; the sender name stays.

    It begins with a clean slate, so that what was refused before is tried at once. Raises
    :class:`Refused` for what is no copy, whose origin is gone, or where the origin's address is
    in use by another mailbox (R7); :class:`NotAllowed` without permission (R11), or when the
    copy serves companies that this user does not see.
    """
    mailbox, copy, company = mailboxes.own(session, actor, mailbox_id)
    permission.may_change(actor, company)
    permission.may_edit(session, actor, copy)
    origin = _origin_of(session, copy)
    changes = _differences(session, copy, origin)
    if changes:
        if origin.email.lower() != copy.email.lower():
            occupied.refuse_for_linked(session, copy, origin.email)
        if any(change.field == FIELD for change in changes):
            # Copies of this copy see that it has another one.
            copy.password_version += 1
        take_over(session, copy, origin)
        clean_slate(copy)
        copy.version += 1
        audit.record(
            session,
            actor,
            "resync",
            PLACE,
            copy.id,
            company_id=company.id,
            before={change.field: change.here for change in changes},
            after={change.field: change.there for change in changes},
        )
        session.flush()
    return views_of(session, actor, [mailbox])[0]


def _origin_of(session: Session, copy: EmailServer) -> EmailServer:
    if copy.origin_kind is None:
        raise Refused(_("Esta caixa não é cópia de nenhuma outra"))
    origin = None
    if copy.origin_id is not None:
        origin = session.get(EmailServer, copy.origin_id, populate_existing=True)
    if origin is None:
        raise Refused(
            _(
                "A origem desta cópia, {origin}, já não existe: a cópia continua como está, sem "
                "ter com que sincronizar"
            ).format(origin=copy.origin_label)
        )
    return origin


def _differences(
    session: Session, copy: EmailServer, origin: EmailServer
) -> tuple[Difference, ...]:
    found = [
        Difference(name, getattr(copy, name), getattr(origin, name))
        for name in CONNECTION
        if getattr(copy, name) != getattr(origin, name)
    ]
    here = secret.get(session, PLACE, copy.id, FIELD)
    if copy.origin_password_version != origin.password_version or here != secret.get(
        session, PLACE, origin.id, FIELD
    ):
        found.append(Difference(FIELD, None, "***"))
    return tuple(found)
