"""The first user, the others, and who somebody is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from services.errors import Conflict, Invalid, InvalidFields, NotAllowed, NotFound, Refused
from services.office import Office
from services.registry import access, audit, companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.people import UserDraft, UserView
from tests.registry.waiting import until_it_waits


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
        ("os_account", {"os_account": "-rf"}),
        ("os_account", {"os_account": "a b"}),
        ("os_account", {"os_account": "a:b"}),
        ("nickname", {"nickname": "\u200b"}),
        ("active", {"active": "yes"}),
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
    with pytest.raises(NotAllowed):
        office.ask_now(audit.entries, rui)


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


def user(office: Office, actor: Actor, nickname: str, *cnpjs: str) -> UserView:
    role = "company" if cnpjs else "partner"
    return office.do_now(
        people.add_user, actor, UserDraft(nickname, nickname.title(), None, role, cnpjs)
    )


@pytest.fixture
def shop(office: Office, actor: Actor) -> CompanyView:
    """A second company."""
    return office.do_now(companies.add, actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda"))


def test_edited(office: Office, actor: Actor, company: CompanyView, shop: CompanyView) -> None:
    """What is named changes, with a new version and the difference on record (R55)."""
    rui = user(office, actor, "rui", company.cnpj)
    assert (rui.version, rui.companies_count) == (1, 1)
    changes = {"name": "Rui Lima", "companies": (shop.cnpj, company.cnpj), "os_account": "rlima"}
    after = office.do_now(people.edit_user, actor, rui.id, changes, version=1)
    assert after == office.ask_now(people.view, actor, rui.id)
    assert (after.name, after.version, after.companies) == (
        "Rui Lima",
        2,
        (company.cnpj, shop.cnpj),
    )
    entry = office.ask_now(audit.entries, actor)[0]
    assert entry.before == {"name": "Rui", "companies": [company.cnpj], "os_account": None}
    assert office.do_now(people.edit_user, actor, rui.id, changes).version == 2
    with pytest.raises(Conflict, match="ana"):
        office.do_now(people.edit_user, actor, rui.id, {"name": "X"}, version=1)
    with pytest.raises(Invalid) as refusal:
        office.do_now(people.edit_user, actor, rui.id, {"colour": "blue"})
    assert refusal.value.field == "colour"
    with pytest.raises(NotFound):
        office.do_now(people.edit_user, actor, 99, {"name": "X"})


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"nickname": "Ana"}, Conflict, "nickname"),
        ({"nickname": "ÁNA"}, Conflict, "nickname"),
        ({"nickname": " "}, InvalidFields, "nickname"),
        ({"companies": ()}, InvalidFields, "companies"),
        ({"role": "partner", "companies": ("11222333000181",)}, InvalidFields, "companies"),
        ({"os_account": "../x"}, InvalidFields, "os_account"),
        ({"email": "x"}, InvalidFields, "email"),
    ],
)
def test_edit_names_what_to_mend(
    office: Office, actor: Actor, company: CompanyView, changes: Any, error: Any, field: str
) -> None:
    """The rules are those of a new user; nothing is saved."""
    rui = user(office, actor, "rui", company.cnpj)
    with pytest.raises(error) as refusal:
        office.do_now(people.edit_user, actor, rui.id, {"name": "X", **changes})
    assert refusal.value.field == field
    assert office.ask_now(people.view, actor, rui.id) == rui


def test_account_of_another(office: Office, actor: Actor) -> None:
    """R54: an account is one person; the refusal says whose it is."""
    eva = user(office, actor, "eva")
    with pytest.raises(Conflict, match="ana") as refusal:
        office.do_now(people.edit_user, actor, eva.id, {"os_account": actor.os_account})
    assert refusal.value.field == "os_account"


def test_nobody_locks_himself_out(office: Office, actor: Actor, company: CompanyView) -> None:
    """Neither by state nor by role; name and account of one's own may change."""
    for changes, field in (
        ({"active": False}, "active"),
        ({"role": "company", "companies": (company.cnpj,)}, "role"),
    ):
        with pytest.raises(Refused) as refusal:
            office.do_now(people.edit_user, actor, actor.user_id, changes)
        assert refusal.value.field == field
    office.do_now(people.edit_user, actor, actor.user_id, {"name": "Ana Souza"})


def test_a_partner_user_is_left(office: Office, actor: Actor, company: CompanyView) -> None:
    """Two who shut each other out: the second is refused, whatever it does."""
    eva = user(office, actor, "eva")
    other = office.ask_now(access.identify, nickname="eva", owns_state=True)
    office.do_now(people.edit_user, actor, eva.id, {"active": False})
    with office.store.writing() as session:
        for shut_out in (
            lambda: people.edit_user(session, other, actor.user_id, {"active": False}),
            lambda: people.edit_user(
                session, other, actor.user_id, {"role": "company", "companies": (company.cnpj,)}
            ),
            lambda: people.remove_user(session, other, "ana"),
        ):
            with pytest.raises(Refused, match="ao menos um usuário ativo"):
                shut_out()
    with pytest.raises(NotAllowed):
        office.ask_now(access.identify, nickname="eva", owns_state=True)


def test_two_who_shut_each_other_out_at_once(office: Office, actor: Actor) -> None:
    """One of two sessions is refused."""
    eva = user(office, actor, "eva")
    other = office.ask_now(access.identify, nickname="eva", owns_state=True)
    refused: list[Exception] = []

    def shut_out(who: Actor, whom: int) -> None:
        try:
            office.do_now(people.edit_user, who, whom, {"active": False})
        except (Refused, NotAllowed) as e:
            refused.append(e)

    second = threading.Thread(target=shut_out, args=(other, actor.user_id))
    with office.store.writing() as session:
        people.edit_user(session, actor, eva.id, {"active": False})
        second.start()
        until_it_waits(office.store, second)
    second.join(60)
    assert len(refused) == 1


def test_role_decides_what_is_seen(office: Office, actor: Actor, company: CompanyView) -> None:
    """R53: who becomes a partner user sees all and keeps none; back again it needs a company."""
    rui = user(office, actor, "rui", company.cnpj)
    after = office.do_now(people.edit_user, actor, rui.id, {"role": "partner"})
    assert (after.companies, after.companies_count) == ((), 0)
    with pytest.raises(InvalidFields) as refusal:
        office.do_now(people.edit_user, actor, rui.id, {"role": "company"})
    assert refusal.value.field == "companies"
    back = {"role": "company", "companies": (company.cnpj,)}
    assert office.do_now(people.edit_user, actor, rui.id, back).companies == (company.cnpj,)


def test_listed_found_and_sorted(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R16 for people: accents and case do not matter; rows count companies without naming them."""
    ruth = user(office, actor, "Rúth", company.cnpj, shop.cnpj)
    abel = user(office, actor, "abel", shop.cnpj)
    office.do_now(people.edit_user, actor, abel.id, {"name": "Zé", "active": False})

    def found(**conditions: Any) -> list[str]:
        wanted = office.ask_now(people.ids, actor, **conditions)
        views = office.ask_now(people.rows, actor, wanted)
        return [views[each].nickname for each in wanted]

    assert found() == ["abel", "ana", "Rúth"]
    assert found(sort="name") == ["ana", "Rúth", "abel"]
    assert found(sort="name", descending=True) == ["abel", "Rúth", "ana"]
    assert found(filter="RUTH") == ["Rúth"]
    assert found(filter="ze") == ["abel"]
    assert found(active=True) == ["ana", "Rúth"]
    assert found(role="partner") == ["ana"]
    assert found(company_id=shop.id) == ["abel", "Rúth"]
    row = office.ask_now(people.rows, actor, [ruth.id])[ruth.id]
    assert (row.companies, row.companies_count) == ((), 2)
    assert office.ask_now(people.by_nickname, actor, "ruth") == ruth
    rui = office.ask_now(access.identify, nickname="ruth", owns_state=True)
    for ask in (
        lambda: office.ask_now(people.ids, rui),
        lambda: office.ask_now(people.rows, rui, [ruth.id]),
        lambda: office.ask_now(people.view, rui, ruth.id),
        lambda: office.do_now(people.edit_user, rui, ruth.id, {"role": "partner"}),
        lambda: office.do_now(people.grant, rui, ruth.id, [company.id]),
        lambda: office.do_now(people.revoke, rui, ruth.id, [company.id]),
    ):
        with pytest.raises(NotAllowed):
            ask()


def test_many_companies_granted_and_taken(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R53, R55: in pieces, audited; what is gone stops no other; the last one stays."""
    rui = user(office, actor, "rui", company.cnpj)
    done = office.do_now(people.grant, actor, rui.id, [company.id, shop.id, 99_999, shop.id])
    assert (done.changed, done.same, [each.company_id for each in done.refused]) == (1, 1, [99_999])
    after = office.ask_now(people.view, actor, rui.id)
    assert (after.companies, after.version) == ((company.cnpj, shop.cnpj), rui.version + 1)
    entry = office.ask_now(audit.entries, actor)[0]
    assert (entry.action, entry.after) == ("grant", {"companies": [shop.cnpj]})
    again = office.do_now(people.grant, actor, rui.id, [shop.id])
    assert (again.changed, again.same) == (0, 1)
    assert office.ask_now(people.view, actor, rui.id).version == after.version
    with pytest.raises(Refused, match="sem empresa"):
        office.do_now(people.revoke, actor, rui.id, [company.id, shop.id])
    assert office.do_now(people.revoke, actor, rui.id, [company.id, 99_999]).changed == 1
    assert office.ask_now(people.view, actor, rui.id).companies == (shop.cnpj,)
    with pytest.raises(Refused, match="todas"):
        office.do_now(people.grant, actor, actor.user_id, [shop.id])


def test_more_companies_than_a_statement_takes(
    office: Office, actor: Actor, company: CompanyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R53 holds for those who see thousands: the database is asked instead of told."""
    other = office.do_now(companies.add, actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja"))
    user(office, actor, "rui", company.cnpj)
    rui = office.ask_now(access.identify, nickname="rui", owns_state=True)
    monkeypatch.setattr(access, "_FEW", 0)
    assert list(office.ask_now(companies.ids, rui)) == [company.id]
    assert list(office.ask_now(companies.rows, rui, [company.id, other.id])) == [company.id]


def test_whose_last_company_went(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """A user whose only company was removed sees nothing, and can still be changed."""
    rui = user(office, actor, "rui", shop.cnpj)
    office.do_now(companies.remove, actor, shop.id)
    left = office.do_now(people.edit_user, actor, rui.id, {"active": False})
    assert (left.active, left.companies) == (False, ())
    assert office.do_now(people.grant, actor, rui.id, [company.id]).changed == 1
