"""*Vincular Empresas*: tying many companies to an e-mail server, and untying them (R7, R20)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Row, Table, delete, func, insert, select
from sqlalchemy.orm import Session

from services.errors import Invalid, NotFound
from services.fiscal import cnpj as cnpjs
from services.language import _
from services.registry import access, audit, occupied, server_views
from services.registry.access import Actor
from services.registry.audit import Change
from services.registry.bulk import pieces
from services.registry.protocols import functions_of
from services.registry.server_rows import PLACE
from services.store.models import Company, EmailServer, Function, Mailbox

_MAILBOX = cast(Table, Mailbox.__table__)
# Both databases cap the parameters of a statement.
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A company that was not linked, and why; no CNPJ and nickname for one that is gone."""

    company_id: int
    cnpj: str
    nickname: str
    why: str


@dataclass(frozen=True, slots=True)
class LinkOutcome:
    """How many companies were linked, how many were so already, and which were refused."""

    linked: int = 0
    already: int = 0
    refused: tuple[Refusal, ...] = ()

    def __add__(self, other: LinkOutcome) -> LinkOutcome:
        """Both together, for callers that work in pieces."""
        return LinkOutcome(
            self.linked + other.linked, self.already + other.already, self.refused + other.refused
        )


def link(
    session: Session,
    actor: Actor,
    server_id: int,
    company_ids: Iterable[int],
    *,
    functions: Sequence[Function] | None = None,
) -> LinkOutcome:
    """Link these companies to a server of the partner, which they see at once (R20).

    A server of kind both becomes a sending and a reading mailbox of each; the reading one shows
    only while Document Import is on (R3). One unit of work, audited for each company (R55); a
    company that cannot be linked is refused with its reason and stops no other: InvoiCy Mail on
    (R2), a server that only reads without Document Import (R3), an address that the company uses
    by another server (R7), a company that is gone. Only for the partner (R53). Callers may hand
    in pieces of 500 or so to show how far it is and to be cancelled between them. ``functions``
    are those of the server's to be linked for, when not all.
    """
    server = server_views.own(session, actor, server_id)
    served = functions_of(server.kind)
    wanted = served if functions is None else tuple(f for f in served if f in functions)
    total = LinkOutcome()
    for some in pieces(list(dict.fromkeys(company_ids)), _AT_ONCE):
        total += _link(session, actor, server, some, wanted)
    return total


def unlink(session: Session, actor: Actor, server_id: int, company_ids: Iterable[int]) -> int:
    """Take a server from these companies; how many had it. The server stays: it is the partner's.

    One unit of work, audited for each company (R55); only for the partner (R53).
    """
    server = server_views.own(session, actor, server_id)
    total = 0
    for some in pieces(list(dict.fromkeys(company_ids)), _AT_ONCE):
        gone: dict[int, tuple[str, ...]] = {}
        for company_id, function in session.execute(
            delete(_MAILBOX)
            .where(_MAILBOX.c.server_id == server.id, _MAILBOX.c.company_id.in_(some))
            .returning(_MAILBOX.c.company_id, _MAILBOX.c.function)
        ):
            gone[company_id] = (*gone.get(company_id, ()), function)
        _record(session, actor, "unlink", server, gone)
        total += len(gone)
    return total


def linked(session: Session, actor: Actor, server_id: int) -> frozenset[int]:
    """The ids of the companies that are linked to a server of the partner."""
    access.partner_only(actor)
    found = session.scalars(
        select(Mailbox.company_id)
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .where(server_views.listed(actor), EmailServer.id == server_id)
    )
    return frozenset(found)


def by_cnpj(session: Session, actor: Actor, cnpjs_typed: Iterable[str]) -> list[int]:
    """The ids of the companies with these CNPJs, with or without mask, each once, in their order.

    Raises :class:`Invalid` naming every one that is no CNPJ, :class:`NotFound` naming every one
    that is not registered.
    """
    access.partner_only(actor)
    numbers: dict[str, None] = {}
    bad: list[str] = []
    for typed in cnpjs_typed:
        try:
            numbers[cnpjs.parse(typed)] = None
        except Invalid as e:
            bad.append(f"{typed} ({e.message})")
    if bad:
        raise Invalid(_("CNPJ inválido: {list}").format(list="; ".join(bad)), field="company")
    found: dict[str, int] = {}
    for some in pieces(list(numbers), _AT_ONCE):
        query = select(Company.cnpj, Company.id).where(
            Company.partner_id == actor.partner_id, Company.cnpj.in_(some)
        )
        found.update(session.execute(query).all())
    missing = [cnpjs.masked(number) for number in numbers if number not in found]
    if missing:
        raise NotFound(
            _("CNPJ sem cadastro: {list}").format(list=", ".join(missing)), field="company"
        )
    return [found[number] for number in numbers]


def add_function(session: Session, actor: Actor, server: EmailServer, function: Function) -> None:
    """Give the companies that are linked to ``server`` its new ``function`` too, where it may be.

    Where InvoiCy Mail is on no sending mailbox is registered (R2): linking the company again does
    it once that is off.
    """
    mine = select(Mailbox.company_id).where(Mailbox.server_id == server.id)
    query = select(Company.id).where(Company.id.in_(mine)).order_by(Company.id)
    if function == Function.SEND:
        query = query.where(Company.invoicy_mail.is_(False))
    for some in pieces(session.scalars(query.with_for_update()).all(), _AT_ONCE):
        used = occupied.by_others(session, server.email, server.id, Mailbox.company_id.in_(some))
        wanted: dict[int, tuple[Function, ...]] = {
            company_id: (function,) for company_id in some if company_id not in used
        }
        _insert(session, server, wanted)
        _record(session, actor, "link", server, wanted)


def drop_function(session: Session, actor: Actor, server: EmailServer, function: Function) -> None:
    """Take the mailboxes of ``function`` from every company that is linked to ``server``."""
    gone = session.scalars(
        delete(_MAILBOX)
        .where(_MAILBOX.c.server_id == server.id, _MAILBOX.c.function == function)
        .returning(_MAILBOX.c.company_id)
    ).all()
    _record(session, actor, "unlink", server, dict.fromkeys(gone, (function,)))


def _link(
    session: Session,
    actor: Actor,
    server: EmailServer,
    some: Sequence[int],
    functions: Sequence[Function],
) -> LinkOutcome:
    # Held in order: two registrations at once would both find an address free.
    companies = session.execute(
        select(
            Company.id,
            Company.cnpj,
            Company.nickname,
            Company.invoicy_mail,
            Company.document_import,
        )
        .where(Company.id.in_(some), Company.partner_id == actor.partner_id)
        .order_by(Company.id)
        .with_for_update()
    ).all()
    has: dict[int, set[str]] = {}
    for company_id, function in session.execute(
        select(Mailbox.company_id, Mailbox.function).where(
            Mailbox.server_id == server.id, Mailbox.company_id.in_(some)
        )
    ):
        has.setdefault(company_id, set()).add(function)
    used = occupied.by_others(session, server.email, server.id, Mailbox.company_id.in_(some))
    missing: dict[int, tuple[Function, ...]] = {}
    refused = [
        Refusal(each, "", "", _("Empresa não encontrada"))
        for each in sorted(set(some) - {row.id for row in companies})
    ]
    already = 0
    for row in companies:
        lacks = tuple(f for f in functions if f not in has.get(row.id, ()))
        if not lacks:
            already += 1
            continue
        why = _why_not(server, functions, row, used.get(row.id, set()))
        if why is None:
            missing[row.id] = lacks
        else:
            refused.append(Refusal(row.id, row.cnpj, row.nickname, why))
    _insert(session, server, missing)
    _record(session, actor, "link", server, missing)
    return LinkOutcome(len(missing), already, tuple(refused))


def _why_not(
    server: EmailServer,
    functions: Sequence[Function],
    company: Row[int, str, str, bool, bool],
    used: set[str],
) -> str | None:
    if company.invoicy_mail:
        return _(
            "A extensão InvoiCy Mail está ativa nesta empresa: para vincular uma caixa, desative-a "
            "em Empresas"
        )
    if Function.SEND not in functions and not company.document_import:
        return _("A extensão Importação de Documentos está desativada nesta empresa")
    refusal = occupied.refusal(server.email, functions, used)
    return None if refusal is None else refusal.message


def _insert(
    session: Session, server: EmailServer, functions: dict[int, tuple[Function, ...]]
) -> None:
    """Make these mailboxes, each the last of its list (R13)."""
    if not functions:
        return
    last = {
        (company_id, function): position
        for company_id, function, position in session.execute(
            select(Mailbox.company_id, Mailbox.function, func.max(Mailbox.position))
            .where(Mailbox.company_id.in_(list(functions)))
            .group_by(Mailbox.company_id, Mailbox.function)
        )
    }
    session.execute(
        insert(_MAILBOX),
        [
            {
                "server_id": server.id,
                "company_id": company_id,
                "function": function,
                "position": last.get((company_id, function), -1) + 1,
            }
            for company_id, wanted in functions.items()
            for function in wanted
        ],
    )


def _record(
    session: Session,
    actor: Actor,
    action: str,
    server: EmailServer,
    functions: Mapping[int, tuple[str, ...]],
) -> None:
    """Note for each company which functions it got ("link") or lost ("unlink") (R55)."""
    changes = []
    for company_id, each in functions.items():
        told = {"email": server.email, "functions": sorted(each)}
        if action == "link":
            changes.append(Change(server.id, company_id, after=told))
        else:
            changes.append(Change(server.id, company_id, before=told))
    audit.record_many(session, actor, action, PLACE, changes)
