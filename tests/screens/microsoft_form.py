"""Signing in at a fake of Microsoft's identity provider, as people do by key presses."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import select
from textual import events

from screens.dialogs.sign_in import SignIn
from services.failure import Failure, Stage
from services.health import inactivation
from services.registry.microsoft import MicrosoftDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.models import EmailServer
from services.store.models import SignIn as Kept
from tests.screens.conftest import Console
from tests.servers.entra import Entra
from tests.servers.postfix import Postfix

SIZES = [(80, 24), (120, 40)]
EMAIL = "nfe@padaria.example"
OTHER = "outra@padaria.example"


def at_the_fake(home: Path, database_url: str, entra: Entra) -> Settings:
    """The program signs people in at the fake."""
    entra.interval = 1
    for email in (EMAIL, OTHER):
        entra.add_account(email, tenant="organizations")
    return Settings(
        home=home,
        database_url=database_url,
        hostname="carteiro.example",
        microsoft_authority=entra.base,
        microsoft_client_id=entra.client_id,
        ca_file=entra.ca_file,
    )


def saved(store: Store) -> list[EmailServer]:
    with store.reading() as session:
        found = list(session.scalars(select(EmailServer).order_by(EmailServer.id)))
        session.expunge_all()
        return found


def signed_in(store: Store) -> int:
    """How many sign-ins are kept."""
    with store.reading() as session:
        return len(session.scalars(select(Kept.server_id)).all())


async def form(c: Console) -> None:
    """From the first screen to the form before the sign-in, filled in."""
    await c.mailboxes()
    await c.press("n")
    await c.in_front("RegisterWay")
    await c.press("1")
    await c.in_front("MicrosoftForm")
    await c.type(EMAIL)


async def code(entra: Entra, c: Console) -> str:
    """The code that was just asked for, once it is on the screen."""
    told = await asyncio.to_thread(entra.wait_for_code)
    await c.shows(told, "Esperando a entrada")
    return told


async def paste(c: Console, text: str) -> None:
    """The terminal pastes into the field."""
    assert c.app.screen.focused is not None
    c.app.screen.focused.post_message(events.Paste(text))
    await c.pilot.pause()


def address(c: Console) -> str:
    """The address to sign in at, which stands on several lines of the screen."""
    assert isinstance(c.app.screen, SignIn)
    assert c.app.screen._address is not None
    return c.app.screen._address.url


def draft(smtp: Postfix | None = None, **given: object) -> MicrosoftDraft:
    place = (
        {"smtp_host": "localhost", "smtp_port": smtp.port, "smtp_security": "starttls"}
        if smtp
        else {}
    )
    return MicrosoftDraft(kind="send", email=EMAIL, **{**place, **given})  # type: ignore[arg-type]


def inactivate(store: Store, server_id: int) -> None:
    with store.writing() as session:
        failure = Failure(
            "login.example", Stage.SIGN_IN, "inactivated", "AADSTS700082", code=700082
        )
        assert inactivation.inactivate(session, server_id, 700082, failure)
