"""InvoiCy Mail do parceiro and the company's line about it, by key presses."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.office import Office
from services.registry import companies, relay
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.models import Role, User, UserCompany
from tests.screens.conftest import Console, Opened
from tests.servers.sink import Sink

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


async def open_form(c: Console) -> None:
    """The dialog over the first screen."""
    await c.at_home()
    await c.press("p")
    await c.in_front("PartnerForm")


async def closed(c: Console) -> None:
    """The dialog is gone."""
    await c.until(lambda: c.dialog == "HomeScreen", "the first screen")


@SIZES
async def test_the_relay_is_configured_tested_and_saved(
    console: Opened,
    size: tuple[int, int],
    office: Office,
    actor: Actor,
    company: CompanyView,
    sink: Sink,
) -> None:
    """R14, R19: what waits is said; F5 tests the values on the screen, F2 saves them."""
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    async with console(size) as c:
        await open_form(c)
        await c.shows("esperam na fila", "1 empresa com o InvoiCy Mail ativo")
        await c.fill("127.0.0.1")
        await c.press("tab", "tab", "right")
        await c.shows("‹ sem ›")
        await c.press("up")
        await c.press(*["backspace"] * 3)
        await c.type(str(sink.port))
        await c.press("tab", "tab", "tab", "tab")
        await c.type("nf@contabil.example")
        await c.press("f5")
        await c.in_front("EmailTest")
        await c.shows("E-mail de teste enviado", "Tudo certo")
        await c.press("escape")
        await c.in_front("PartnerForm")
        assert office.ask_now(relay.view, actor).relay is None
        await c.press("f2")
        await closed(c)
    made = office.ask_now(relay.view, actor)
    assert made.relay is not None
    assert (made.relay.email, made.relay.port) == ("nf@contabil.example", sink.port)
    assert made.why_waits is None
    assert sink.wait_for(1)[0].recipients == ("nf@contabil.example",)


async def test_every_refusal_stands_beside_its_field(console: Opened, actor: Actor) -> None:
    """R14: all at once, nothing typed is lost."""
    async with console((80, 24)) as c:
        await open_form(c)
        await c.fill("smtp.contabil.example")
        await c.press("tab", "tab", "tab")
        await c.type("relay")
        await c.press("f2")
        await c.shows("▲ Preenchimento obrigatório", "informe o endereço que", "smtp.contabil")


async def test_only_the_switch_for_new_companies(
    console: Opened, office: Office, actor: Actor
) -> None:
    """R14: it can be turned before there is a relay, and says what waits."""
    async with console((80, 24)) as c:
        await open_form(c)
        await c.press(*["tab"] * 7, "space", "f2")
        await closed(c)
        assert office.ask_now(relay.view, actor).auto_invoicy_mail
        await c.press("p")
        await c.shows("O relay não está configurado")


async def test_a_test_that_fails_leads_to_the_field(console: Opened, actor: Actor) -> None:
    """R19: the field to mend has the focus on return."""
    async with console((100, 30)) as c:
        await open_form(c)
        await c.fill("127.0.0.1", "1")
        await c.press("tab", "right", "tab", "tab", "tab")
        await c.type("nf@contabil.example")
        await c.press("f5")
        await c.in_front("EmailTest")
        await c.shows("O teste parou aqui")
        await c.press("escape")
        await c.in_front("PartnerForm")
        await c.press(*["backspace"] * 3, *"2525")
        await c.shows("2525")


async def test_limits_of_the_relay(console: Opened, office: Office, actor: Actor) -> None:
    """R14, R34: folded, empty for the provider's; what is wrong unfolds them."""
    office.do_now(
        relay.set_relay, actor, {"host": "um.example", "security": "none", "email": "a@um.example"}
    )
    async with console((80, 24)) as c:
        await open_form(c)
        await c.press("f4")
        await c.press("tab", "tab", "tab")
        await c.type("-7")
        await c.press("f4", "f2")
        await c.shows("E-mails/minuto")
        await c.press(*["backspace"] * 2, "7", "f2")
        await closed(c)
    now = office.ask_now(relay.view, actor)
    assert now.relay is not None
    assert (now.relay.most_per_minute, now.relay.most_per_day) == (7, None)


async def test_what_another_saved_meanwhile(console: Opened, office: Office, actor: Actor) -> None:
    """Theirs is shown, what was typed is kept, and a second save puts it in."""
    office.do_now(
        relay.set_relay, actor, {"host": "um.example", "security": "none", "email": "a@um.example"}
    )
    async with console((100, 30)) as c:
        await open_form(c)
        await c.press(*["backspace"] * 10)
        await c.type("dois.example")
        office.do_now(relay.set_auto, actor, True)
        await c.press("f2")
        await c.shows("ana alterou", "Ativar em empresas novas: Sim")
        await c.press("f2")
        await closed(c)
    now = office.ask_now(relay.view, actor)
    assert now.auto_invoicy_mail
    assert now.relay is not None
    assert now.relay.host == "dois.example"


async def test_removing_it(
    console: Opened, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R14: refused with the reason while a company has it on; otherwise after a question."""
    office.do_now(
        relay.set_relay, actor, {"host": "um.example", "security": "none", "email": "a@um.example"}
    )
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    async with console((80, 24)) as c:
        await open_form(c)
        await c.press("f8")
        await c.in_front("Confirm")
        await c.agree()
        await c.shows("Há 1 empresa com o InvoiCy Mail ativo")
        office.do_now(companies.edit, actor, company.id, {"invoicy_mail": False})
        await c.press("f8")
        await c.in_front("Confirm")
        await c.agree()
        await closed(c)
    assert office.ask_now(relay.view, actor).relay is None


async def test_not_for_company_users(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R53: neither the key nor the palette has it."""
    with store.writing() as session:
        session.execute(update(User).values(role=Role.COMPANY))
        session.add(UserCompany(user_id=actor.user_id, company_id=company.id))
    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("p")
        await c.pilot.pause()
        assert c.dialog == "HomeScreen"
        await c.press("question_mark")
        await c.shows("Ajuda")
        assert "InvoiCy Mail do parceiro" not in c.text


async def test_a_new_company_begins_as_the_partner_has_set_it(
    console: Opened, office: Office, actor: Actor
) -> None:
    """R14: automatically on; while there is no relay the form says what that means."""
    office.do_now(relay.set_auto, actor, True)
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("4", "n")
        await c.in_front("CompanyForm")
        await c.shows("O relay não está configurado")
        await c.fill("11222333000181", "Padaria", "Padaria Ltda")
        await c.press("f2")
        await c.until(lambda: c.dialog == "CompaniesScreen", "the list")
        made = office.ask_now(companies.by_cnpj, actor, "11222333000181")
        assert made.invoicy_mail
        await c.press("m")
        await c.in_front("ManyCompanies")
        await c.shows("InvoiCy Mail fica ativa em 1 empresa", "O relay não está configurado")
