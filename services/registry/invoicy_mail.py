"""InvoiCy Mail as a company has it: by whom its e-mails leave, in what name (R14)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.errors import NotAllowed
from services.language import _
from services.registry import access, audit, mailboxes, versions, ways_out
from services.registry.access import Actor
from services.registry.fields import Form
from services.store.models import Company


@dataclass(frozen=True, slots=True)
class CompanyRelay:
    """How a company's e-mails leave while ``on``.

    ``sender_name`` is the chosen name, ``shown_name`` the one in From: without a chosen one the
    legal name. ``address`` is the relay's, None without one; ``why_not`` says why nothing leaves
    and whom to ask; ``why_not_edit`` why this user may not change the name (R11).
    """

    on: bool
    address: str | None
    sender_name: str
    shown_name: str
    why_not: str | None
    why_not_edit: str | None
    version: int


def view(session: Session, actor: Actor, company_id: int) -> CompanyRelay:
    """How InvoiCy Mail stands for a company that this user may see (R53)."""
    company = access.company(session, actor, company_id)
    relay = ways_out.relay_of(session, company.partner_id)
    return CompanyRelay(
        company.invoicy_mail,
        relay.email if relay is not None else None,
        company.sender_name,
        ways_out.name_of(company),
        ways_out.why_none(session, company) if company.invoicy_mail else None,
        _why_not_edit(actor, company),
        company.version,
    )


def set_sender_name(
    session: Session, actor: Actor, company_id: int, name: str, *, version: int | None = None
) -> CompanyRelay:
    """Change the name in From by the relay; "" is the legal name again (R14).

    Company users may do it where they may register mailboxes, otherwise :class:`NotAllowed`
    (R11). Raises ``InvalidFields``, and ``Conflict`` when ``version`` is not the present one.
    """
    row = access.company(session, actor, company_id)
    session.refresh(row, with_for_update=True)
    mailboxes.may_change(actor, row)
    versions.check(session, "company", row.id, row.version, version)
    form = Form()
    name = form.text("sender_name", _("Nome do remetente"), name, 200, required=False)
    form.done()
    if name != row.sender_name:
        before = row.sender_name
        row.sender_name = name
        row.version += 1
        audit.record(
            session,
            actor,
            "edit",
            "company",
            row.id,
            company_id=row.id,
            before={"sender_name": before},
            after={"sender_name": name},
        )
        session.flush()
    return view(session, actor, company_id)


def _why_not_edit(actor: Actor, company: Company) -> str | None:
    try:
        mailboxes.may_change(actor, company)
    except NotAllowed as e:
        return e.message
    return None
