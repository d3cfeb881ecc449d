"""InvoiCy Mail: the partner's relay, and in whose name a company's e-mails leave by it."""

from __future__ import annotations

from typing import Any

import pytest

from services.errors import (
    Conflict,
    Invalid,
    InvalidFields,
    NotAllowed,
    NotFound,
    Refused,
)
from services.health import testable
from services.office import Office
from services.registry import (
    access,
    audit,
    companies,
    invoicy_mail,
    mailbox_form,
    people,
    relay,
    servers,
    ways_out,
)
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.limits import limits_of
from services.registry.people import UserDraft
from services.registry.relay import PartnerView
from services.settings import Settings
from services.store.engine import Store
from services.store.models import User

RELAY: dict[str, Any] = {
    "host": "relay.contabil.example",
    "port": 587,
    "username": "envio@contabil.example",
    "password": "segredo do relay",
}


def set_relay(office: Office, actor: Actor, **changes: Any) -> PartnerView:
    """Save those fields of the relay."""
    return office.do_now(relay.set_relay, actor, changes)


@pytest.fixture
def rui(store: Store, actor: Actor, company: CompanyView) -> Actor:
    """A user of the company."""
    with store.writing() as session:
        made = people.add_user(
            session, actor, UserDraft("rui", "Rui", None, "company", (company.cnpj,))
        )
        return access.actor_of(session, session.get_one(User, made.id))


def test_a_relay_with_what_is_usual(office: Office, actor: Actor) -> None:
    """R14: the address is the user where it is one, the connection what the port says."""
    made = set_relay(office, actor, **RELAY)
    assert made.relay is not None
    assert (made.relay.email, made.relay.security) == ("envio@contabil.example", "starttls")
    assert made.relay.authenticate
    assert (made.name, made.companies_on, made.auto_invoicy_mail) == ("Contábil Sul", 0, False)
    assert office.ask_now(relay.view, actor) == made
    account = office.ask_now(testable.of_relay, actor, {}, office.settings)
    assert account.login is not None
    assert account.login.secret == "segredo do relay"
    assert account.sender_name == "Contábil Sul"


def test_limits_of_the_relays_own(office: Office, store: Store, actor: Actor) -> None:
    """R14, R34: its own in the place of the provider's, 0 for none; the audit names them."""
    made = set_relay(office, actor, **RELAY | {"host": "smtp.office365.com"}, most_per_minute=7)
    assert made.relay is not None
    assert made.relay.limits == "3 conexões · 7 por minuto · 10000 destinatários por dia"
    with store.reading() as session:
        row = ways_out.relay_of(session, actor.partner_id)
        assert row is not None
        assert limits_of(row).per_minute == 7
    entry = office.ask_now(audit.entries, actor)[0]
    assert (entry.after or {})["most_per_minute"] == 7
    with pytest.raises(InvalidFields) as refused:
        set_relay(office, actor, most_per_day=-1)
    assert [e.field for e in refused.value.errors] == ["most_per_day"]


def test_a_relay_without_login(office: Office, actor: Actor) -> None:
    """R14: one that knows the partner by its network asks for neither user nor password."""
    made = set_relay(
        office, actor, host="10.0.0.5", port=25, security="none", email="nf@contabil.example"
    )
    assert made.relay is not None
    assert not made.relay.authenticate
    account = office.ask_now(testable.of_relay, actor, {}, office.settings)
    assert account.login is None
    with_login = set_relay(office, actor, username="x", password="y")
    assert with_login.relay is not None
    assert with_login.relay.authenticate
    assert with_login.relay.email == "nf@contabil.example"


def test_every_error_at_once_by_the_names_of_the_command_line(office: Office, actor: Actor) -> None:
    """R14: host, port, address and password, each with its own field."""
    with pytest.raises(InvalidFields) as refusal:
        set_relay(office, actor, host="a b", port=0, security="ssl", username="relay", timeout=0)
    assert [e.field for e in refusal.value.errors] == [
        "relay_email",
        "password",
        "relay_host",
        "relay_port",
        "relay_security",
        "timeout",
    ]
    with pytest.raises(Invalid, match="Campo desconhecido"):
        set_relay(office, actor, nickname="x")
    assert office.ask_now(relay.view, actor).relay is None


@pytest.mark.parametrize("field", ["host", "username", "password", "email"])
def test_no_control_character_in_any_field(office: Office, actor: Actor, field: str) -> None:
    """CR and LF would be commands to the relay, or headers to its readers."""
    with pytest.raises(InvalidFields):
        set_relay(office, actor, **{**RELAY, field: f"{RELAY.get(field, 'a@b.example')}\r\nRSET"})


def test_a_stored_password_stays_with_its_host(
    office: Office, actor: Actor, settings: Settings
) -> None:
    """R14: another host asks for the password again, in saving and in testing alike."""
    set_relay(office, actor, **RELAY)
    with pytest.raises(Invalid) as refusal:
        set_relay(office, actor, host="elsewhere.example")
    assert refusal.value.field == "password"
    with pytest.raises(Invalid):
        office.ask_now(testable.of_relay, actor, {"host": "elsewhere.example"}, settings)
    moved = set_relay(office, actor, host="elsewhere.example", password="outra")
    assert moved.relay is not None
    assert moved.relay.host == "elsewhere.example"
    account = office.ask_now(testable.of_relay, actor, {"timeout": 5}, settings)
    assert account.login is not None
    assert account.login.secret == "outra"


def test_what_follows_from_a_change(office: Office, actor: Actor) -> None:
    """R14: the usual port goes with the security, the address with the user it came from."""
    set_relay(office, actor, **RELAY)
    made = set_relay(office, actor, security="tls", username="nf@contabil.example").relay
    assert made is not None
    assert (made.port, made.email) == (465, "nf@contabil.example")
    own = set_relay(office, actor, email="outro@contabil.example", port=2525).relay
    assert own is not None
    kept = set_relay(office, actor, security="starttls", username="x@contabil.example").relay
    assert kept is not None
    assert (kept.port, kept.email) == (2525, "outro@contabil.example")


def test_the_relay_is_none_of_the_servers(office: Office, actor: Actor) -> None:
    """R14, R15, R18: it is in no list, is not found by its id, and fills no mailbox's form."""
    made = set_relay(office, actor, **RELAY).relay
    assert made is not None
    assert office.ask_now(servers.list_servers, actor) == []
    with pytest.raises(NotFound):
        office.ask_now(servers.view, actor, made.id)
    assert office.ask_now(mailbox_form.prefill, actor, "send", "eu@contabil.example") == {}


def test_two_people_at_once(office: Office, actor: Actor) -> None:
    """A change by another since it was read is told, not overwritten."""
    seen = set_relay(office, actor, **RELAY).version
    office.do_now(relay.set_auto, actor, True, version=seen)
    with pytest.raises(Conflict, match="ana"):
        office.do_now(relay.save, actor, {"timeout": 9}, False, version=seen)
    now = office.ask_now(relay.view, actor)
    assert now.auto_invoicy_mail
    saved = office.do_now(relay.save, actor, {"timeout": 9}, False, version=now.version)
    assert saved.relay is not None
    assert (saved.relay.timeout, saved.auto_invoicy_mail) == (9, False)
    again = office.do_now(relay.save, actor, {"timeout": 9}, False, version=saved.version)
    assert again.version == saved.version, "nothing changed"


def test_it_is_audited_without_the_password(office: Office, actor: Actor) -> None:
    """R55: who, what, before and after; never a secret."""
    set_relay(office, actor, **RELAY)
    set_relay(office, actor, password="outra senha")
    set_relay(office, actor, active=False)
    office.do_now(relay.set_auto, actor, True)
    entries = office.ask_now(audit.entries, actor)
    auto, off, password, first = entries[:4]
    assert (auto.before, auto.after) == (
        {"auto_invoicy_mail": False},
        {"auto_invoicy_mail": True},
    )
    assert (off.before, off.after) == ({"relay_active": True}, {"relay_active": False})
    assert password.after == {"relay_password": "***"}
    assert first.after is not None
    assert first.after["relay_host"] == "relay.contabil.example"
    assert "segredo" not in str(entries)
    assert "outra senha" not in str(entries)


def test_clearing_it(office: Office, actor: Actor, company: CompanyView) -> None:
    """R14: only when no company sends by it and no new one is to."""
    with pytest.raises(NotFound):
        office.do_now(relay.clear_relay, actor)
    set_relay(office, actor, **RELAY)
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    assert office.ask_now(relay.view, actor).companies_on == 1
    with pytest.raises(Refused, match="1 empresa"):
        office.do_now(relay.clear_relay, actor)
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": False})
    office.do_now(relay.set_auto, actor, True)
    with pytest.raises(Refused, match="automático"):
        office.do_now(relay.clear_relay, actor)
    office.do_now(relay.set_auto, actor, False)
    assert office.do_now(relay.clear_relay, actor).relay is None
    with pytest.raises(NotFound):
        office.ask_now(testable.of_relay, actor, {}, office.settings)


def test_only_for_the_partner(office: Office, actor: Actor, rui: Actor, settings: Settings) -> None:
    """R53: a company user neither sees nor changes the relay."""
    set_relay(office, actor, **RELAY)
    for refused in (
        lambda: office.ask_now(relay.view, rui),
        lambda: office.do_now(relay.set_relay, rui, {"timeout": 5}),
        lambda: office.do_now(relay.save, rui, {}, None),
        lambda: office.do_now(relay.set_auto, rui, True),
        lambda: office.do_now(relay.clear_relay, rui),
        lambda: office.ask_now(testable.of_relay, rui, {}, settings),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_only_the_sender_name_can_be_edited(
    office: Office, actor: Actor, rui: Actor, company: CompanyView
) -> None:
    """R14, R11: by the company's own users too, where they may register."""
    seen = office.ask_now(invoicy_mail.view, rui, company.id)
    assert (seen.on, seen.shown_name) == (False, "Padaria São João Ltda")
    named = office.do_now(
        invoicy_mail.set_sender_name, rui, company.id, " Padaria do João ", version=seen.version
    )
    assert (named.sender_name, named.shown_name) == ("Padaria do João", "Padaria do João")
    with pytest.raises(Conflict, match="rui"):
        office.do_now(
            invoicy_mail.set_sender_name, actor, company.id, "Outro", version=seen.version
        )
    entry = next(e for e in office.ask_now(audit.entries, actor) if e.user == "rui")
    assert entry.action == "edit"
    assert entry.after == {"sender_name": "Padaria do João"}
    with pytest.raises(InvalidFields):
        office.do_now(invoicy_mail.set_sender_name, rui, company.id, "a\r\nBcc: b@c.example")
    empty = office.do_now(invoicy_mail.set_sender_name, rui, company.id, "")
    assert empty.shown_name == "Padaria São João Ltda"
    office.do_now(companies.edit, actor, company.id, {"may_register": False})
    why_not = office.ask_now(invoicy_mail.view, rui, company.id).why_not_edit
    assert "Contábil Sul" in (why_not or "")
    with pytest.raises(NotAllowed, match="Contábil Sul"):
        office.do_now(invoicy_mail.set_sender_name, rui, company.id, "X")


def test_whether_anything_leaves_is_said(
    office: Office, actor: Actor, rui: Actor, company: CompanyView
) -> None:
    """R14, R28: without a relay, or with one out of use, whom to ask; with one, its address."""
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    seen = office.ask_now(invoicy_mail.view, rui, company.id)
    assert seen.address is None
    assert "Contábil Sul" in (seen.why_not or "")
    set_relay(office, actor, **RELAY)
    seen = office.ask_now(invoicy_mail.view, rui, company.id)
    assert (seen.on, seen.address, seen.why_not) == (True, "envio@contabil.example", None)
    set_relay(office, actor, active=False)
    assert "fora de uso" in (office.ask_now(invoicy_mail.view, rui, company.id).why_not or "")
