"""One new password for every registration of an account, by key presses, against a real server."""

from __future__ import annotations

import uuid

import pytest

from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.server_views import ServerView
from services.settings import Settings
from services.store import secret
from services.store.engine import Store
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_server, link
from tests.servers.dovecot import Dovecot

NEW = "senha nova"


@pytest.fixture
def account(dovecot: Dovecot) -> str:
    """An account whose password has just been changed at the provider."""
    name = f"conta-{uuid.uuid4().hex[:12]}"
    dovecot.add_user(name, NEW)
    return name


def register(store: Store, actor: Actor, dovecot: Dovecot, account: str, nick: str) -> ServerView:
    return add_server(
        store, actor, nick, kind="read", username=account, password="senha velha",
        pop_host=dovecot.host, pop_port=dovecot.port, pop_security="none",
    )  # fmt: skip


def passwords(store: Store, *servers: ServerView) -> list[str | None]:
    with store.reading() as session:
        return [secret.get(session, "email_server", s.id, "password") for s in servers]


async def change_password(c: Console, password: str) -> None:
    await c.in_front("ServerForm")
    c.app.screen.form.focus_field("password")  # type: ignore[attr-defined]
    await c.pilot.pause()
    await c.type(password)
    await c.press("f2")


async def test_the_new_password_is_offered_to_the_other_registrations(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    dovecot: Dovecot,
    account: str,
) -> None:
    """R9, R17: listed with their companies, tried at their server, then changed in all."""
    first, second, third = (
        register(store, actor, dovecot, account, nick) for nick in ("Alfa", "Beta", "Gama")
    )
    link(store, actor, second, company)
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa")
        await c.press("e")
        await change_password(c, NEW)
        await c.in_front("Rotate")
        await c.shows("está em mais 2 cadastros", "Beta", "Gama")
        assert next(x for x in c.lines if "Beta" in x).split()[-2] == "1"
        await c.press("f2")
        await c.told("Senha trocada em mais 2 cadastros")
        await c.in_front("ServersScreen")
    assert passwords(store, first, second, third) == [NEW, NEW, NEW]


async def test_a_password_that_is_refused_changes_no_other(
    console: Opened, store: Store, actor: Actor, dovecot: Dovecot, account: str
) -> None:
    """R19: all or nothing, with the reason; Esc leaves the new one here only."""
    first, second = (register(store, actor, dovecot, account, nick) for nick in ("Alfa", "Beta"))
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa")
        await c.press("e")
        await change_password(c, "errada")
        await c.in_front("Rotate")
        await c.press("f2")
        await c.shows("O teste não passou", "Falhou")
        await c.press("escape")
        await c.in_front("ServersScreen")
    assert passwords(store, first, second) == ["errada", "senha velha"]


async def test_the_company_s_own_form_offers_it_too(
    console: Opened, store: Store, settings: Settings, actor: Actor, company: CompanyView,
    dovecot: Dovecot, account: str,
) -> None:  # fmt: skip
    """R9: a password changed on the company's screen is offered to the others as well."""
    mine = register(store, actor, dovecot, account, "Alfa")
    other = register(store, actor, dovecot, account, "Beta")
    link(store, actor, mine, company)
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("1")
        await c.in_front("MailboxesScreen")
        await c.press("tab")
        await c.shows("Alfa")
        await c.press("e")
        await c.in_front("MailboxForm")
        c.app.screen.form.focus_field("password")  # type: ignore[attr-defined]
        await c.pilot.pause()
        await c.type(NEW)
        await c.press("f2")
        await c.in_front("Rotate")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
    assert passwords(store, mine, other) == [NEW, NEW]


async def test_nothing_is_asked_for_an_account_of_its_own(
    console: Opened, store: Store, actor: Actor, dovecot: Dovecot, account: str
) -> None:
    """R17: another user at the same host is another account."""
    register(store, actor, dovecot, account, "Alfa")
    register(store, actor, dovecot, "outra", "Beta")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa")
        await c.press("e")
        await change_password(c, NEW)
        await c.in_front("ServersScreen")
