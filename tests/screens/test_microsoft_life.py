"""The whole life of a Microsoft mailbox in the console, its jobs running, against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.notifications.announce import announce
from services.registry import relay
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import Document
from services.store.models import EmailServer
from services.store.notices import BellEntry
from tests.documents import generator
from tests.screens.conftest import Console, Opened
from tests.servers.dovecot import Dovecot
from tests.servers.entra import Entra
from tests.servers.postfix import Postfix
from tests.servers.sink import Sink

EMAIL = "vida@padaria.example"
OWNER = "dono@padaria.example"
ISSUER = "33000167000101"
WITHIN = 30.0


@pytest.fixture
def settings(home: Path, database_url: str, entra: Entra) -> Settings:
    """The program signs people in at the fake, and looks for mail every second."""
    entra.interval = 1
    entra.lifetime = 60  # shorter than a token may last to be used: each use renews it
    entra.add_account(EMAIL, tenant="organizations")
    return Settings(
        home=home,
        database_url=database_url,
        hostname="carteiro.example",
        reading_interval=1.0,
        sending_interval=0.5,
        microsoft_authority=entra.base,
        microsoft_client_id=entra.client_id,
        ca_file=entra.ca_file,
    )


@pytest.fixture
def exchange(exchange_pop: Dovecot) -> Dovecot:
    """The mail server with the mailboxes of this life, empty."""
    for user in (EMAIL, OWNER):
        exchange_pop.add_user(user)
        for old in exchange_pop.messages(user):
            old.unlink()
    return exchange_pop


def queue(store: Store, actor: Actor, company: CompanyView, subject: str) -> None:
    with store.writing() as session:
        announce(
            session, partner_id=actor.partner_id, company_id=company.id, type_key="general",
            subject=subject, body="texto",
        )  # fmt: skip


def deliver(exchange: Dovecot, company: CompanyView, number: int) -> None:
    xml = generator.nfe(ISSUER, company.cnpj, number)
    exchange.deliver(EMAIL, generator.mail([xml], pdf_bytes=500, seed=number))


def documents(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Document)) or 0


def rung(store: Store, key: str) -> int:
    with store.reading() as session:
        query = select(func.count()).select_from(BellEntry).where(BellEntry.type_key == key)
        return session.scalar(query) or 0


def arrived(exchange: Dovecot, subject: str) -> Callable[[], bool]:
    return lambda: any(
        f"Subject: {subject}" in path.read_text("latin-1") for path in exchange.messages(OWNER)
    )


async def sign_in(c: Console, entra: Entra) -> None:
    """Somebody types the code that is shown, as the mailbox."""
    code = await asyncio.to_thread(entra.wait_for_code)
    await c.shows(code)
    entra.approve(code, EMAIL)


async def test_linked_sends_reads_dies_warns_and_comes_back(
    console: Opened, store: Store, actor: Actor, company: CompanyView, entra: Entra,
    exchange: Dovecot, exchange_smtp: Postfix, sink: Sink,
) -> None:  # fmt: skip
    """R44, R45, R46, R49, R50: all of it by keys, with the jobs of the same process."""
    with store.writing() as session:
        relay.set_relay(
            session, actor,
            {"host": "127.0.0.1", "port": sink.port, "security": "none", "authenticate": False,
             "email": "avisos@contabil.example"},
        )  # fmt: skip
    async with console((120, 40), with_jobs=True) as c:
        await c.mailboxes()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("1")
        await c.in_front("MicrosoftForm")
        await c.type(EMAIL)
        await c.press("tab", "right", "right", "f4")
        form = c.app.screen.form  # type: ignore[attr-defined]
        for name, value in (
            ("smtp_host", "localhost"), ("smtp_port", exchange_smtp.port),
            ("pop_host", "localhost"), ("pop_port", exchange.tls_port),
        ):  # fmt: skip
            form.set_value(name, value, by_hand=True)
        await c.press("f2")
        await sign_in(c, entra)
        await c.in_front("EmailTest")
        await c.shows("Tudo certo", within=WITHIN)
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.shows(EMAIL, "Ativa")

        queue(store, actor, company, "viva")
        deliver(exchange, company, 1)
        await c.until(arrived(exchange, "viva"), "the e-mail", WITHIN)
        await c.until(lambda: documents(store) == 1, "the document", WITHIN)

        entra.revoke(EMAIL)
        queue(store, actor, company, "retida")
        await c.told("inativada", "AADSTS50173")
        await c.press("9")
        await c.in_front("HealthScreen")
        await c.shows(EMAIL, "Inativada", "AADSTS50173", "Acesso expirado no provedor")
        warning = await asyncio.to_thread(sink.wait_for, 1)
        assert warning[0].recipients == (OWNER,)
        assert b"AADSTS50173" in warning[0].raw
        deliver(exchange, company, 2)

        await c.press("b")
        await c.in_front("BellScreen")
        await c.shows("inativada")
        await c.press("9")
        await c.in_front("HealthScreen")
        await c.press("enter")
        await c.in_front("ServerForm")
        await c.shows("F3 vincula de novo")
        await c.press("f3")
        await sign_in(c, entra)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada", within=WITHIN)
        await c.press("escape")
        await c.until(arrived(exchange, "retida"), "what was held", WITHIN)
        await c.until(lambda: documents(store) == 2, "what arrived meanwhile", WITHIN)
    assert (rung(store, "mailbox_inactivated"), rung(store, "mailbox_recovered")) == (1, 1)
    with store.reading() as session:
        server = session.scalars(select(EmailServer).where(EmailServer.email == EMAIL)).one()
    assert (server.active, server.inactive_code, server.account) == (True, None, EMAIL)
