"""The first user, the others, and who somebody is."""

from __future__ import annotations

from typing import Any

import pytest

from services.errors import Conflict, InvalidFields, NotAllowed, NotFound, Refused
from services.office import Office
from services.registry import access, audit, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.people import UserDraft


def test_init_maps_the_account_that_runs_it(office: Office, actor: Actor) -> None:
    """R54: the first user is whoever ran ``init``; a second ``init`` is refused."""
    found = office.ask_now(access.identify, nickname=None, owns_state=False)
    assert (found.nickname, found.is_partner) == ("ana", True)
    with pytest.raises(Conflict):
        office.do_now(people.initialise, partner="P", partner_key="K", nickname="eva", email=None)


def test_init_checks_its_values(office: Office) -> None:
    """All errors at once, each with its field."""
    with pytest.raises(InvalidFields) as refusal:
        office.do_now(
            people.initialise, partner="", partner_key="a\nb", nickname=" ", email="nobody"
        )
    assert {e.field for e in refusal.value.errors} == {
        "partner",
        "partner_key",
        "nickname",
        "email",
    }
    assert not office.ask_now(access.has_partner)


def test_named_user_only_for_the_owner_of_the_state(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R54: ``--user`` is honoured for the account that owns the state folder, and no other."""
    office.do_now(people.add_user, actor, UserDraft("rui", "Rui", None, "company", (company.cnpj,)))
    rui = office.ask_now(access.identify, nickname="RUI", owns_state=True)
    assert (rui.is_partner, rui.company_ids) == (False, frozenset({company.id}))
    with pytest.raises(NotAllowed):
        office.ask_now(access.identify, nickname="rui", owns_state=False)
    with pytest.raises(NotAllowed):
        office.ask_now(access.identify, nickname="nobody", owns_state=True)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("nickname", {"nickname": ""}),
        ("name", {"name": "a\x07"}),
        ("email", {"email": "x"}),
        ("role", {"role": "king"}),
        ("companies", {"companies": ()}),
        ("companies", {"companies": ("11222333000182",)}),
        ("companies", {"companies": ("12ABC34501DE35",)}),
        ("companies", {"role": "partner"}),
        ("os_account", {"os_account": "a" * 65}),
    ],
)
def test_bad_value_names_its_field(
    office: Office, actor: Actor, company: CompanyView, field: str, changes: Any
) -> None:
    """Nothing is saved and the error says which field."""
    values: dict[str, Any] = {
        "nickname": "rui",
        "name": "Rui",
        "email": None,
        "role": "company",
        "companies": (company.cnpj,),
    }
    with pytest.raises(InvalidFields) as refusal:
        office.do_now(people.add_user, actor, UserDraft(**values | changes))
    assert refusal.value.field == field
    assert len(office.ask_now(people.list_users, actor)) == 1


def test_nickname_and_account_are_unique(office: Office, actor: Actor) -> None:
    """A nickname in another case is the same nickname."""
    with pytest.raises(Conflict) as refusal:
        office.do_now(people.add_user, actor, UserDraft("ANA", "A", None, "partner"))
    assert refusal.value.field == "nickname"
    with pytest.raises(Conflict) as refusal:
        office.do_now(
            people.add_user,
            actor,
            UserDraft("eva", "E", None, "partner", os_account=actor.os_account),
        )
    assert refusal.value.field == "os_account"


def test_only_the_partner_has_users(office: Office, actor: Actor, company: CompanyView) -> None:
    """R53: company users neither see nor make users, nor see others' audit trail."""
    office.do_now(people.add_user, actor, UserDraft("rui", "Rui", None, "company", (company.cnpj,)))
    rui = office.ask_now(access.identify, nickname="rui", owns_state=True)
    with pytest.raises(NotAllowed):
        office.ask_now(people.list_users, rui)
    with pytest.raises(NotAllowed):
        office.do_now(people.add_user, rui, UserDraft("x", "X", None, "partner"))
    assert {entry.entity for entry in office.ask_now(audit.entries, rui)} == {"company"}


def test_removal(office: Office, actor: Actor) -> None:
    """A partner user is always left, and the removal is on record (R55)."""
    office.do_now(people.add_user, actor, UserDraft("eva", "Eva", None, "partner"))
    office.do_now(people.remove_user, actor, "eva")
    assert [u.nickname for u in office.ask_now(people.list_users, actor)] == ["ana"]
    assert office.ask_now(audit.entries, actor)[0].action == "remove"
    with pytest.raises(Refused):
        office.do_now(people.remove_user, actor, "ana")
    with pytest.raises(NotFound):
        office.do_now(people.remove_user, actor, "eva")
