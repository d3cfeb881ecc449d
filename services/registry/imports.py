"""*Importar da Matriz* and *do Parceiro*: a copy takes the place of a company's sending mailboxes,
which can be brought back for 30 days (R6)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.clock import now
from services.errors import Conflict, NotFound
from services.language import _
from services.registry import access, audit, candidates, origins, removed, ways
from services.registry.access import Actor
from services.registry.candidates import Candidate
from services.registry.copying import take_over
from services.registry.fields import Form
from services.registry.holding import hold, in_order
from services.registry.mailbox_views import MailboxView, views_of
from services.registry.origins import HEADQUARTERS, PARTNER
from services.registry.removed import KEPT
from services.registry.unlinking import unlink
from services.store.models import Company, EmailServer, Function, Kind, Mailbox, MailboxImport


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do: ``removed`` goes, a copy of ``comes`` takes its place.

    ``seen`` is to be handed to the import, so that nothing goes that the person has not seen.
    """

    removed: tuple[MailboxView, ...]
    comes: Candidate
    undo_until: datetime

    @property
    def seen(self) -> tuple[int, ...]:
        """The ids of the mailboxes that go."""
        return tuple(view.id for view in self.removed)


def candidate_ids(
    session: Session,
    actor: Actor,
    company_id: int,
    kind: str,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
) -> Collection[int]:
    """Ids of the servers to choose from, active ones first (R4).

    Refused where the way is not open.
    """
    company = access.company(session, actor, company_id)
    ways.check(session, actor, company, kind, Function.SEND)
    return candidates.ids(session, company, kind, filter=filter)


def candidate_rows(
    session: Session, actor: Actor, company_id: int, kind: str, ids: Collection[int]
) -> dict[int, Candidate]:
    """The candidates of ``ids`` by id, in their order; what is none is left out."""
    company = access.company(session, actor, company_id)
    ways.check(session, actor, company, kind, Function.SEND)
    known = set(candidates.ids(session, company, kind, among=ids))
    return candidates.rows(session, actor, company, [i for i in ids if i in known])


def preview(
    session: Session, actor: Actor, company_id: int, kind: str, server_id: int | None = None
) -> Preview:
    """What importing would remove and bring; refused as the import itself would be."""
    company = access.company(session, actor, company_id)
    ways.check(session, actor, company, kind, Function.SEND)
    chosen = candidates.choose(session, actor, company, kind, server_id)
    goes = views_of(session, actor, in_order(session, company.id))
    return Preview(tuple(goes), chosen, now() + KEPT)


def from_headquarters(
    session: Session,
    actor: Actor,
    company_id: int,
    server_id: int | None = None,
    sender_name: str | None = None,
    *,
    seen: Collection[int] | None = None,
) -> MailboxView:
    """Put a copy of a sending mailbox of the headquarters in the place of the branch's own (R6).

    Whoever may register mailboxes of the branch may do it, without seeing the headquarters.
    ``server_id`` None takes the only one there is to choose from. The copy has the origin's
    sender name unless ``sender_name`` is given. What is removed can be brought back for 30 days
    (:func:`services.registry.undoing.undo`); queued e-mails go on by the copy.

    Raises :class:`Refused` with the reason where it is not open or the mailbox cannot be copied
    (R2, R4, R7), :class:`NotAllowed` without permission (R11), :class:`NotFound` for another
    server, :class:`Invalid` when several could be meant, and :class:`Conflict` when the company's
    mailboxes are not those of ``seen`` (ids), or somebody else changes them at the same time.
    """
    return _import(session, actor, company_id, HEADQUARTERS, server_id, sender_name, seen)


def from_partner(
    session: Session,
    actor: Actor,
    company_id: int,
    server_id: int,
    sender_name: str | None = None,
    *,
    seen: Collection[int] | None = None,
) -> MailboxView:
    """The same from the partner's servers, for partner users (R6, R53)."""
    return _import(session, actor, company_id, PARTNER, server_id, sender_name, seen)


def _import(
    session: Session,
    actor: Actor,
    company_id: int,
    kind: str,
    server_id: int | None,
    sender_name: str | None,
    seen: Collection[int] | None,
) -> MailboxView:
    company = access.company(session, actor, company_id)
    ways.check(session, actor, company, kind, Function.SEND)
    chosen = candidates.choose(session, actor, company, kind, server_id)
    links = hold(session, company, chosen.id)
    # Again, now that nobody else changes any of it.
    ways.check(session, actor, company, kind, Function.SEND)
    chosen = candidates.choose(session, actor, company, kind, chosen.id)
    if seen is not None and set(seen) != {link.id for link in links}:
        raise Conflict(
            _(
                "As caixas de envio desta empresa mudaram enquanto você decidia: nada foi "
                "importado, confira e repita"
            )
        )
    origin = session.get(EmailServer, chosen.id)
    if origin is None:
        raise NotFound(
            _("Servidor de e-mail {id} não encontrado").format(id=chosen.id), field="server"
        )
    goes = [session.get_one(EmailServer, link.server_id).email for link in links]
    mailbox = _copy(session, actor, company, kind, origin, _sender_name(origin, sender_name))
    imported = MailboxImport(
        company_id=company.id, server_id=mailbox.server_id, user_nickname=actor.nickname
    )
    session.add(imported)
    session.flush()
    for link in links:
        removed.keep(session, imported, link)
        unlink(session, actor, link)
    copy = session.get_one(EmailServer, mailbox.server_id)
    audit.record(
        session,
        actor,
        "import",
        "mailbox",
        mailbox.id,
        company_id=company.id,
        before={"mailboxes": goes},
        after={
            "mailboxes": [copy.email],
            "origin": copy.origin_label,
            "origin_kind": kind,
            "sender_name": copy.sender_name,
        },
    )
    session.flush()
    return views_of(session, actor, [mailbox])[0]


def _copy(
    session: Session, actor: Actor, company: Company, kind: str, origin: EmailServer, name: str
) -> Mailbox:
    """A sending server of its own for ``company``, with the values and secrets of ``origin``."""
    copy = EmailServer(
        partner_id=company.partner_id,
        kind=Kind.SEND,
        nickname=origin.nickname,
        sender_name=name,
        created_by_id=actor.user_id,
        origin_id=origin.id,
        origin_kind=kind,
        origin_label=origins.label(origin),
        # Every row has these; the rest follows once it has an id to keep secrets under.
        email=origin.email,
        username=origin.username,
    )
    session.add(copy)
    session.flush()
    take_over(session, copy, origin)
    mailbox = Mailbox(server_id=copy.id, company_id=company.id, function=Function.SEND, position=0)
    session.add(mailbox)
    session.flush()
    return mailbox


def _sender_name(origin: EmailServer, given: str | None) -> str:
    form = Form()
    name = origin.sender_name if given is None else given
    clean = form.text("sender_name", _("Nome do remetente"), name, 200)
    form.done()
    return clean
