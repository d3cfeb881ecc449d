"""Who is told what: subscriptions, the preview, and what is really sent (R23-R30)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from services.errors import Conflict, InvalidFields, NotFound, Refused
from services.notifications import addresses, bell, coverage, recipients, subscriptions, types
from services.notifications.announce import announce
from services.notifications.subscriptions import Exposure
from services.registry import companies, mailboxes, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft
from services.registry.people import UserDraft
from services.store.engine import Store
from services.store.mail import OutboxMessage, OutboxRecipient

OWNER = "dono@padaria.example"
TAX = "fiscal@contabil.example"


@pytest.fixture
def sending(store: Store, actor: Actor, company: CompanyView) -> None:
    """The company can send."""
    draft = MailboxDraft(
        "send", "nfe", "Padaria", "nfe@padaria.example", host="127.0.0.1", port=25,
        security="none", authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, draft)


@pytest.fixture
def tax(store: Store, actor: Actor, company: CompanyView) -> int:
    """An address that is told of two types of the company."""
    with store.writing() as session:
        made = addresses.add(session, actor, email=TAX)
        keys = ["sending_failed", "mailbox_inactivated"]
        assert subscriptions.subscribe(session, actor, made.id, company.id, keys) == 2
    return made.id


def told(store: Store, actor: Actor, company: CompanyView, key: str) -> dict[str, tuple[str, ...]]:
    with store.reading() as session:
        found = recipients.preview(session, actor, company.id, key)
    return {each.address: each.why for each in found.recipients}


def announced(store: Store, actor: Actor, company: CompanyView, key: str) -> list[str]:
    """The recipients of the one e-mail that an announcement makes."""
    with store.writing() as session:
        made = announce(
            session, partner_id=actor.partner_id, company_id=company.id, type_key=key,
            subject="s", body="b",
        )  # fmt: skip
        if made.outbox_id is None:
            return []
    with store.reading() as session:
        query = select(OutboxRecipient.address).where(OutboxRecipient.message_id == made.outbox_id)
        return list(session.scalars(query.order_by(OutboxRecipient.position)))


def test_the_companys_own_address_and_the_subscribed_ones(
    store: Store, actor: Actor, company: CompanyView, sending: None, tax: int
) -> None:
    """R26, R30: what the preview says is what the announcement does, for each type."""
    assert told(store, actor, company, "sending_failed") == {
        OWNER: ("company",), TAX: ("subscription",),
    }  # fmt: skip
    assert told(store, actor, company, "general") == {OWNER: ("company",)}
    for key in types.types():
        assert announced(store, actor, company, key) == [*told(store, actor, company, key)]


def test_one_email_with_all_visible_and_nobody_twice(
    store: Store, actor: Actor, company: CompanyView, sending: None, tax: int
) -> None:
    """R27: the same address by two ways, in another case, counts once; one e-mail for all."""
    with store.writing() as session:
        twice = addresses.add(session, actor, email="DONO@padaria.example")
        subscriptions.subscribe(session, actor, twice.id, company.id, ["sending_failed"])
    assert told(store, actor, company, "sending_failed") == {
        OWNER: ("company", "subscription"), TAX: ("subscription",),
    }  # fmt: skip
    assert announced(store, actor, company, "sending_failed") == [OWNER, TAX]
    with store.reading() as session:
        assert len(session.scalars(select(OutboxMessage)).all()) == 1


def test_by_which_mailbox_and_why_none(
    store: Store, actor: Actor, company: CompanyView, tax: int
) -> None:
    """R28, R30: without a sending mailbox the preview says so, and the bell with the same words."""
    with store.reading() as session:
        found = recipients.preview(session, actor, company.id, "sending_failed")
    assert found.by == ()
    assert found.why_none is not None
    assert "não tem caixa de envio ativa" in found.why_none
    assert announced(store, actor, company, "sending_failed") == []
    with store.reading() as session:
        (entry,) = bell.feed(session, actor)
    assert found.why_none in entry.text


def test_nobody_to_tell(store: Store, actor: Actor, company: CompanyView, sending: None) -> None:
    """R28, R46: neither an own address nor a subscription."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": ""})
    with store.reading() as session:
        found = recipients.preview(session, actor, company.id, "general")
    assert (found.recipients, found.by) == ((), ("nfe@padaria.example",))
    assert found.why_none is not None
    assert announced(store, actor, company, "general") == []


def test_the_address_of_a_user_follows_the_user(
    store: Store, actor: Actor, company: CompanyView, sending: None
) -> None:
    """R24: another e-mail of the user's is told; one who is switched off is not any more."""
    with store.writing() as session:
        rui = people.add_user(session, actor, UserDraft("rui", "Rui", "rui@x.example", "partner"))
        made = addresses.add(session, actor, user="RUI")
        assert (made.email, made.user) == ("rui@x.example", "rui")
        subscriptions.subscribe(session, actor, made.id, company.id, ["general"])
        people.edit_user(session, actor, rui.id, {"email": "novo@x.example"})
    assert announced(store, actor, company, "general") == [OWNER, "novo@x.example"]
    with store.writing() as session:
        people.edit_user(session, actor, rui.id, {"active": False})
    assert announced(store, actor, company, "general") == [OWNER]


def test_what_an_address_cannot_be(store: Store, actor: Actor, tax: int) -> None:
    """R24: no address, one that is there already in any case, a user without one, nobody."""
    with store.writing() as session:
        people.add_user(session, actor, UserDraft("sem", "Sem", None, "partner"))
    for given, error in (
        ({"email": "x"}, InvalidFields), ({}, InvalidFields), ({"email": TAX.upper()}, Conflict),
        ({"user": "sem"}, Refused), ({"user": "ninguem"}, NotFound),
    ):  # fmt: skip
        with pytest.raises(error), store.writing() as session:
            addresses.add(session, actor, **given)  # type: ignore[arg-type]
    with store.reading() as session:
        assert [each.email for each in addresses.list_addresses(session, actor)] == [TAX]


def test_another_address_keeps_companies_and_types(
    store: Store, actor: Actor, company: CompanyView, sending: None, tax: int
) -> None:
    """R23: edited in place; deleted, it is told of nothing."""
    with store.writing() as session:
        view = addresses.edit(session, actor, tax, "novo@contabil.example", version=1)
        assert (view.companies, view.types_count, view.version) == ((company.cnpj,), 2, 2)
        with pytest.raises(Conflict):
            addresses.edit(session, actor, tax, "tarde@contabil.example", version=1)
    assert "novo@contabil.example" in announced(store, actor, company, "sending_failed")
    with store.writing() as session:
        addresses.remove(session, actor, tax)
    assert announced(store, actor, company, "sending_failed") == [OWNER]


def test_types_count_once_for_all_companies(
    store: Store, actor: Actor, company: CompanyView, tax: int
) -> None:
    """R23: the list tells how many types an address receives, of however many companies."""
    draft = CompanyDraft("33000167000101", "Posto", "Posto Ltda")
    with store.writing() as session:
        other = companies.add(session, actor, draft)
        keys = ["sending_failed", "general"]
        subscriptions.subscribe(session, actor, tax, other.id, keys)
        view = addresses.view(session, actor, tax)
    assert (view.companies_count, view.types_count) == (2, 3)


def test_companies_stay_linked_without_a_type(
    store: Store, actor: Actor, company: CompanyView, tax: int
) -> None:
    """R25: link first, choose types afterwards; unlinking takes the types away."""
    with store.writing() as session:
        assert subscriptions.unsubscribe(
            session, actor, tax, company.id, ["sending_failed", "mailbox_inactivated"]
        ) == 2  # fmt: skip
        assert subscriptions.matrix(session, actor, tax).types == {company.id: frozenset()}
        assert subscriptions.link(session, actor, tax, [company.id, 999_999]) == 0
        assert subscriptions.set_types(session, actor, tax, {company.id: ["general"]}) == 1
        assert subscriptions.unlink(session, actor, tax, [company.id]) == 1
        assert subscriptions.matrix(session, actor, tax).types == {}
        with pytest.raises(NotFound, match="no_such"):
            subscriptions.subscribe(session, actor, tax, company.id, ["no_such"])


def test_types_are_data_and_a_partner_adds_its_own(
    store: Store, actor: Actor, company: CompanyView, sending: None, tax: int
) -> None:
    """R29: known at once to subscriptions and announcements; one for the bell alone sends nothing."""
    with store.writing() as session:
        types.add_type(session, actor, "boleto_vencido", title="Boleto vencido", severity="warning")
        types.add_type(session, actor, "so_sino", title="Só no sino", by_email=False)
        subscriptions.subscribe(session, actor, tax, company.id, ["boleto_vencido"])
        with pytest.raises(Conflict):
            types.add_type(session, actor, "general", title="Outro")
        with pytest.raises(InvalidFields):
            types.add_type(session, actor, "Com Espaço", title="Outro")
    assert announced(store, actor, company, "boleto_vencido") == [OWNER, TAX]
    assert announced(store, actor, company, "so_sino") == []
    with store.reading() as session:
        by_type = {entry.type: entry for entry in bell.feed(session, actor)}
    assert by_type["boleto_vencido"].severity == "warning"
    assert "Nenhum e-mail" not in by_type["so_sino"].text


@pytest.fixture
def market(store: Store, actor: Actor) -> CompanyView:
    """A company of another CNPJ root."""
    with store.writing() as session:
        return companies.add(
            session,
            actor,
            CompanyDraft(
                "33000167000101", "Mercado", "Mercado Ltda", notification_email="rh@mercado.example"
            ),
        )


def test_people_of_other_roots_would_see_each_other(
    store: Store, actor: Actor, company: CompanyView, market: CompanyView
) -> None:
    """R30: before anything is saved; the partner's own people are nobody's."""
    with store.writing() as session:
        theirs = addresses.add(session, actor, email="rh@mercado.example").id
        ours = addresses.add(session, actor, email=TAX).id
    with store.reading() as session:
        assert subscriptions.exposures(session, actor, theirs, {company.id: ["general"]}) == (
            Exposure(company.nickname, "rh@mercado.example", ("Mercado",), (OWNER,)),
        )
        assert subscriptions.exposures(session, actor, theirs, {market.id: ["general"]}) == ()
        assert subscriptions.exposures(session, actor, theirs, {company.id: []}) == ()
        both = {company.id: ["general"], market.id: ["general"]}
        assert subscriptions.exposures(session, actor, ours, both) == ()
        assert subscriptions.matrix(session, actor, theirs).types == {}


def test_a_branch_is_no_stranger(store: Store, actor: Actor, company: CompanyView) -> None:
    """R30: headquarters and branches share their root."""
    with store.writing() as session:
        companies.add(
            session,
            actor,
            CompanyDraft(
                "11222333000262", "Filial", "Filial Ltda", notification_email="loja@padaria.example"
            ),
        )
        branch = addresses.add(session, actor, email="loja@padaria.example").id
    with store.reading() as session:
        assert subscriptions.exposures(session, actor, branch, {company.id: ["general"]}) == ()


def test_gaps(store: Store, actor: Actor, company: CompanyView, tax: int) -> None:
    """R28, R30: nobody receives it, or no e-mail would leave."""
    with store.reading() as session:
        (gap,) = coverage.rows(session, actor, coverage.ids(session, actor)).values()
    assert (gap.company_id, gap.types) == (company.id, ())
    assert gap.why_none is not None
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": ""})
    with store.reading() as session:
        (gap,) = coverage.rows(session, actor, coverage.ids(session, actor)).values()
    assert set(gap.types) == types.types().keys() - {"sending_failed", "mailbox_inactivated"}


def test_a_user_who_may_not_come_in_covers_nothing(
    store: Store, actor: Actor, company: CompanyView, sending: None
) -> None:
    """R24, R28: every type goes to one user; switched off, nobody is left, and the gap says so."""
    every = types.types().keys()
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": ""})
        rui = people.add_user(session, actor, UserDraft("rui", "Rui", "rui@x.example", "partner"))
        made = addresses.add(session, actor, user="rui")
        subscriptions.subscribe(session, actor, made.id, company.id, every)
        assert list(coverage.ids(session, actor)) == []
        people.edit_user(session, actor, rui.id, {"active": False})
    assert all(announced(store, actor, company, key) == [] for key in every)
    with store.reading() as session:
        (gap,) = coverage.rows(session, actor, coverage.ids(session, actor)).values()
    assert (set(gap.types), gap.why_none) == (every, None)


def test_a_type_of_the_bell_alone_covers_no_other(
    store: Store, actor: Actor, company: CompanyView, sending: None, tax: int
) -> None:
    """R28, R29: all types but one, and one more that never goes by e-mail."""
    every = types.types().keys() - {"general"}
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": ""})
        types.add_type(session, actor, "so_sino", title="Só no sino", by_email=False)
        subscriptions.set_types(session, actor, tax, {company.id: {*every, "so_sino"}})
    with store.reading() as session:
        (gap,) = coverage.rows(session, actor, coverage.ids(session, actor)).values()
    assert gap.types == ("general",)


def test_an_address_is_found_by_its_user(
    store: Store, actor: Actor, company: CompanyView, tax: int
) -> None:
    """R23, R24: by nickname, and by the address that the user has now."""
    with store.writing() as session:
        rui = people.add_user(session, actor, UserDraft("rui", "Rui", "rui@x.example", "partner"))
        made = addresses.add(session, actor, user="rui")
        people.edit_user(session, actor, rui.id, {"email": "novo@y.example"})
    with store.reading() as session:
        for words in ("RUI", "novo@y"):
            assert list(addresses.ids(session, actor, filter=words)) == [made.id], words
