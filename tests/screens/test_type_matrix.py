"""Companies × types of one address by key presses (R25), and who would see whom (R30)."""

from __future__ import annotations

import time

import pytest

from services.notifications import addresses, subscriptions, types
from services.notifications.addresses import AddressView
from services.office import Office
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.models import Company
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_companies, add_company, company_ids

TAX = "fiscal@contabil.example"
FAILURES = frozenset({"sending_failed", "mailbox_inactivated"})
ALL = frozenset(types.types())
MANY = 5_000


@pytest.fixture
def tax(store: Store, actor: Actor, company: CompanyView) -> AddressView:
    """An address that is told of two types of the company."""
    with store.writing() as session:
        made = addresses.add(session, actor, email=TAX)
        subscriptions.set_types(session, actor, made.id, {company.id: FAILURES})
    return made


def received(store: Store, actor: Actor, view: AddressView) -> dict[int, frozenset[str]]:
    with store.reading() as session:
        return subscriptions.matrix(session, actor, view.id).types


async def opened(c: Console, *words: str) -> None:
    """From the first screen to the matrix of the first address."""
    await c.at_home()
    await c.press("3")
    await c.in_front("NotificationEmailsScreen")
    await c.shows("@")
    await c.press("y")
    await c.in_front("TypeMatrix")
    await c.shows(*words)


async def test_cells_rows_and_columns(
    console: Opened, store: Store, actor: Actor, company: CompanyView, tax: AddressView
) -> None:
    """R25: a cell, a whole row, a column of what the filter finds; the type in hand in full."""
    shops = [add_company(store, actor, f"Loja {n}", n) for n in range(1, 4)]
    with store.writing() as session:
        subscriptions.link(session, actor, tax.id, [shop.id for shop in shops])
    async with console((80, 24)) as c:
        await opened(c, "Ina Rec Env Lei", "Caixa de e-mail inativada · Loja 1: não recebe")
        await c.press("space")
        await c.shows("Loja 1: passa a receber", "1 a incluir")
        await c.press("right", "space", "space")
        await c.shows("Caixa de e-mail recuperada · Loja 1: não recebe", "1 a incluir")
        await c.press("down", "t")
        await c.shows(f"{1 + len(ALL)} a incluir")
        await c.press("end", "T")
        await c.shows("Padaria São João: não recebe", f"{1 + len(ALL)} a incluir · 2 a retirar")
        await c.press("slash", *"loja", "enter")
        await c.shows("3 de 4")
        await c.press("right", "right", "right", "A")
        await c.shows("Documento importado", f"{3 + len(ALL)} a incluir")
        await c.press("N", "A", "f2")
        await c.in_front("NotificationEmailsScreen")
        counts = ["4", str(len(ALL))]
        await c.until(lambda: any(row.split()[-2:] == counts for row in c.lines), "its counts")
    assert received(store, actor, tax) == {
        company.id: frozenset(),
        shops[0].id: {"mailbox_inactivated", "document_imported"},
        shops[1].id: ALL,
        shops[2].id: {"document_imported"},
    }


async def test_an_address_without_companies(console: Opened, store: Store, actor: Actor) -> None:
    """R25: the empty matrix says what comes first, and leaves without a question."""
    with store.writing() as session:
        addresses.add(session, actor, email=TAX)
    async with console((80, 24)) as c:
        await opened(c, "Nenhuma empresa vinculada")
        await c.press("space", "t", "A", "escape")
        await c.in_front("NotificationEmailsScreen")


async def test_strangers_would_see_each_other(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R30: whose address would stand beside whom, before anything is saved; "no" saves nothing."""
    market = add_company(store, actor, "Mercado", 1, notification_email="rh@mercado.example")
    with store.writing() as session:
        theirs = addresses.add(session, actor, email="rh@mercado.example")
        subscriptions.link(session, actor, theirs.id, [company.id, market.id])
    async with console((80, 24)) as c:
        await opened(c, "Mercado: não recebe")
        await c.press("A", "f2")
        await c.in_front("Confirm")
        await c.shows(
            "Mostrar endereços a pessoas de outras empresas?",
            "rh@mercado.example, de Mercado",
            "Padaria São João",
            "dono@padaria.example",
        )
        await c.press("enter")
        await c.in_front("TypeMatrix")
        await c.shows("2 a incluir")
        assert received(store, actor, theirs) == {company.id: frozenset(), market.id: frozenset()}
        await c.press("f2")
        await c.in_front("Confirm")
        await c.agree()
        await c.in_front("NotificationEmailsScreen")
    told = frozenset({"mailbox_inactivated"})
    assert received(store, actor, theirs) == {company.id: told, market.id: told}


async def test_ticks_are_not_lost(
    console: Opened, store: Store, office: Office, actor: Actor, company: CompanyView,
    tax: AddressView,
) -> None:  # fmt: skip
    """R25: another person's types follow under the own ticks; Esc asks before they go."""
    async with console((80, 24)) as c:
        await opened(c, "Padaria São João: recebe")
        await c.press("right", "space")
        await c.shows("1 a incluir")
        office.do_now(subscriptions.subscribe, actor, tax.id, company.id, ["report_ready"])
        await c.until(
            lambda: any("Padaria" in line and line.count("✓") == 3 for line in c.lines),
            "report_ready",
        )
        await c.shows("1 a incluir")
        await c.press("escape")
        await c.in_front("Confirm")
        await c.shows("1 a incluir", "O que foi marcado se perde.")
        await c.press("escape")
        await c.in_front("TypeMatrix")
        await c.press("f2")
        await c.in_front("NotificationEmailsScreen")
    assert received(store, actor, tax) == {
        company.id: FAILURES | {"report_ready", "mailbox_recovered"}
    }


async def test_more_types_than_there_is_room(
    console: Opened, store: Store, actor: Actor, company: CompanyView, tax: AddressView
) -> None:
    """R25, R29: a partner's own types move into view; the company's name stays."""
    with store.writing() as session:
        for n in range(1, 7):
            types.add_type(session, actor, f"proprio_{n}", title=f"{n}º aviso")
    async with console((80, 24)) as c:
        await opened(c, "Ina Rec", "Padaria São João: recebe")
        assert "6º" not in c.text
        await c.press(*["right"] * 18)
        await c.shows("6º", "6º aviso · Padaria São João: não recebe")
        assert "Ina " not in c.text
        assert any("▸ Padaria São João" in line for line in c.lines)
        await c.press("space", "f2")
        await c.in_front("NotificationEmailsScreen")
    assert received(store, actor, tax) == {company.id: FAILURES | {"proprio_6"}}


async def test_a_hostile_title_turns_nothing_round(
    console: Opened, store: Store, actor: Actor, company: CompanyView, tax: AddressView
) -> None:
    """R29: an override of the reading direction in a partner's own title is a dot everywhere."""
    with store.writing() as session:
        types.add_type(session, actor, "virado", title="\u202eodariv")
    async with console((120, 40)) as c:
        await opened(c, "Padaria São João: recebe", "·odar")
        await c.press("end", *["right"] * len(ALL))
        await c.shows("·odariv · Padaria São João: não recebe")
        assert "\u202e" not in c.text


async def test_five_thousand_companies(console: Opened, store: Store, actor: Actor) -> None:
    """R25: a column of all and the rest of one row; nobody waits for a key, and all are saved."""
    add_companies(store, actor, MANY)
    every = company_ids(store)
    with store.writing() as session:
        many = addresses.add(session, actor, email=TAX)
        subscriptions.link(session, actor, many.id, every)
    async with console((80, 24)) as c:
        await opened(c, "5.000", "Filial 00010: não recebe")
        began = time.monotonic()
        await c.press("A", "t")
        await c.shows(f"{MANY + len(ALL) - 1:,} a incluir".replace(",", "."))
        assert time.monotonic() - began < 2
        await c.press("end")
        await c.shows("Loja 04999: passa a receber")
        await c.press("f2")
        await c.until(lambda: c.dialog == "NotificationEmailsScreen", "the end", within=120)
    found = received(store, actor, many)
    assert set(found) == set(every)
    assert sum(map(len, found.values())) == MANY + len(ALL) - 1


def test_exposures_of_thousands_are_found_at_once(store: Store, actor: Actor) -> None:
    """R30: every company with an address of its own, all types; no statement for each."""
    add_companies(store, actor, MANY)
    every = company_ids(store)
    with store.writing() as session:
        first = session.get_one(Company, every[0])
        first.notification_email = "dono@loja.example"
        address = addresses.add(session, actor, email="dono@loja.example")
        other = addresses.add(session, actor, email=TAX)
        subscriptions.set_types(session, actor, other.id, {every[1]: ["general"]})
    began = time.monotonic()
    with store.reading() as session:
        seen = subscriptions.exposures(session, actor, address.id, dict.fromkeys(every, ALL))
    assert time.monotonic() - began < 10
    assert [(each.company, each.address, each.beside) for each in seen] == [
        ("Loja 00002", "dono@loja.example", (TAX,))
    ]
