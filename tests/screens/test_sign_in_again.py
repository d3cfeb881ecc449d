"""A mailbox of Microsoft's is brought back, or changes its account, by key presses."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.models import Function
from tests.screens.conftest import Opened
from tests.screens.microsoft_form import (
    EMAIL,
    OTHER,
    at_the_fake,
    code,
    draft,
    inactivate,
    saved,
    signed_in,
)
from tests.servers.dovecot import Dovecot
from tests.servers.entra import Entra
from tests.servers.postfix import Postfix
from tests.signed_in import register


@pytest.fixture
def settings(home: Path, database_url: str, entra: Entra) -> Settings:
    """The program signs people in at the fake."""
    return at_the_fake(home, database_url, entra)


@pytest.fixture
def dead(
    store: Store,
    actor: Actor,
    company: CompanyView,
    entra: Entra,
    settings: Settings,
    exchange_smtp: Postfix,
    exchange_pop: Dovecot,
) -> int:
    """A linked mailbox at a server that takes its tokens, taken out of use by a code."""
    exchange_pop.add_user(EMAIL)
    made = register(
        store, actor, company.id, entra, settings, draft(exchange_smtp, account="personal")
    )
    entra.wait_for_code()
    inactivate(store, made)
    return made


async def test_a_dead_mailbox_is_brought_back_from_its_list(
    console: Opened, store: Store, dead: int, entra: Entra
) -> None:
    """R45, R49: code, reason and key in the list; the same person signs in, the test reactivates."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("▲ Inativada", "AADSTS700082", "inatividade", "l vincula de novo")
        await c.press("l")
        told = await code(entra, c)
        assert not saved(store)[0].active
        entra.approve(told, EMAIL)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.shows("● Ativa")
        await c.until(lambda: "AADSTS" not in c.text, "the end of the reason")
    (server,) = saved(store)
    assert (server.id, server.active, server.inactive_code) == (dead, True, None)


async def test_a_dead_mailbox_is_brought_back_from_the_bell(
    console: Opened, store: Store, dead: int, entra: Entra
) -> None:
    """R47, R49, R52: the entry tells in the mission's words, and leads to the mailbox, with its keys."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("b")
        await c.in_front("BellScreen")
        await c.shows("inativada")
        await c.press("enter")
        await c.in_front("MailboxNotice")
        await c.shows("Acesso expirado", "l Vincular de novo", "t Testar")
        await c.press("l")
        entra.approve(await code(entra, c), OTHER)
        await c.shows("não é a conta vinculada")
        assert not saved(store)[0].active
        await c.press("n")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada")
        await c.press("escape")
        await c.in_front("MailboxNotice")
        await c.press("e")
        await c.in_front("MailboxForm")
    assert saved(store)[0].active


async def test_a_dead_server_is_brought_back_from_the_servers(
    console: Opened, store: Store, dead: int, entra: Entra
) -> None:
    """R49: the same for the partner, in Servidores de E-mail."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("▲ Inativada", "AADSTS700082")
        await c.press("l")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada")
    assert saved(store)[0].active


async def test_a_dead_mailbox_is_brought_back_from_health(
    console: Opened, store: Store, dead: int, entra: Entra
) -> None:
    """R49, R50: Saúde tells of it, and its key signs in again."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("9")
        await c.in_front("HealthScreen")
        await c.shows("▲ Inativada", "AADSTS700082", "l Vincular de novo")
        await c.press("l")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada")
        await c.press("escape")
        await c.shows("Todas as caixas estão bem")
    (server,) = saved(store)
    assert (server.id, server.active) == (dead, True)


async def test_the_form_of_a_linked_mailbox(
    console: Opened, store: Store, dead: int, entra: Entra
) -> None:
    """R9, R44, R49: no password but who signed in; F3 signs in again and what was typed stays."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows(EMAIL)
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.shows("AADSTS700082", "Conta Microsoft", EMAIL, "pessoal")
        assert "Senha" not in c.text
        assert "não senha" not in c.text, "guidance for what it has already"
        await c.press("end")
        await c.type(" nova")
        await c.press("f3")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada")
        await c.press("escape")
        await c.in_front("MailboxForm")
        await c.until(lambda: "AADSTS" not in c.text, "the end of the reason")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
    (server,) = saved(store)
    assert (server.nickname.endswith(" nova"), server.active, server.mechanism) == (
        True, True, "xoauth2",
    )  # fmt: skip
    assert server.account == EMAIL


async def test_another_account_brings_a_dead_mailbox_back(
    console: Opened, store: Store, dead: int, entra: Entra, exchange_pop: Dovecot
) -> None:
    """R44, R49: F3 in the sign-in changes who enters and by which kind of account; links stay."""
    entra.share(EMAIL, OTHER)
    exchange_pop.add_user(OTHER)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.press("l")
        entra.approve(await code(entra, c), OTHER)
        await c.shows("não é a conta vinculada", "F3 muda")
        await c.press("f3")
        await c.in_front("OtherAccount")
        await c.shows("Outra conta", "‹ pessoal ›")
        await c.press("right", "right", "tab")
        await c.type("não é")
        await c.press("f2")
        await c.shows("▲ Conta: use personal, work ou o domínio")
        await c.press("shift+tab", "left", "tab")
        await c.type(OTHER)
        await c.press("f2")
        await c.in_front("SignIn")
        await c.shows(f"Entre como {OTHER}")
        entra.approve(await code(entra, c), OTHER)
        await c.in_front("EmailTest")
        await c.shows("voltou a ser usada")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.shows("● Ativa")
    (server,) = saved(store)
    assert (server.id, server.active, server.account, server.tenant) == (
        dead, True, OTHER, "organizations",
    )  # fmt: skip


async def test_the_form_of_a_linked_server(
    console: Opened, store: Store, dead: int, entra: Entra
) -> None:
    """R9, R17, R44: the partner changes a name; the sign-in stays."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("▲ Inativada")
        await c.press("e")
        await c.in_front("ServerForm")
        await c.shows("AADSTS700082", "Conta Microsoft")
        assert "Senha" not in c.text
        await c.press("tab", "end")
        await c.type(" nova")
        await c.press("f2")
        await c.in_front("ServersScreen")
    (server,) = saved(store)
    assert (server.nickname, server.account) == (f"{EMAIL} nova", EMAIL)
    assert signed_in(store) == 1


async def test_a_password_at_microsoft_gives_way_to_an_account(
    console: Opened, store: Store, actor: Actor, company: CompanyView, entra: Entra
) -> None:
    """R44, R49: where Microsoft takes no password the same key links the account; links stay."""
    with store.writing() as session:
        given = MailboxDraft(
            function=Function.SEND, nickname="Notas", sender_name="Padaria", email=EMAIL,
            password="segredo", host="smtp.office365.com", port=587,
        )  # fmt: skip
        made = mailboxes.add(session, actor, company.id, given)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows(EMAIL)
        await c.press("l")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
    (server,) = saved(store)
    assert (server.id, server.mechanism, server.account) == (made.server_id, "xoauth2", EMAIL)


async def test_no_relink_for_a_mailbox_with_a_password(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R49: the key is there only where a Microsoft account signs in."""
    with store.writing() as session:
        given = MailboxDraft(
            function=Function.SEND, nickname="Notas", sender_name="Padaria", email=EMAIL,
            password="segredo", host="mail.padaria.example", port=587,
        )  # fmt: skip
        mailboxes.add(session, actor, company.id, given)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows(EMAIL)
        assert "Vincular de novo" not in c.text
        await c.press("l")
        await c.pilot.pause()
        assert c.dialog == "MailboxesScreen"
