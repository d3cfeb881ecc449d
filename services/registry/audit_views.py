"""The audit trail as partner users see it: lists, rows and one change (R53, R55)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.errors import NotFound
from services.folding import fold
from services.language import _
from services.registry import access, audit_words, search
from services.registry.access import Actor
from services.store.mail import OutboxMessage
from services.store.models import AuditEntry, Company, EmailServer, Mailbox, Partner, User

MOST = 10_000
"""A list has the newest so many of what is asked for; older ones are found by asking closer."""


@dataclass(frozen=True, slots=True)
class AuditView:
    """One change as it is shown: by whom, when, what, and what differs."""

    id: int
    at: datetime
    user: str
    os_account: str
    company: str | None
    action: str
    entity: str
    entity_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A change with words for people: ``what`` was done, to ``which``, of which company.

    ``which`` is what it is called now, or was at the time where it is no more; foreign text.
    """

    view: AuditView
    what: str
    which: str
    company_nickname: str

    @property
    def changes(self) -> tuple[audit_words.FieldChange, ...]:
        """Field by field, before and after."""
        return audit_words.changes(self.view.before, self.view.after)


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = True,
    company_id: int | None = None,
    user: str | None = None,
    entity: str | None = None,
    since: datetime | None = None,
    most: int = MOST,
) -> array[int]:
    """The changes, the newest first, at most ``most``; only for the partner (R53).

    Every word of ``filter`` must be found in who, what or company. There is one order only, so
    ``sort`` and ``descending`` say nothing: what a trail is for is its course.
    """
    query = _asked(session, actor, company_id, user, entity, since)
    for word in filter.split():
        query = query.where(_found(actor, word))
    return array("q", session.scalars(query.limit(most)))


def entries(
    session: Session,
    actor: Actor,
    *,
    limit: int = 1_000,
    company_id: int | None = None,
    user: str | None = None,
    entity: str | None = None,
    since: datetime | None = None,
) -> list[AuditView]:
    """The newest changes first; only for the partner (R53, R55)."""
    asked = _asked(session, actor, company_id, user, entity, since).limit(limit).subquery()
    query = _rows(actor).join(asked, asked.c.id == AuditEntry.id)
    found = session.execute(query.order_by(AuditEntry.id.desc()))
    return [_view(entry, cnpj) for entry, cnpj, _nickname in found]


def rows(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, AuditRow]:
    """Those of ``ids`` that are the partner's, by id."""
    access.partner_only(actor)
    found = session.execute(_rows(actor).where(AuditEntry.id.in_(ids))).all()
    names = _names(session, [entry for entry, _cnpj, _nickname in found])
    return {
        entry.id: AuditRow(
            _view(entry, cnpj),
            audit_words.what(entry.action, entry.entity),
            _which(entry, names),
            _company(entry, nickname),
        )
        for entry, cnpj, nickname in found
    }


def show(session: Session, actor: Actor, entry_id: int) -> AuditRow:
    """One change; :class:`NotFound` when there is none that ``actor`` may see."""
    found = rows(session, actor, [entry_id]).get(entry_id)
    if found is None:
        raise NotFound(_("Alteração {id} não encontrada").format(id=entry_id), field="id")
    return found


def _asked(
    session: Session,
    actor: Actor,
    company_id: int | None,
    user: str | None,
    entity: str | None,
    since: datetime | None,
) -> Select[int]:
    access.partner_only(actor)
    query = select(AuditEntry.id).order_by(AuditEntry.id.desc())
    if company_id is None:
        query = query.where(AuditEntry.partner_id == actor.partner_id)
    else:
        # The company's index alone: of a million changes few are its own.
        query = query.where(AuditEntry.company_id == access.company(session, actor, company_id).id)
    if user is not None:
        query = query.where(_by(actor, user, whole=True))
    if entity is not None:
        query = query.where(AuditEntry.entity == entity)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    return query


def _by(actor: Actor, word: str, *, whole: bool = False) -> ColumnElement[bool]:
    """Done by a person of that name. Who is gone is known by the nickname of then alone."""
    users = select(User.id).where(User.partner_id == actor.partner_id)
    if whole:
        key = search.key(word, most=120)
        named: ColumnElement[bool] = func.lower(AuditEntry.user_nickname) == word.lower()
        return or_(named, AuditEntry.user_id.in_(users.where(User.nickname_key == key)))
    lowered = word.lower()
    return or_(
        func.lower(AuditEntry.user_nickname).contains(lowered, autoescape=True),
        func.lower(AuditEntry.os_account).contains(lowered, autoescape=True),
        AuditEntry.user_id.in_(users.where(search.matches(User.search_key, word))),
    )


def _found(actor: Actor, word: str) -> ColumnElement[bool]:
    companies = select(Company.id).where(
        Company.partner_id == actor.partner_id, search.matches(Company.search_key, word)
    )
    return or_(
        _by(actor, word),
        AuditEntry.action.in_(_keys(audit_words.actions(), word)),
        AuditEntry.entity.in_(_keys(audit_words.entities(), word)),
        AuditEntry.company_id.in_(companies),
    )


def _keys(words: dict[str, str], word: str) -> list[str]:
    folded = fold(word)
    return [key for key, told in words.items() if folded in fold(told)]


def _rows(actor: Actor) -> Select[AuditEntry, str, str]:
    return (
        select(AuditEntry, Company.cnpj, Company.nickname)
        .outerjoin(Company, Company.id == AuditEntry.company_id)
        .where(AuditEntry.partner_id == actor.partner_id)
    )


def _view(entry: AuditEntry, cnpj: str | None) -> AuditView:
    return AuditView(
        entry.id,
        entry.at,
        entry.user_nickname,
        entry.os_account,
        cnpj,
        entry.action,
        entry.entity,
        entry.entity_id,
        entry.before,
        entry.after,
    )


def _company(entry: AuditEntry, nickname: str | None) -> str:
    if entry.company_id is not None and nickname is None:
        return _("(excluída)")
    return nickname or ""


_NAMED: dict[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[str]]] = {
    "company": (Company.id, Company.nickname),
    "email_server": (EmailServer.id, EmailServer.nickname),
    "outbox": (OutboxMessage.id, OutboxMessage.subject),
    "partner": (Partner.id, Partner.name),
    "user": (User.id, User.nickname),
}


def _names(session: Session, entries: Iterable[AuditEntry]) -> dict[tuple[str, int], str]:
    """What things are called now."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        if entry.entity_id is not None:
            wanted.setdefault(entry.entity, set()).add(entry.entity_id)
    found: dict[tuple[str, int], str] = {}
    for entity, (key, name) in _NAMED.items():
        if entity in wanted:
            query = select(key, name).where(key.in_(wanted[entity]))
            found |= {(entity, row[0]): row[1] for row in session.execute(query)}
    if "mailbox" in wanted:
        query = (
            select(Mailbox.id, EmailServer.nickname)
            .join(EmailServer, EmailServer.id == Mailbox.server_id)
            .where(Mailbox.id.in_(wanted["mailbox"]))
        )
        found |= {("mailbox", row[0]): row[1] for row in session.execute(query)}
    return found


def _which(entry: AuditEntry, names: dict[tuple[str, int], str]) -> str:
    if entry.entity_id is not None and (entry.entity, entry.entity_id) in names:
        return names[entry.entity, entry.entity_id]
    told = {**(entry.before or {}), **(entry.after or {})}
    for name in ("nickname", "email", "subject", "name", "cnpj"):
        if isinstance(told.get(name), str) and told[name]:
            return str(told[name])
    return "" if entry.entity_id is None else _("nº {id}").format(id=entry.entity_id)
