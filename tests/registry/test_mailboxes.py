"""Mailboxes of a company: registering, editing, order, deleting, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from sqlalchemy import select, update

from services.errors import Conflict, Invalid, InvalidFields, NotAllowed, NotFound, Refused
from services.health import testable
from services.office import Office
from services.registry import companies, mailboxes, people, servers
from services.registry.access import Actor, actor_of
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.settings import Settings
from services.store import secret
from services.store.models import AuditEntry, EmailServer, Health, Mailbox, User

TEXTS = ["nickname", "sender_name", "email", "username", "password", "host"]


def draft(function: str = "send", **changes: Any) -> MailboxDraft:
    values: dict[str, Any] = {
        "nickname": "Notas",
        "sender_name": "Padaria",
        "email": f"{function}@padaria.com.br",
        "password": "segredo",
        "host": "mail.padaria.com.br",
    }
    return MailboxDraft(function=function, **values | changes)


def add(office: Office, actor: Actor, company: CompanyView, *args: Any, **more: Any) -> MailboxView:
    return office.do_now(mailboxes.add, actor, company.id, draft(*args, **more))


def password_of(office: Office, server_id: int) -> str | None:
    return office.ask_now(secret.get, "email_server", server_id, "password")


@pytest.fixture
def rui(office: Office, actor: Actor, company: CompanyView) -> Actor:
    """A user of the company."""
    office.do_now(
        people.add_user,
        actor,
        people.UserDraft("rui", "Rui", None, "company", (company.cnpj,)),
    )
    return office.ask_now(
        lambda s: actor_of(s, s.scalars(select(User).where(User.nickname == "rui")).one())
    )


@pytest.fixture
def shop(office: Office, actor: Actor) -> CompanyView:
    """Another company of the partner."""
    return office.do_now(companies.add, actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda"))


def test_registered_with_its_server_and_secret(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R5, R9, R10: mailbox, the partner's server, the link and the password, together."""
    made = add(office, actor, company)
    assert (made.port, made.security, made.username) == (465, "tls", "send@padaria.com.br")
    assert made.companies == (company.cnpj,)
    assert [s.id for s in office.ask_now(servers.list_servers, actor)] == [made.server_id]
    assert password_of(office, made.server_id) == "segredo"
    assert "segredo" not in repr(draft())


@pytest.mark.parametrize(
    ("function", "given", "port", "security"),
    [
        ("send", {"security": "starttls"}, 587, "starttls"),
        ("send", {"security": "none"}, 25, "none"),
        ("send", {"port": 587}, 587, "starttls"),
        ("read", {}, 995, "tls"),
        ("read", {"security": "starttls"}, 110, "starttls"),
        ("read", {"port": 1995}, 1995, "tls"),
    ],
)
def test_usual_ports(
    office: Office,
    actor: Actor,
    company: CompanyView,
    function: str,
    given: Any,
    port: int,
    security: str,
) -> None:
    """R5: what is left open takes the usual value."""
    made = add(office, actor, company, function, **given)
    assert (made.port, made.security) == (port, security)


def test_preset_and_same_host_fill_in(office: Office, actor: Actor, company: CompanyView) -> None:
    """R18: the provider's preset; a server registered for the same domain or host wins over it."""
    gmail = add(office, actor, company, email="padaria@gmail.com", host=None)
    assert gmail.host == "smtp.gmail.com"
    add(office, actor, company, "read", port=1995, verify_certificate=False, timeout=7)
    found = office.ask_now(mailboxes.prefill, actor, "read", "novo@padaria.com.br")
    assert (found["host"], found["port"], found["verify_certificate"], found["timeout"]) == (
        "mail.padaria.com.br",
        1995,
        False,
        7,
    )
    by_host = office.ask_now(
        mailboxes.prefill, actor, "read", "x@gmail.com", host="mail.padaria.com.br"
    )
    assert by_host["port"] == 1995
    assert office.ask_now(mailboxes.prefill, actor, "send", "x@nowhere.example") == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nickname", ""),
        ("sender_name", ""),
        ("email", "not an address"),
        ("email", "a@b@c"),
        ("password", None),
        ("host", "mail server"),
        ("host", None),
        ("port", 0),
        ("port", 65_536),
        ("security", "ssl3"),
        ("timeout", 0),
        ("delete_after", "0"),
        ("delete_after", "depois"),
        ("username", "u" * 255),
    ],
)
def test_bad_value_names_its_field(
    office: Office, actor: Actor, company: CompanyView, field: str, value: Any
) -> None:
    """Nothing is saved and the error says which field."""
    with pytest.raises(InvalidFields) as refusal:
        add(office, actor, company, **{field: value})
    assert [e.field for e in refusal.value.errors] == [field]
    assert not office.ask_now(lambda s: s.scalars(select(EmailServer)).all())


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(TEXTS),
    control=st.characters(categories=["Cc", "Zl", "Zp", "Cs"]),
    at_end=st.booleans(),
)
def test_no_control_character_in_any_field(
    office: Office, actor: Actor, company: CompanyView, field: str, control: str, at_end: bool
) -> None:
    """CR, LF, NUL and the rest are refused in every text, the password included."""
    good = getattr(draft(username="padaria"), field)
    bad = good + control if at_end else good[:2] + control + good[2:]
    with pytest.raises(InvalidFields) as refusal:
        add(office, actor, company, **{"username": "padaria", field: bad})
    assert refusal.value.field == field
    assert not office.ask_now(mailboxes.list_of, actor, company.id)


def test_not_while_the_relay_is_on(office: Office, actor: Actor, company: CompanyView) -> None:
    """R2: registering only while InvoiCy Mail is off."""
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    with pytest.raises(Refused, match="InvoiCy Mail"):
        add(office, actor, company)
    reason = office.ask_now(mailboxes.why_not_register, actor, company.id)
    assert reason is not None


def test_reading_needs_document_import(office: Office, actor: Actor, company: CompanyView) -> None:
    """R3: without the extension there is no reading list and nothing about it."""
    made = add(office, actor, company, "read")
    office.do_now(companies.edit, actor, company.id, {"document_import": False})
    assert not office.ask_now(mailboxes.list_of, actor, company.id)
    for refused in (
        lambda: office.ask_now(mailboxes.list_of, actor, company.id, "read"),
        lambda: office.ask_now(mailboxes.view, actor, made.id),
        lambda: add(office, actor, company, "read", email="outra@padaria.com.br"),
    ):
        with pytest.raises(Refused, match="Importação de Documentos"):
            refused()


def test_two_lists_by_status(office: Office, actor: Actor, company: CompanyView) -> None:
    """R1: any number of each, filtered by status."""
    first = add(office, actor, company)
    second = add(office, actor, company, email="b@x.com", active=False)
    third = add(office, actor, company, "read")

    def listed(*args: str | None) -> list[int]:
        return [m.id for m in office.ask_now(mailboxes.list_of, actor, company.id, *args)]

    assert listed() == [first.id, second.id, third.id]
    assert listed("send", "active") == [first.id]
    assert listed("send", "inactive") == [second.id]
    assert listed("read") == [third.id]
    assert list(office.ask_now(mailboxes.ids, actor, filter="PADARIA", function="send")) == [
        first.id,
        second.id,
    ]


def test_one_function_an_address(office: Office, actor: Actor, company: CompanyView) -> None:
    """R7: an address in use for the other function is refused with the reason; twice is a conflict."""
    made = add(office, actor, company)
    with pytest.raises(Refused, match="envio") as refusal:
        add(office, actor, company, "read", email=made.email.upper())
    assert refusal.value.field == "email"
    with pytest.raises(Conflict):
        add(office, actor, company)
    reader = add(office, actor, company, "read")
    with pytest.raises(Refused, match="envio"):
        office.do_now(mailboxes.edit, actor, reader.id, {"email": made.email})


def test_other_company_may_use_the_address(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R7 is a company's own rule."""
    add(office, actor, company)
    assert add(office, actor, shop).company_id == shop.id


def test_edit_keeps_the_password(office: Office, actor: Actor, company: CompanyView) -> None:
    """R9: what is not named stays; a new password replaces the old one; neither is audited."""
    made = add(office, actor, company)
    office.do_now(mailboxes.edit, actor, made.id, {"nickname": "Outro", "password": None})
    assert password_of(office, made.server_id) == "segredo"
    office.do_now(mailboxes.edit, actor, made.id, {"password": "novo-segredo"})
    assert password_of(office, made.server_id) == "novo-segredo"
    told = office.ask_now(
        lambda s: [f"{e.before} {e.after}" for e in s.scalars(select(AuditEntry))]
    )
    assert not any("segredo" in each for each in told)
    assert any("'***'" in each for each in told)


def test_edit_carries_defaults_along(office: Office, actor: Actor, company: CompanyView) -> None:
    """A user name that was the address and a port that was the usual one follow."""
    made = add(office, actor, company)
    edited = office.do_now(
        mailboxes.edit, actor, made.id, {"email": "c@x.com", "security": "starttls"}
    )
    assert (edited.username, edited.port) == ("c@x.com", 587)


def test_switching_off_and_on(office: Office, actor: Actor, company: CompanyView) -> None:
    """R9; switched on again it starts with a clean slate; R49: not what Microsoft has refused."""
    made = add(office, actor, company)
    off = office.do_now(mailboxes.edit, actor, made.id, {"active": False})
    assert not off.active
    office.do_now(lambda s: s.execute(update(EmailServer).values(refusals=5, health=Health.DOWN)))
    on = office.do_now(mailboxes.edit, actor, made.id, {"active": True})
    assert (on.active, on.health) == (True, "unknown")
    office.do_now(
        lambda s: s.execute(update(EmailServer).values(active=False, inactive_code=700082))
    )
    with pytest.raises(Refused, match="AADSTS700082"):
        office.do_now(mailboxes.edit, actor, made.id, {"active": True})


def test_second_editor_is_told_who_was_first(
    office: Office, actor: Actor, company: CompanyView, rui: Actor
) -> None:
    """No silent overwrite: the conflict names who changed it."""
    made = add(office, actor, company)
    office.do_now(mailboxes.edit, rui, made.id, {"nickname": "Do Rui"}, version=made.version)
    with pytest.raises(Conflict, match="rui"):
        office.do_now(mailboxes.edit, actor, made.id, {"nickname": "X"}, version=made.version)


def test_order(office: Office, actor: Actor, company: CompanyView) -> None:
    """R13: sending mailboxes are tried in their order, which can be changed."""
    made = [add(office, actor, company, email=f"{n}@x.com") for n in range(3)]
    office.do_now(mailboxes.move, actor, made[2].id, 0)
    found = office.ask_now(mailboxes.list_of, actor, company.id, "send", "active")
    assert [m.id for m in found] == [made[2].id, made[0].id, made[1].id]
    assert [m.position for m in found] == [0, 1, 2]
    office.do_now(mailboxes.move, actor, made[2].id, -1)
    office.do_now(mailboxes.move, actor, made[0].id, 99)
    found = office.ask_now(mailboxes.list_of, actor, company.id, "send")
    assert [m.id for m in found] == [made[2].id, made[1].id, made[0].id]


def test_deleting_unlinks_the_last_takes_the_server(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R12: a shared server stays with the others; with the last link it and its secret go."""
    made = add(office, actor, company)

    def link(session: Any) -> int:
        second = Mailbox(server_id=made.server_id, company_id=shop.id, function="send")
        session.add(second)
        session.flush()
        return second.id

    second = office.do_now(link)
    assert office.do_now(mailboxes.remove, actor, made.id) is False
    assert password_of(office, made.server_id) == "segredo"
    assert office.do_now(mailboxes.remove, actor, second) is True
    assert password_of(office, made.server_id) is None
    assert not office.ask_now(servers.list_servers, actor)


def test_permission(office: Office, actor: Actor, company: CompanyView, rui: Actor) -> None:
    """R11: without permission a company user gets the reason and whom to ask; the partner may."""
    office.do_now(companies.edit, actor, company.id, {"may_register": False})
    with pytest.raises(NotAllowed, match="Contábil Sul"):
        add(office, rui, company)
    assert office.ask_now(mailboxes.why_not_register, rui, company.id)
    assert office.ask_now(mailboxes.why_not_register, actor, company.id) is None
    add(office, actor, company)
    office.do_now(companies.edit, actor, company.id, {"may_register": True})
    add(office, rui, company, email="b@x.com")


def test_company_users_see_only_theirs(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView, rui: Actor
) -> None:
    """R53: others' mailboxes are not found, and a shared one is the partner's to change."""
    mine, theirs = add(office, actor, company), add(office, actor, shop)
    assert list(office.ask_now(mailboxes.ids, rui)) == [mine.id]
    assert list(office.ask_now(mailboxes.rows, rui, [mine.id, theirs.id])) == [mine.id]
    for refused in (
        lambda: office.ask_now(mailboxes.view, rui, theirs.id),
        lambda: office.do_now(mailboxes.edit, rui, theirs.id, {"nickname": "x"}),
        lambda: office.do_now(mailboxes.remove, rui, theirs.id),
        lambda: office.do_now(mailboxes.move, rui, theirs.id, 0),
        lambda: office.ask_now(mailboxes.list_of, rui, shop.id),
        lambda: add(office, rui, shop, email="z@x.com"),
    ):
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(NotAllowed):
        office.ask_now(servers.list_servers, rui)
    office.do_now(
        lambda s: s.add(Mailbox(server_id=mine.server_id, company_id=shop.id, function="send"))
    )
    assert office.ask_now(mailboxes.view, rui, mine.id).companies == (company.cnpj,)
    with pytest.raises(NotAllowed, match="outras empresas"):
        office.do_now(mailboxes.edit, rui, mine.id, {"nickname": "x"})


def test_a_stored_password_stays_with_its_host(
    office: Office, actor: Actor, company: CompanyView, rui: Actor, settings: Settings
) -> None:
    """R53: a company user cannot send the password, which it never saw, to a host of its choice."""
    mine = add(office, actor, company)
    elsewhere = {"host": "other.example.com"}
    with pytest.raises(Invalid) as refusal:
        office.do_now(mailboxes.edit, rui, mine.id, elsewhere)
    assert refusal.value.field == "password"
    with pytest.raises(Invalid) as refusal:
        office.ask_now(testable.of_draft, rui, draft(password=None, **elsewhere), mine.id, settings)
    assert refusal.value.field == "password"
    moved = office.do_now(mailboxes.edit, rui, mine.id, elsewhere | {"password": "again"})
    assert moved.host == "other.example.com"
    assert password_of(office, moved.server_id) == "again"
