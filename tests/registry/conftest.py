"""What several tests of the registry begin with."""

from __future__ import annotations

import pytest

from services.office import Office
from services.registry import companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from tests.registry.branch import Family
from tests.registry.branch import family as make
from tests.registry.partner_servers import LOJA, people_actor


@pytest.fixture
def family(office: Office, actor: Actor, company: CompanyView) -> Family:
    """A headquarters with a branch, and a user who sees the branch only."""
    return make(office, actor, company)


@pytest.fixture
def shop(office: Office, actor: Actor) -> CompanyView:
    """Another company of the partner, without Document Import."""
    return office.do_now(companies.add, actor, CompanyDraft(LOJA, "Loja", "Loja Ltda"))


@pytest.fixture
def rui(office: Office, actor: Actor, company: CompanyView) -> Actor:
    """A user of the first company."""
    office.do_now(
        people.add_user,
        actor,
        people.UserDraft("José Rui", "Rui", None, "company", (company.cnpj,)),
    )
    return office.ask_now(people_actor, "José Rui")
