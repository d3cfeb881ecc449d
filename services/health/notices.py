"""One notice per company that an e-mail server serves (R46); one to the partner where it serves none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services import language
from services.language import Both
from services.notifications import templates
from services.notifications.announce import announce
from services.store.models import Company, EmailServer, Function, Mailbox


@dataclass(frozen=True, slots=True)
class Linked:
    """A company that a server serves, for which functions, and its first mailbox there."""

    company_id: int
    partner_id: int
    mailbox_id: int
    functions: frozenset[Function]


def linked(
    session: Session, server_id: int, functions: Collection[Function] = tuple(Function)
) -> list[Linked]:
    """The companies that ``server_id`` serves for any of ``functions``.

    Reading counts only where Document Import is on (R3).
    """
    rows = session.execute(
        select(Mailbox.id, Mailbox.function, Company.id, Company.partner_id)
        .join(Company, Company.id == Mailbox.company_id)
        .where(
            Mailbox.server_id == server_id,
            Mailbox.function.in_(functions),
            (Mailbox.function == Function.SEND) | Company.document_import,
        )
        .order_by(Mailbox.id)
    ).all()
    found: dict[int, Linked] = {}
    for mailbox_id, function, company_id, partner_id in rows:
        known = found.get(company_id)
        served = (known.functions if known is not None else frozenset()) | {Function(function)}
        first = known.mailbox_id if known is not None else mailbox_id
        found[company_id] = Linked(company_id, partner_id, first, served)
    return list(found.values())


def tell(
    session: Session,
    server: EmailServer,
    occasion: Callable[[Linked | None], str],
    values: Callable[[Linked | None], Mapping[str, object]],
    functions: Collection[Function] = tuple(Function),
) -> int:
    """Announce once to each company that ``server`` serves; how many notices there were.

    ``occasion``, of :func:`services.notifications.templates.templates`, is asked for each company,
    ``values`` too, and in each language; both with None for the partner, who alone is told of a
    server that serves nobody. The same occasion of the same server that comes again soon counts in one notice (R35).
    """
    companies: list[Linked | None] = [*linked(session, server.id, functions)]
    for each in sorted(companies or [None], key=lambda c: c.company_id if c is not None else 0):
        what = occasion(each)
        subject, body = templates.words(what, {"email": server.email, **_said(values, each)})
        announce(
            session,
            partner_id=server.partner_id,
            company_id=each.company_id if each is not None else None,
            type_key=what.partition("/")[0],
            subject=subject,
            body=body,
            cause=("mailbox", each.mailbox_id) if each is not None else ("server", server.id),
            same=f"{what} {server.id}",
        )
    return len(companies) or 1


def _said(
    values: Callable[[Linked | None], Mapping[str, object]], company: Linked | None
) -> dict[str, Both]:
    told = []
    for spoken in language.LANGUAGES:
        with language.speaking(spoken):
            told.append({name: str(value) for name, value in values(company).items()})
    portuguese, english = told
    return {name: Both(portuguese[name], english[name]) for name in portuguese}
