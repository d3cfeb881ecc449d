"""Mailboxes whose accounts have signed in at the fake provider."""

from __future__ import annotations

from services.health import linking
from services.health.tokens import registration
from services.registry.access import Actor
from services.registry.microsoft import MicrosoftDraft
from services.settings import Settings
from services.store.engine import Store
from services.wire.entra import SignedIn
from tests.servers.entra import Entra


def sign_in(entra: Entra, settings: Settings, email: str, tenant: str = "consumers") -> SignedIn:
    """Somebody signs in as ``email``, for sending and reading."""
    door = registration(settings)
    asked = door.ask_code(tenant, ("send", "read"))
    entra.approve(asked.user_code, email)
    signed = door.poll(asked)
    assert signed is not None
    return signed


def register(
    store: Store,
    actor: Actor,
    company_id: int | None,
    entra: Entra,
    settings: Settings,
    draft: MicrosoftDraft,
) -> int:
    """The e-mail server of a new mailbox whose account has just signed in."""
    entra.add_account(draft.email)
    signed = sign_in(entra, settings, draft.email)
    with store.writing() as session:
        return linking.register(session, actor, company_id, draft, signed, settings)
