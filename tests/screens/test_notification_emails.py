"""E-mails para Notificações by key presses: who is told of what, and who would be (R23–R30)."""

from __future__ import annotations

import pytest

from services.notifications import addresses, subscriptions
from services.notifications.addresses import AddressView
from services.office import Office
from services.registry import companies, mailboxes, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.registry.people import UserDraft
from services.store.engine import Store
from services.store.models import Company, Role
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_company

OWNER = "dono@padaria.example"
TAX = "fiscal@contabil.example"
FAILURES = frozenset({"sending_failed", "mailbox_inactivated"})
SENDING = MailboxDraft(
    "send", "nfe", "Padaria", "nfe@padaria.example", host="127.0.0.1", port=25,
    security="none", authenticate=False,
)  # fmt: skip


@pytest.fixture
def tax(store: Store, actor: Actor, company: CompanyView) -> AddressView:
    """An address that is told of two types of the company."""
    with store.writing() as session:
        made = addresses.add(session, actor, email=TAX)
        subscriptions.set_types(session, actor, made.id, {company.id: FAILURES})
    return made


@pytest.fixture
def sending(store: Store, actor: Actor, company: CompanyView) -> None:
    """The company can send."""
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, SENDING)


async def opened(c: Console, *words: str) -> None:
    """From the first screen to the list."""
    await c.at_home()
    await c.press("3")
    await c.in_front("NotificationEmailsScreen")
    await c.shows(*words)


def listed(store: Store, actor: Actor) -> dict[str, AddressView]:
    with store.reading() as session:
        return {each.email: each for each in addresses.list_addresses(session, actor)}


def types_of(store: Store, actor: Actor, view: AddressView) -> dict[int, frozenset[str]]:
    with store.reading() as session:
        return subscriptions.matrix(session, actor, view.id).types


async def test_a_new_address_goes_on_to_its_companies_and_types(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R24, R25: the empty list says what to do; saved, companies and types come by themselves."""
    async with console((80, 24)) as c:
        await opened(c, "Tecle n para cadastrar o primeiro")
        await c.press("n")
        await c.in_front("AddressForm")
        await c.type("fiscal@")
        await c.press("f2")
        await c.shows("▲")
        assert c.dialog == "AddressForm"
        await c.type("contabil.example")
        await c.press("f2")
        await c.in_front("ManyChoice")
        await c.shows(f"Vincular Empresas · {TAX}", company.nickname)
        await c.press("down", "space", "f2")
        await c.in_front("TypeMatrix")
        await c.shows(f"{company.nickname}: não recebe")
        await c.press("t", "f2")
        await c.in_front("NotificationEmailsScreen")
        await c.shows(TAX, "13")
    view = listed(store, actor)[TAX]
    assert (view.companies, view.types_count) == ((company.cnpj,), 13)


async def test_the_address_of_a_user(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R24: only users with an address are offered; it follows the user's."""
    with store.writing() as session:
        for nickname, email in (("rui", "rui@contabil.example"), ("sem", None)):
            people.add_user(session, actor, UserDraft(nickname, "Nome", email, Role.PARTNER))
    async with console((80, 24)) as c:
        await opened(c, "Tecle n")
        await c.press("n")
        await c.in_front("AddressForm")
        await c.press("shift+tab", "right")
        await c.in_front("ChooseUser")
        await c.shows("rui@contabil.example")
        assert "sem " not in c.text
        await c.type("rui")
        await c.press("enter")
        await c.in_front("AddressForm")
        await c.shows("rui: rui@contabil.example")
        await c.press("f2")
        await c.in_front("ManyChoice")
        await c.press("escape")
        await c.in_front("NotificationEmailsScreen")
        await c.shows("rui@contabil.example")
    assert listed(store, actor)["rui@contabil.example"].user == "rui"


async def test_the_same_address_twice_is_refused(
    console: Opened, store: Store, actor: Actor, tax: AddressView
) -> None:
    """R24: the form says which one there is, and nothing typed is lost."""
    async with console((80, 24)) as c:
        await opened(c, TAX)
        await c.press("n")
        await c.in_front("AddressForm")
        await c.type(TAX.upper())
        await c.press("f2")
        await c.shows("já está na lista", f"(nº {tax.id})")
        await c.press("escape")
        await c.in_front("Confirm")
        await c.agree()
        await c.in_front("NotificationEmailsScreen")
    assert list(listed(store, actor)) == [TAX]


async def test_an_address_is_changed_and_keeps_its_types(
    console: Opened, store: Store, office: Office, actor: Actor, tax: AddressView
) -> None:
    """R23: another address in its place; what another person saved meanwhile is shown first."""
    async with console((80, 24)) as c:
        await opened(c, TAX)
        await c.press("enter")
        await c.in_front("AddressForm")
        await c.type("contas@contabil.example")
        office.do_now(addresses.edit, actor, tax.id, "outro@contabil.example")
        await c.press("f2")
        await c.shows("outro@contabil.example", "alterou este cadastro")
        await c.press("f2")
        await c.in_front("NotificationEmailsScreen")
        await c.shows("contas@contabil.example")
    view = listed(store, actor)["contas@contabil.example"]
    assert (view.id, view.types_count) == (tax.id, 2)


async def test_deleting_says_what_stops(
    console: Opened, store: Store, actor: Actor, tax: AddressView
) -> None:
    """R23: how many companies and types stop; "no" comes first and keeps it."""
    async with console((80, 24)) as c:
        await opened(c, TAX)
        await c.press("x")
        await c.in_front("Confirm")
        await c.shows(TAX, "Deixa de receber 2 tipos de notificação, de 1 empresa.")
        await c.press("enter")
        await c.in_front("NotificationEmailsScreen")
        assert TAX in listed(store, actor)
        await c.press("x")
        await c.in_front("Confirm")
        await c.agree()
        await c.shows("Tecle n para cadastrar o primeiro")
    assert listed(store, actor) == {}


async def test_the_list_is_live_and_filtered(
    console: Opened, store: Store, office: Office, actor: Actor, tax: AddressView
) -> None:
    """R23: what another process adds shows by itself; a company's nickname finds its addresses."""
    async with console((80, 24)) as c:
        await opened(c, TAX)
        office.do_now(addresses.add, actor, email="rh@mercado.example")
        await c.shows("rh@mercado.example")
        await c.press("slash", *"padaria")
        await c.until(lambda: "rh@mercado" not in c.text, "the filtered list")
        await c.shows(TAX, "1 de 2")


async def test_unlinking_a_company_ends_its_types(
    console: Opened, store: Store, actor: Actor, company: CompanyView, tax: AddressView
) -> None:
    """R25: one company goes with its types, another comes without any."""
    market = add_company(store, actor, "Mercado", 1)
    async with console((80, 24)) as c:
        await opened(c, TAX)
        await c.press("v")
        await c.in_front("ManyChoice")
        await c.shows("1 vinculada", "Mercado")
        await c.press("down", "space", "space")
        await c.shows("1 a vincular · 1 a desvincular")
        await c.press("f2")
        await c.in_front("NotificationEmailsScreen")
    assert types_of(store, actor, tax) == {market.id: frozenset()}


async def test_who_receives(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    tax: AddressView,
    sending: None,
) -> None:
    """R26, R28, R30, R32: each recipient and why, the invalid one, by which mailbox, live."""
    with store.writing() as session:
        # From before addresses were checked.
        session.get_one(Company, company.id).notification_email = f"{OWNER}; torto@"
    async with console((80, 24)) as c:
        await opened(c, TAX)
        await c.press("d")
        await c.in_front("WhoReceives")
        await c.shows(
            "Caixa de e-mail inativada",
            "Recebem 2 endereços",
            OWNER,
            "dados da empresa",
            "inscrito em E-mails para Notificações",
            "torto@: ",
            "1. nfe@padaria.example",
            "Nada é enviado.",
        )
        await c.press("right")
        await c.shows("Caixa de e-mail recuperada", "Recebe 1 endereço:")
        assert TAX not in "\n".join(c.lines[3:-1])
        with store.writing() as session:
            mailboxes.edit(
                session, actor, mailboxes.list_of(session, actor, company.id)[0].id,
                {"active": False},
            )  # fmt: skip
        await c.shows("▲ Nenhum e-mail sairia: a empresa não tem caixa de envio ativa")


async def test_gaps_lead_to_who_receives(
    console: Opened, store: Store, actor: Actor, company: CompanyView, tax: AddressView
) -> None:
    """R28, R30: which types nobody receives, why nothing leaves; filled, the company goes."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": ""})
    async with console((80, 24)) as c:
        await opened(c, TAX)
        await c.press("l")
        await c.in_front("Coverage")
        await c.shows(
            company.nickname, "▲ não sai", "Nenhum e-mail sai: a empresa não tem caixa de envio",
            "Ninguém recebe: Caixa de e-mail recuperada",
        )  # fmt: skip
        await c.press("enter")
        await c.in_front("WhoReceives")
        await c.shows("Caixa de e-mail recuperada", "Nenhum e-mail sairia: ninguém recebe")
        await c.press("escape")
        await c.in_front("Coverage")
        with store.writing() as session:
            companies.edit(session, actor, company.id, {"notification_email": OWNER})
            mailboxes.add(session, actor, company.id, SENDING)
        await c.shows("Nada falta")
