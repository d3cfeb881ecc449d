"""*Vincular conta Microsoft*: what was signed in becomes a mailbox, or keeps one alive (R44, R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from services.health import sign_ins
from services.registry import microsoft
from services.registry.access import Actor
from services.registry.microsoft import Identity, Link, MicrosoftDraft
from services.settings import Settings

if TYPE_CHECKING:
    from services.wire.entra import SignedIn


def register(
    session: Session,
    actor: Actor,
    company_id: int | None,
    draft: MicrosoftDraft,
    signed: SignedIn,
    settings: Settings,
) -> int:
    """Register the mailbox of whoever signed in; the id of its e-mail server.

    With ``company_id`` it is linked to that company, without it is the partner's alone. Raises
    what :func:`services.registry.microsoft.add` does, and then nothing is saved.
    """
    server = microsoft.add(session, actor, company_id, draft, _identity(signed))
    sign_ins.keep(session, server.id, signed.tokens, settings.inactivation_interval)
    return server.id


def relink(session: Session, actor: Actor, link: Link, signed: SignedIn, settings: Settings) -> int:
    """Put the new sign-in in the place of the old one, or of the password; the server's id.

    ``link`` comes from :func:`services.registry.microsoft.plan_again`. What a code inactivated
    stays so until a test passes (R49).
    """
    server = microsoft.sign_in_again(session, actor, link, _identity(signed))
    sign_ins.keep(session, server.id, signed.tokens, settings.inactivation_interval)
    return server.id


def _identity(signed: SignedIn) -> Identity:
    return Identity(signed.person.name, signed.person.account_id)
