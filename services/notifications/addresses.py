"""*E-mails para Notificações*: addresses that are told of several companies (R23, R24)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.errors import Conflict, NotFound, Refused
from services.folding import fold
from services.language import _
from services.registry import access, audit, people_views, search, versions
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.registry.fields import Form
from services.store.models import Company, User
from services.store.notices import NotificationEmail, NotificationEmailCompany, Subscription
from services.wire.addresses import valid_address

PLACE = "notification_email"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class AddressView:
    """An address for notifications; ``user`` is the nickname of whose it is, if of a user.

    ``companies`` are the CNPJs that are linked, in order, empty in :func:`rows`;
    ``companies_count`` how many, and ``types_count`` how many types it receives of any of them.
    """

    id: int
    email: str
    user: str | None
    companies: tuple[str, ...]
    companies_count: int
    types_count: int
    version: int


def add(
    session: Session, actor: Actor, *, email: str | None = None, user: str | None = None
) -> AddressView:
    """A new address, or that of an existing user by nickname (R24); only for the partner (R53).

    Raises ``InvalidFields`` for neither or both and for what is no address, ``NotFound`` for a
    user who is not there, :class:`Refused` for one without address, :class:`Conflict` when the
    partner has the address already.
    """
    access.partner_only(actor)
    user_id = None
    if user is not None and not email:
        found = people_views.by_nickname(session, actor, user)
        if not found.email:
            raise Refused(
                _("{nickname} não tem e-mail no cadastro: preencha-o em Usuários").format(
                    nickname=found.nickname
                ),
                field="user",
            )
        user_id, address = found.id, found.email
    else:
        address = _checked(email)
    _free(session, actor, address, None)
    row = NotificationEmail(
        partner_id=actor.partner_id, email=address, email_key=fold(address), user_id=user_id
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "add", PLACE, row.id, after={"email": address, "user": user})
    session.flush()
    return view(session, actor, row.id)


def edit(
    session: Session, actor: Actor, email_id: int, email: str, *, version: int | None = None
) -> AddressView:
    """Another address in its place; companies and types stay. That of a user is the user's.

    Raises as :func:`add`, and :class:`Conflict` when ``version`` is not the present one.
    """
    row = own(session, actor, email_id)
    versions.check(session, PLACE, row.id, row.version, version)
    address = _checked(email)
    if address != row.email or row.user_id is not None:
        _free(session, actor, address, row.id)
        before = {"email": row.email}
        row.email, row.email_key, row.user_id = address, fold(address), None
        row.version += 1
        audit.record(session, actor, "edit", PLACE, row.id, before=before, after={"email": address})
        session.flush()
    return view(session, actor, row.id)


def remove(session: Session, actor: Actor, email_id: int) -> None:
    """Delete an address with its companies and types: it is told of nothing any more (R23)."""
    row = own(session, actor, email_id)
    audit.record(session, actor, "remove", PLACE, row.id, before={"email": row.email})
    session.delete(row)
    session.flush()


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = False,
    company_id: int | None = None,
) -> array[int]:
    """Ids of the addresses that match, by ``email`` (default) or ``companies`` (how many).

    Words of ``filter`` are of the address, of the user whose it is, or of a linked company's
    nickname or CNPJ (R23).
    """
    access.partner_only(actor)
    linked = NotificationEmailCompany
    query = select(NotificationEmail.id).where(NotificationEmail.partner_id == actor.partner_id)
    for word in filter.split():
        of_company = (
            select(linked.email_id)
            .join(Company, Company.id == linked.company_id)
            .where(search.matches(Company.search_key, word))
        )
        of_user = select(User.id).where(search.matches(User.search_key, word))
        query = query.where(
            search.matches(NotificationEmail.email_key, word)
            | NotificationEmail.id.in_(of_company)
            | NotificationEmail.user_id.in_(of_user)
        )
    if company_id is not None:
        query = query.where(
            NotificationEmail.id.in_(select(linked.email_id).where(linked.company_id == company_id))
        )
    by: list[Any] = [NotificationEmail.email_key]
    if sort == "companies":
        counts = (
            select(linked.email_id, func.count().label("n")).group_by(linked.email_id).subquery()
        )
        query = query.outerjoin(counts, counts.c.email_id == NotificationEmail.id)
        by.insert(0, func.coalesce(counts.c.n, 0))
    if descending:
        by[0] = by[0].desc()
    return array("q", session.scalars(query.order_by(*by, NotificationEmail.id)))


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, AddressView]:
    """The addresses of ``ids``, by id, in their order, without ``companies``."""
    return _views(session, actor, list(ids), {})


def list_addresses(session: Session, actor: Actor) -> list[AddressView]:
    """Every address with its companies (R23); only for the partner (R53)."""
    found = list(ids(session, actor))
    return list(_views(session, actor, found, _companies(session, found)).values())


def view(session: Session, actor: Actor, email_id: int) -> AddressView:
    """One address with its companies; only for the partner (R53)."""
    own(session, actor, email_id, hold=False)
    return _views(session, actor, [email_id], _companies(session, [email_id]))[email_id]


def own(session: Session, actor: Actor, email_id: int, *, hold: bool = True) -> NotificationEmail:
    """That address of the partner; only for the partner (R53).

    ``hold`` keeps other writers from it until the unit of work ends.
    """
    access.partner_only(actor)
    query = select(NotificationEmail).where(
        NotificationEmail.id == email_id, NotificationEmail.partner_id == actor.partner_id
    )
    row = session.scalar(
        query.with_for_update() if hold else query,
        execution_options={"populate_existing": True},
    )
    if row is None:
        raise NotFound(
            _("E-mail para notificações {id} não encontrado").format(id=email_id), field="id"
        )
    return row


def _checked(email: str | None) -> str:
    form = Form()
    address = form.checked("email", _("E-mail"), email, valid_address) or ""
    form.done()
    return address


def _free(session: Session, actor: Actor, address: str, but: int | None) -> None:
    taken = session.scalar(
        select(NotificationEmail.id).where(
            NotificationEmail.partner_id == actor.partner_id,
            NotificationEmail.email_key == fold(address),
        )
    )
    if taken is not None and taken != but:
        raise Conflict(
            _("E-mail: {email} já está na lista (nº {id})").format(email=address, id=taken),
            field="email",
        )


def _companies(session: Session, ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for some in pieces(ids, _AT_ONCE):
        for email_id, cnpj in session.execute(
            select(NotificationEmailCompany.email_id, Company.cnpj)
            .join(Company, Company.id == NotificationEmailCompany.company_id)
            .where(NotificationEmailCompany.email_id.in_(some))
            .order_by(Company.cnpj)
        ):
            found[email_id] = (*found.get(email_id, ()), cnpj)
    return found


def _views(
    session: Session, actor: Actor, wanted: list[int], companies: dict[int, tuple[str, ...]]
) -> dict[int, AddressView]:
    access.partner_only(actor)
    found: dict[int, AddressView] = {}
    for some in pieces(wanted, _AT_ONCE):
        linked = _counts(session, NotificationEmailCompany.email_id, func.count(), some)
        types = _counts(
            session, Subscription.email_id, func.count(Subscription.type_key.distinct()), some
        )
        for row, nickname, of_user in session.execute(
            select(NotificationEmail, User.nickname, User.email)
            .outerjoin(User, User.id == NotificationEmail.user_id)
            .where(NotificationEmail.id.in_(some), NotificationEmail.partner_id == actor.partner_id)
        ):
            found[row.id] = AddressView(
                row.id,
                of_user or row.email,
                nickname,
                companies.get(row.id, ()),
                linked.get(row.id, 0),
                types.get(row.id, 0),
                row.version,
            )
    return {each: found[each] for each in wanted if each in found}


def _counts(
    session: Session,
    email_id: InstrumentedAttribute[int],
    count: ColumnElement[int],
    some: Iterable[int],
) -> dict[int, int]:
    return dict(
        session.execute(
            select(email_id, count).where(email_id.in_(list(some))).group_by(email_id)
        ).all()
    )
