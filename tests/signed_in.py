"""Mailboxes whose accounts have signed in at the fake provider."""

from __future__ import annotations

from msal.token_cache import SerializableTokenCache

from services.health import linking, sign_ins
from services.health.tokens import registration
from services.registry.access import Actor
from services.registry.microsoft import MicrosoftDraft
from services.registry.server_rows import PLACE
from services.settings import Settings
from services.store import secret
from services.store.engine import Store
from services.store.models import EmailServer
from services.wire.entra import SignedIn
from tests.servers.entra import Entra

_SCOPES = ("SMTP.Send", "POP.AccessAsUser.All")


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


def many(store: Store, actor: Actor, entra: Entra, count: int) -> list[str]:
    """The addresses of so many mailboxes of the partner's, whose sign-ins are to be proven."""
    emails = [f"n{number}@padaria.example" for number in range(count)]
    with store.writing() as session:
        for email in emails:
            entra.add_account(email)
            server = EmailServer(
                partner_id=actor.partner_id, kind="both", nickname=email, email=email,
                username=email, mechanism="xoauth2", tenant="consumers", account=email,
                account_id=entra.account_id(email), smtp_host="localhost", smtp_port=1,
                smtp_security="none", pop_host="localhost", pop_port=1, pop_security="none",
            )  # fmt: skip
            session.add(server)
            session.flush()
            secret.put(session, PLACE, server.id, sign_ins.CACHE, _cache(entra, email))
    return emails


def _cache(entra: Entra, email: str) -> str:
    """What msal keeps of a sign-in."""
    cache = SerializableTokenCache()
    cache.add(
        {
            "client_id": entra.client_id,
            "scope": [f"https://outlook.office.com/{s}" for s in _SCOPES],
            "token_endpoint": f"{entra.base}/consumers/oauth2/v2.0/token",
            "response": entra.tokens_for(email),
        }
    )
    return cache.serialize()
