"""Caixas de E-mail while InvoiCy Mail is on: by what the e-mails leave, and the name to edit."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.office import Office
from services.registry import companies, mailboxes, relay
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.engine import Store
from services.store.models import Function, Role, User, UserCompany
from tests.screens.conftest import Opened

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
RELAY = {"host": "smtp.relay.example", "security": "none", "email": "nf@relay.example"}


def add(office: Office, actor: Actor, company: CompanyView, function: Function) -> None:
    """A mailbox that the company had before the extension was switched on."""
    office.do_now(
        mailboxes.add,
        actor,
        company.id,
        MailboxDraft(
            function=function,
            nickname="Notas" if function is Function.SEND else "Entrada",
            sender_name="Padaria",
            email=f"{function}@padaria.example",
            password="segredo",
            host="mail.padaria.example",
        ),
    )


@SIZES
async def test_only_the_sender_name_is_edited(
    console: Opened,
    size: tuple[int, int],
    office: Office,
    actor: Actor,
    company: CompanyView,
) -> None:
    """R2, R14: the kept mailbox is not; what waits, and the relay once it is there, are said."""
    add(office, actor, company, Function.SEND)
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    async with console(size) as c:
        await c.mailboxes()
        await c.shows("esperam na fila", "Contábil Sul", "Notas")
        office.do_now(relay.set_relay, actor, RELAY)
        await c.shows("saem por nf@relay.example em nome de", "São João Ltda ·")
        await c.press("e")
        await c.in_front("SenderName")
        await c.shows("nf@relay.example", "Padaria São João Ltda")
        await c.type("Pães do João")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("em nome de Pães")
    assert office.ask_now(companies.view, actor, company.id).sender_name == "Pães do João"


async def test_why_not_register_follows_what_others_switch(
    console: Opened, store: Store, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R2, R3, R11: the reason, the way to register and the reading list come and go by themselves."""
    with store.writing() as session:
        session.execute(update(User).values(role=Role.COMPANY))
        session.add(UserCompany(user_id=actor.user_id, company_id=company.id))
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Nenhuma caixa de envio. Tecle n", "Nenhuma caixa de leitura. Tecle n")
        office.do_now(companies.edit, actor, company.id, {"may_register": False})
        await c.shows("Sua empresa não tem permissão")
        await c.until(lambda: "Tecle n" not in c.text and "n Nova" not in c.text, "no invitation")
        office.do_now(
            companies.edit, actor, company.id, {"may_register": True, "invoicy_mail": True}
        )
        await c.shows("desative-a para cadastrar")
        await c.press("tab")
        office.do_now(
            companies.edit, actor, company.id, {"invoicy_mail": False, "document_import": False}
        )
        await c.until(lambda: "leitura" not in c.text, "the reading list's end")
        await c.shows("Nenhuma caixa de envio. Tecle n", "n Nova")
        assert "desative-a" not in c.text
        office.do_now(companies.edit, actor, company.id, {"document_import": True})
        await c.shows("Nenhuma caixa de leitura. Tecle n")


async def test_a_reading_mailbox_is_edited_as_ever(
    console: Opened, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R14 is about sending."""
    add(office, actor, company, Function.READ)
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    async with console((100, 30)) as c:
        await c.mailboxes(Function.READ)
        await c.shows("esperam na fila", "Entrada")
        await c.press("e")
        await c.in_front("MailboxForm")


async def test_a_company_user_edits_the_name_where_it_may(
    console: Opened, store: Store, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R11, R14: with the permission to register; otherwise the reason and whom to ask."""
    office.do_now(relay.set_relay, actor, RELAY)
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    with store.writing() as session:
        session.execute(update(User).values(role=Role.COMPANY))
        session.add(UserCompany(user_id=actor.user_id, company_id=company.id))
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("saem por nf@relay.example")
        await c.press("e")
        await c.in_front("SenderName")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
    office.do_now(companies.edit, actor, company.id, {"may_register": False})
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("saem por nf@relay.example")
        await c.press("e")
        await c.shows("Sua empresa não tem permissão")
        assert c.dialog == "MailboxesScreen"
