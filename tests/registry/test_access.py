"""What a console that stays open may do when its user has changed meanwhile (R53)."""

from __future__ import annotations

import pytest

from services.errors import NotAllowed, NotFound
from services.office import Office
from services.registry import access, audit, companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.people import UserDraft, UserView


@pytest.fixture
def shop(office: Office, actor: Actor) -> CompanyView:
    """A second company."""
    return office.do_now(companies.add, actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda"))


@pytest.fixture
def user(office: Office, actor: Actor, company: CompanyView) -> UserView:
    """A user of the first company."""
    draft = UserDraft("rui", "Rui", None, "company", (company.cnpj,))
    return office.do_now(people.add_user, actor, draft)


@pytest.fixture
def rui(office: Office, user: UserView) -> Actor:
    """The user as an open console has it."""
    return office.ask_now(access.identify, nickname="rui", owns_state=True)


def test_companies_come_and_go_at_once(
    office: Office,
    actor: Actor,
    company: CompanyView,
    shop: CompanyView,
    user: UserView,
    rui: Actor,
) -> None:
    """Granted and revoked while the console is open."""
    office.do_now(people.grant, actor, user.id, [shop.id])
    assert set(office.ask_now(companies.ids, rui)) == {company.id, shop.id}
    office.do_now(people.revoke, actor, user.id, [company.id])
    assert list(office.ask_now(companies.ids, rui)) == [shop.id]
    with pytest.raises(NotFound):
        office.ask_now(companies.view, rui, company.id)


def test_role_is_the_present_one(
    office: Office, actor: Actor, company: CompanyView, user: UserView, rui: Actor
) -> None:
    """Who becomes a partner user may at once what it may, and not a moment longer than that."""
    office.do_now(people.edit_user, actor, user.id, {"role": "partner", "nickname": "rui.lima"})
    office.do_now(companies.edit, rui, company.id, {"nickname": "Nova"})
    assert office.ask_now(audit.entries, rui)[0].user == "rui.lima"
    back = {"role": "company", "companies": (company.cnpj,)}
    office.do_now(people.edit_user, actor, user.id, back)
    with pytest.raises(NotAllowed):
        office.do_now(companies.edit, rui, company.id, {"nickname": "Outra"})


def test_inactive_or_gone(office: Office, actor: Actor, user: UserView, rui: Actor) -> None:
    """Nothing is shown or done any more, and the reason is told."""
    office.do_now(people.edit_user, actor, user.id, {"active": False})
    with pytest.raises(NotAllowed, match="Contábil Sul"):
        office.ask_now(companies.ids, rui)
    office.do_now(people.edit_user, actor, user.id, {"active": True})
    assert office.ask_now(companies.ids, rui)
    office.do_now(people.remove_user, actor, "rui")
    with pytest.raises(NotAllowed, match="rui"):
        office.ask_now(companies.ids, rui)
