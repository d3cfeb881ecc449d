"""Testar E-mail by key presses, against servers that work, refuse and never answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from screens.dialogs.email_test import EmailTest
from services.health.accounts import Account
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.engine import Store
from services.store.models import Function
from services.wire.endpoint import Endpoint, Login
from tests.screens.conftest import Console, Opened
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.sink import Sink


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def register(store: Store, actor: Actor, company: CompanyView, port: int) -> None:
    with store.writing() as session:
        mailboxes.add(
            session,
            actor,
            company.id,
            MailboxDraft(
                function=Function.SEND,
                nickname="Notas",
                sender_name="Padaria",
                email="nfe@padaria.example",
                password="segredo",
                host="127.0.0.1",
                port=port,
                security="none",
                authenticate=False,
            ),
        )


async def test_a_working_mailbox_sends_its_test_e_mail(
    console: Opened, store: Store, actor: Actor, company: CompanyView, sink: Sink
) -> None:
    """R8, R19: every step passes and the e-mail really arrives, from the host that it will leave from."""
    register(store, actor, company, sink.port)
    async with console((80, 24)) as c:
        c.app.desk.settings = replace(c.app.desk.settings, hostname="saida.contabil.example")
        await c.mailboxes()
        await c.shows("nfe@padaria.example")
        await c.press("t")
        await c.shows("Tudo certo: a caixa funciona.")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
    (taken,) = sink.wait_for(1)
    assert (taken.recipients, taken.helo) == (("nfe@padaria.example",), "saida.contabil.example")


async def test_a_closed_port_is_explained_and_its_field_is_focused(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R8, R19: from the form, with what is on the screen; on return the field to mend is ready."""
    closed = free_port()
    register(store, actor, company, closed)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("nfe@padaria.example")
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.press("f5")
        await c.until(lambda: c.dialog == "EmailTest" and "Falhou" in c.text, "the failed step")
        await c.shows("recus")
        await c.press("escape")
        await c.in_front("MailboxForm")
        await c.until(lambda: at_its_place(c), "the field to mend")


async def test_what_passed_on_a_form_is_saved_from_the_test(
    console: Opened, store: Store, actor: Actor, company: CompanyView, sink: Sink
) -> None:
    """R8, R9: F2 saves there as on the form; not before the test passed, nor where nothing is open."""
    register(store, actor, company, sink.port)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("nfe@padaria.example")
        await c.press("t")
        await c.shows("Tudo certo")
        assert "F2 Salvar" not in c.text
        await c.press("escape", "e")
        await c.in_front("MailboxForm")
        await c.type("Fiscais")
        await c.press("f5")
        await c.shows("Tudo certo", "F2 Salvar")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("Fiscais")


async def test_from_a_list_a_key_opens_the_form_at_the_field(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R8, R19: Esc leaves the test; e opens the mailbox, or the server, where it is to be mended."""
    register(store, actor, company, free_port())
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("nfe@padaria.example")
        await c.press("t")
        await c.shows("tecla e abre o formulário no campo a corrigir", "e Corrigir")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        for screen, form in (("MailboxesScreen", "MailboxForm"), ("ServersScreen", "ServerForm")):
            await c.in_front(screen)
            await c.press("t")
            await c.shows("e Corrigir")
            await c.press("e")
            await c.in_front(form)
            await c.until(lambda: at_its_place(c), "the field to mend")
            await c.press("escape")
            await c.in_front(screen)
            await c.press("2")


async def test_a_server_that_never_answers_does_not_hold_the_keys(
    console: Opened, store: Store, actor: Actor, company: CompanyView, silent: int
) -> None:
    """R19: while a test waits for a server the interface answers, and Esc cancels at once."""
    register(store, actor, company, silent)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("nfe@padaria.example")
        await c.press("t")
        await c.in_front("EmailTest")
        await c.shows("Testando")
        await c.until(lambda: "certo" in c.text, "the steps before the greeting")
        await c.press("escape")
        await c.until(lambda: c.dialog == "MailboxesScreen", "the list", within=2.0)
        await c.press("question_mark")
        await c.until(lambda: c.dialog == "HelpDialog", "the help", within=2.0)


async def test_both_directions_under_their_own_names(
    console: Opened, company: CompanyView, dovecot: Dovecot, postfix: Postfix
) -> None:
    """R19: any account is tested; sending, reading and reading back, each named by its protocol."""
    address = f"tela-ambos@{DOMAIN}"
    dovecot.add_user(address, "segredo")
    account = both(address, postfix.port, dovecot)
    async with console((120, 40)) as c:
        await c.at_home()
        fields = await opened(c, account)
        await c.shows("Endereço do servidor (SMTP)", "Endereço do servidor (POP)")
        await c.shows("E-mail lido de volta (POP)", "Tudo certo: a caixa funciona.")
        assert c.text.count("certo") >= 15
        assert len([line for line in c.lines if "Usuário e senha (" in line]) == 2
        await c.press("escape")
        await c.until(lambda: fields == [None], "the end")


async def test_the_field_to_mend_has_its_protocol(
    console: Opened, company: CompanyView, dovecot: Dovecot, postfix: Postfix
) -> None:
    """R19: a form that asks for both is led to the one that failed."""
    address = f"tela-porta@{DOMAIN}"
    dovecot.add_user(address, "segredo")
    account = both(address, postfix.port, dovecot)
    assert account.pop is not None
    closed = replace(account, pop=replace(account.pop, port=free_port()))
    async with console((80, 24)) as c:
        await c.at_home()
        fields = await opened(c, closed)
        await c.shows("O teste parou aqui. Ao fechar, o campo a corrigir espera no formulário.")
        assert "Apresentação (POP)" not in c.text
        await c.press("escape")
        await c.until(lambda: fields == ["pop_port"], "the field")


def at_its_place(c: Console) -> bool:
    """Has host or port the focus?"""
    rows = c.app.screen.form._rows  # type: ignore[attr-defined]
    fields = {name for name, row in rows.items() if row.control is c.app.screen.focused}
    return fields <= {"host", "port", "smtp_host", "smtp_port"} and bool(fields)


def both(address: str, smtp_port: int, dovecot: Dovecot) -> Account:
    """An account that sends and reads on this machine."""
    return Account(
        None,
        address,
        "Padaria São João",
        Endpoint("localhost", smtp_port, "starttls", ca_file=dovecot.ca_file),
        Endpoint("localhost", dovecot.tls_port, "tls", ca_file=dovecot.ca_file),
        Login(address, "segredo"),
    )


async def opened(c: Console, account: Account) -> list[str | None]:
    """The dialog in front; what it gives when it closes."""
    fields: list[str | None] = []

    async def load() -> Account:
        return account

    test = EmailTest(c.app.desk, account.email, "both", load, True)
    await c.app.push_screen(test, fields.append)
    return fields
