"""The guidance by key presses: from the form, from the palette, after a failure."""

from __future__ import annotations

import pytest

from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.engine import Store
from services.store.models import Function
from tests.screens.conftest import Opened
from tests.servers.dovecot import Dovecot
from tests.servers.scripted_smtp import ScriptedSmtp


async def test_from_the_form_at_the_right_provider(console: Opened, company: CompanyView) -> None:
    """R51: one line while typing, the whole by F7, and back with everything typed still there."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.other_provider()
        await c.fill("Notas", "Padaria", "ana@hotmail.com")
        await c.shows("Microsoft: use “Vincular conta Microsoft”, não senha · F7 mostra como")
        await c.press("f7")
        await c.in_front("GuidanceDialog")
        await c.shows("Outlook, Hotmail, Live, MSN")
        await c.press("f7")
        await c.in_front("MailboxForm")
        assert "ana@hotmail.com" in c.text
        await c.press(*["backspace"] * 11)
        await c.type("yahoo.com.br")
        await c.shows("Yahoo pede uma senha de app · F7 mostra como")


async def test_reading_from_icloud_is_told_in_time(console: Opened, company: CompanyView) -> None:
    """R51: by the direction: iCloud has no POP."""
    async with console() as c:
        await c.mailboxes(Function.READ)
        await c.other_provider()
        await c.fill("Entrada", "xml@icloud.com")
        await c.shows("iCloud não oferece POP")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_found_while_typing(
    console: Opened, company: CompanyView, size: tuple[int, int]
) -> None:
    """R51: from anywhere by F7; old names, accents and case do not matter; no topic says so."""
    async with console(size) as c:
        await c.at_home()
        await c.press("f7")
        await c.in_front("GuidanceDialog")
        await c.shows("Gmail: senha de app", "Yahoo: senha de app", "myaccount.google.com/security")
        await c.press("down")
        await c.shows("Encaminhamento e POP/IMAP")
        await c.type("MENOS seguros")
        await c.until(lambda: "Yahoo" not in c.text, "the topics that match")
        await c.shows("existe mais", "“Permitir")
        await c.press("pagedown", "pagedown")
        await c.shows("“2-Step")
        await c.type(" xyz")
        await c.shows("Nada encontrado")
        await c.press("escape")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")


async def test_from_the_palette(console: Opened, company: CompanyView) -> None:
    """R51"""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("ctrl+p")
        await c.until(lambda: c.dialog == "Palette", "the palette")
        await c.shows("Buscar um comando")
        await c.type("orienta")
        await c.shows("Orientações dos provedores")
        await c.press("enter")
        await c.in_front("GuidanceDialog")


async def test_the_address_is_copied(console: Opened, company: CompanyView) -> None:
    """R51: by one key, our own text; only where there is one."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("f7")
        await c.in_front("GuidanceDialog")
        await c.press("f8")
        await c.until(
            lambda: c.app.clipboard == "https://myaccount.google.com/security", "the address"
        )
        await c.type("icloud pop nao ha")
        await c.until(lambda: "F8" not in c.text, "no address, no key")


def register(store: Store, actor: Actor, company: CompanyView, **given: object) -> None:
    values = {
        "function": Function.SEND,
        "nickname": "Notas",
        "sender_name": "Padaria",
        "password": "segredo",
        "host": "localhost",
        "security": "none",
        **given,
    }
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, MailboxDraft(**values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("email", "reply", "short", "whole"),
    [
        (
            "ana@gmail.com",
            "534 5.7.9 Application-specific password required.",
            "Gmail: senha de app",
            "apppasswords",
        ),
        (
            "ana@hotmail.com",
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            "Microsoft: vincular a conta",
            "Ao vincular",
        ),
        (
            "ana@yahoo.com",
            "535 5.7.0 (#AUTH005) Too many bad auth attempts.",
            "Yahoo: senha de app",
            "Conexões externas",
        ),
    ],
)
async def test_the_failure_brings_its_cure(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    email: str,
    reply: str,
    short: str,
    whole: str,
) -> None:
    """R19, R51: in short under the failed step, by F7 whole, and the field to mend on return."""
    async with ScriptedSmtp({"AUTH": reply}) as server:
        register(store, actor, company, email=email, host="127.0.0.1", port=server.port)
        async with console((80, 24)) as c:
            await c.mailboxes()
            await c.shows(email)
            await c.press("e")
            await c.in_front("MailboxForm")
            await c.press("f5")
            await c.shows(short, "F7 mostra a orientação inteira", "O teste parou aqui.")
            assert "Destinatário aceito" not in c.text
            await c.press("f7")
            await c.in_front("GuidanceDialog")
            await c.shows(whole)
            await c.press("escape")
            await c.until(lambda: c.dialog == "EmailTest", "the test")
            await c.press("escape")
            await c.in_front("MailboxForm")
            form = c.app.screen.form  # type: ignore[attr-defined]
            await c.until(
                lambda: c.app.screen.focused is form._rows["password"].control, "the field"
            )


async def test_pop_refused_for_the_password(
    console: Opened, store: Store, actor: Actor, company: CompanyView, dovecot: Dovecot
) -> None:
    """R51: a real POP server refuses the normal password of a Gmail address."""
    dovecot.add_user("guia@gmail.com", "certa")
    with store.writing() as session:
        mailboxes.add(
            session,
            actor,
            company.id,
            MailboxDraft(
                function=Function.READ,
                nickname="Entrada",
                sender_name="",
                email="guia@gmail.com",
                password="errada",
                host="localhost",
                port=dovecot.port,
                security="starttls",
                verify_certificate=False,
            ),
        )
    async with console((80, 24)) as c:
        await c.mailboxes(Function.READ)
        await c.shows("guia@gmail.com")
        await c.press("t")
        await c.shows("Gmail: senha de app", "O teste parou aqui.")


async def test_what_no_guidance_cures_brings_none(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R51: a refused recipient is no matter of passwords; F7 still leads to the provider's."""
    async with ScriptedSmtp({"RCPT": "550 5.1.1 no such user"}) as server:
        register(store, actor, company, email="a@yahoo.com", host="127.0.0.1", port=server.port)
        async with console((80, 24)) as c:
            await c.mailboxes()
            await c.shows("a@yahoo.com")
            await c.press("t")
            await c.shows("O teste parou aqui.")
            assert "F7 mostra a orientação" not in c.text
            await c.press("f7")
            await c.in_front("GuidanceDialog")
            await c.shows("Conexões externas")
