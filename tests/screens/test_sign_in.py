"""*Vincular conta Microsoft* by key presses, against a fake of Microsoft's identity provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from services.failure import Failure, Stage
from services.health import signing_in
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from services.store.models import Function
from services.store.models import SignIn as Kept
from services.wire.entra import DeviceCode, SignedIn
from tests.screens.conftest import Opened
from tests.screens.microsoft_form import (
    EMAIL,
    OTHER,
    SIZES,
    address,
    at_the_fake,
    code,
    draft,
    form,
    inactivate,
    paste,
    saved,
    signed_in,
)
from tests.servers.entra import Entra
from tests.signed_in import register


@pytest.fixture
def settings(home: Path, database_url: str, entra: Entra) -> Settings:
    """The program signs people in at the fake."""
    return at_the_fake(home, database_url, entra)


@pytest.mark.parametrize("size", SIZES)
async def test_a_code_links_a_mailbox(
    console: Opened, store: Store, company: CompanyView, entra: Entra, size: tuple[int, int]
) -> None:
    """R4, R44: address, code and time left; who signs in becomes the mailbox, and the test opens."""
    async with console(size) as c:
        await form(c)
        await c.press("f2")
        told = await code(entra, c)
        await c.shows("microsoft.com/devicelogin", f"Entre como {EMAIL}", "vale por mais 14:")
        assert "█▀▀▀▀▀█" in c.text, "the QR code"
        await c.press("c")
        await c.told(told)
        assert c.app.clipboard == told
        assert saved(store) == []
        entra.approve(told, EMAIL)
        await c.in_front("EmailTest")
        (server,) = saved(store)
        assert (server.email, server.account, server.mechanism, server.tenant) == (
            EMAIL, EMAIL, "xoauth2", "organizations",
        )  # fmt: skip
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.shows(EMAIL)
        assert signed_in(store) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_an_address_is_the_second_way(
    console: Opened, store: Store, company: CompanyView, entra: Entra, size: tuple[int, int]
) -> None:
    """R44: the address is shown and copied whole; what is no return address is refused in words."""
    async with console(size) as c:
        await form(c)
        await c.press("f2")
        told = await code(entra, c)
        await c.press("e")
        await c.shows("localhost que não abre", "Esperando o endereço colado")
        assert told not in c.text
        await c.press("f8")
        assert c.app.clipboard == address(c)
        await paste(c, "https://padaria.example/?x=1")
        await c.press("enter")
        await c.shows("cole o endereço inteiro")
        assert saved(store) == []
        await paste(c, entra.code_for(address(c), EMAIL))
        await c.press("enter")
        await c.in_front("EmailTest")
        assert [server.account for server in saved(store)] == [EMAIL]


async def test_esc_cancels_at_once(
    console: Opened, store: Store, company: CompanyView, entra: Entra
) -> None:
    """R44: no question, what was typed is still there, and a code used afterwards saves nothing."""
    async with console((80, 24)) as c:
        await form(c)
        await c.press("f2")
        told = await code(entra, c)
        await c.press("escape")
        await c.in_front("MicrosoftForm")
        entra.approve(told, EMAIL)
        await c.shows(EMAIL)
        await c.press("f2")
        await code(entra, c)
        assert (saved(store), signed_in(store)) == ([], 0)


async def test_another_person_is_refused(
    console: Opened, store: Store, company: CompanyView, entra: Entra
) -> None:
    """R44: whoever signed in must be the mailbox: it says who it was, and how to go on."""
    async with console((80, 24)) as c:
        await form(c)
        await c.press("f2")
        entra.approve(await code(entra, c), OTHER)
        await c.shows(f"Quem entrou foi {OTHER}", "nada foi", "Novo código")
        assert (saved(store), signed_in(store)) == ([], 0)
        await c.press("escape")
        await c.in_front("MicrosoftForm")
        await c.shows(f"▲ Quem entrou foi {OTHER}")
        await c.press("f2")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
        assert [server.account for server in saved(store)] == [EMAIL]


@pytest.mark.parametrize(
    ("ends", "words"),
    [(Entra.decline, "A entrada foi recusada"), (Entra.expire, "O código venceu")],
)
async def test_a_code_that_ends_is_said(
    console: Opened,
    store: Store,
    company: CompanyView,
    entra: Entra,
    ends: Callable[[Entra, str], None],
    words: str,
) -> None:
    """R44: refused on Microsoft's page or left until it expired; n brings another."""
    async with console((80, 24)) as c:
        await form(c)
        await c.press("f2")
        told = await code(entra, c)
        ends(entra, told)
        await c.shows(words, "n Novo código")
        assert told not in c.text
        await c.press("n")
        assert await code(entra, c) != told
        assert saved(store) == []


async def test_where_codes_are_blocked_the_other_way_is_offered(
    console: Opened, store: Store, company: CompanyView, entra: Entra
) -> None:
    """R44: a code that is refused at the start: Microsoft's words, and the key of the second way."""
    entra.refuse_start(53003, "access_denied")
    async with console((80, 24)) as c:
        await form(c)
        await c.press("f2")
        await c.shows("AADSTS53003", "Tecle e para entrar por endereço")
        await c.press("e")
        await c.shows("Esperando o endereço colado")
        await paste(c, entra.code_for(address(c), EMAIL))
        await c.press("f2")
        await c.in_front("EmailTest")
        assert [server.account for server in saved(store)] == [EMAIL]


async def test_a_network_that_fails_is_shown(
    console: Opened, company: CompanyView, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R44: while the network is away it says so and goes on waiting, and then no longer."""
    calls: list[Callable[[Failure | None], None]] = []

    async def wait(
        settings: Settings, asked: DeviceCode, on_trouble: Callable[[Failure | None], None]
    ) -> SignedIn:
        calls.append(on_trouble)
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(signing_in, "wait", wait)
    async with console((120, 40)) as c:
        await form(c)
        await c.press("f2")
        await code(entra, c)
        calls[0](Failure("login.example", Stage.SIGN_IN, "network", explanation="Sem rede."))
        await c.shows("a espera continua", "Sem rede.")
        calls[0](None)
        await c.until(lambda: "Sem rede." not in c.text, "the end of the trouble")
        await c.shows("Esperando a entrada")


@pytest.mark.parametrize(
    ("size", "environment"),
    [((70, 24), {}), ((80, 22), {}), ((80, 24), {"NO_COLOR": "1"}), ((80, 24), {"TERM": "vt100"})],
)
async def test_no_qr_code_where_it_could_not_be_scanned(
    console: Opened,
    company: CompanyView,
    entra: Entra,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    environment: dict[str, str],
) -> None:
    """R44: without room for its quiet zone, colours or blocks there are address and code alone."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with console(size) as c:
        await form(c)
        await c.press("f2")
        await code(entra, c)
        await c.shows("microsoft.com/devicelogin")
        assert "█▀▀▀▀▀█" not in c.text


async def test_the_form_chooses_the_account_and_refuses_before_anybody_signs_in(
    console: Opened, store: Store, company: CompanyView, entra: Entra
) -> None:
    """R18, R44: personal or work by the address until it is changed; refusals at their fields."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("1")
        await c.in_front("MicrosoftForm")
        await c.type("ana@outlook.com")
        await c.shows("pessoal")
        await c.press("tab", "tab", "right", "right")
        await c.shows("uma organização", "Organização")
        await c.press("shift+tab", "shift+tab", "home", "x")
        await c.shows("uma organização")
        await c.press("tab", "tab", "tab")
        await c.type("não é")
        await c.press("f4")
        await c.shows("smtp.office365.com")
        await c.press("f2")
        await c.shows("▲ Conta: use personal, work ou o domínio")
        assert c.dialog == "MicrosoftForm"
        assert entra.requests == []


async def test_help_tells_of_the_field_and_of_the_two_ways(
    console: Opened, company: CompanyView, entra: Entra
) -> None:
    """R44: F1 explains a shared mailbox at its field; in the sign-in why localhost is right.

    Esc leaves what nobody typed without a question: Microsoft's servers come filled in.
    """
    async with console((120, 40)) as c:
        await c.mailboxes()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("1")
        await c.in_front("MicrosoftForm")
        await c.press("f4")
        await c.shows("smtp.office365.com")
        await c.press("f4", "f1")
        await c.in_front("HelpDialog")
        assert c.text.count("O endereço da caixa.") <= 1
        await c.press("escape")
        await c.in_front("MicrosoftForm")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("1")
        await c.in_front("MicrosoftForm")
        await c.type(EMAIL)
        await c.press("tab", "tab", "tab", "f1")
        await c.in_front("HelpDialog")
        await c.shows("Uma caixa compartilhada não tem senha", "Entrar na conta")
        await c.press("escape")
        await c.in_front("MicrosoftForm")
        await c.press("f2")
        await code(entra, c)
        await c.press("question_mark")
        await c.in_front("HelpDialog")
        await c.shows("localhost", "Isso é o esperado", "Copia o código")


async def test_reading_is_offered_while_document_import_is_on(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R3, R44: the kind is preset by the list; without the extension there is sending alone."""
    async with console((80, 24)) as c:
        await c.mailboxes(Function.READ)
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("1")
        await c.in_front("MicrosoftForm")
        await c.shows("‹ leitura ›")
        await c.press("tab", "right")
        await c.shows("‹ ambos ›")
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"document_import": False})
    async with console((80, 24)) as c:
        await form(c)
        await c.press("tab", "right")
        await c.shows("‹ envio ›")


async def test_a_server_of_the_partners_own(
    console: Opened, store: Store, actor: Actor, entra: Entra
) -> None:
    """R17, R44: n offers both ways; the account serves no company at first."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.shows("Vincular conta Microsoft", "Outro provedor")
        await c.press("1")
        await c.in_front("MicrosoftForm")
        await c.type(EMAIL)
        await c.press("f2")
        entra.approve(await code(entra, c), EMAIL)
        await c.in_front("EmailTest")
        await c.press("escape")
        await c.in_front("ServersScreen")
        await c.shows(f"▸ {EMAIL[:5]}")
    (server,) = saved(store)
    assert (server.kind, server.account) == ("both", EMAIL)


@pytest.mark.parametrize("size", SIZES)
async def test_the_agenda_of_sign_ins(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    entra: Entra,
    settings: Settings,
    size: tuple[int, int],
) -> None:
    """R44: renewed when, ends when, proven next when; what a code inactivated says so."""
    server_id = register(store, actor, company.id, entra, settings, draft())
    with store.reading() as session:
        kept = session.get_one(Kept, server_id)
        assert kept.renewed_at is not None
        ends = (kept.renewed_at + timedelta(days=90)).astimezone().strftime("%d/%m/%Y")
    async with console(size) as c:
        await c.at_home()
        await c.press("9")
        await c.in_front("HealthScreen")
        await c.press("v")
        await c.in_front("Agenda")
        await c.shows("nfe@pad", "em dia", ends)
        await asyncio.to_thread(inactivate, store, server_id)
        await c.shows("AADSTS700082")
