"""The partner's e-mail servers: editing, other kinds, deleting, two people at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from services.errors import Conflict, Invalid, InvalidFields, NotFound, Refused
from services.office import Office
from services.registry import companies, links, mailboxes, servers
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.settings import Settings
from services.store.models import AuditEntry, EmailServer, Health
from tests.registry.partner_servers import (
    add,
    cnpj_number,
    edit,
    password_of,
)


def test_edit_keeps_what_is_not_named(office: Office, actor: Actor) -> None:
    """R17: the password too; another one is another version, and neither is audited."""
    made = add(office, actor)
    renamed = edit(office, actor, made, nickname="Outro", password=None)
    assert (renamed.nickname, renamed.smtp_host) == ("Outro", "smtp.contabil.example")
    assert password_of(office, made.id) == "segredo"
    assert edit(office, actor, renamed).version == renamed.version
    edit(office, actor, made, password="novo-segredo")
    assert password_of(office, made.id) == "novo-segredo"
    assert office.ask_now(lambda s: s.get_one(EmailServer, made.id).password_version) == 2
    office.do_now(same_again, actor, made.id)
    told = office.ask_now(
        lambda s: [f"{e.before} {e.after}" for e in s.scalars(select(AuditEntry))]
    )
    assert not any("segredo" in each for each in told)
    with pytest.raises(Invalid) as refusal:
        edit(office, actor, made, shoe_size=42)
    assert refusal.value.field == "shoe_size"


def same_again(session: Any, actor: Actor, server_id: int) -> None:
    """The same password again is no other version."""
    servers.edit(session, actor, server_id, {"password": "novo-segredo"})
    assert session.get_one(EmailServer, server_id).password_version == 2


def test_edit_carries_defaults_along(office: Office, actor: Actor) -> None:
    """A user name that was the address, and ports that were the usual ones, follow."""
    made = add(office, actor, pop_port=1995)
    edited = edit(
        office, actor, made, email="c@x.com", smtp_security="starttls", pop_security="starttls"
    )
    assert (edited.username, edited.smtp_port, edited.pop_port) == ("c@x.com", 587, 1995)


def test_new_values_start_with_a_clean_slate(office: Office, actor: Actor) -> None:
    """R9, R48: what the jobs learned is forgotten; R49: but not what Microsoft has refused."""
    made = add(office, actor)
    learned = {"refusals": 5, "pop_refusals": 5, "health": Health.DOWN, "health_reason": "x"}

    def spoil(**values: Any) -> None:
        office.do_now(lambda s: s.execute(update(EmailServer).values(**learned | values)))

    spoil()
    assert edit(office, actor, made, nickname="Nome").health == "down"
    assert edit(office, actor, made, smtp_port=2525).health == "unknown"
    spoil()
    assert edit(office, actor, made, password="outro").health_reason is None
    edit(office, actor, made, active=False)
    spoil()
    assert edit(office, actor, made, active=True).health == "unknown"
    row = office.ask_now(lambda s: s.get_one(EmailServer, made.id))
    assert (row.refusals, row.pop_refusals) == (0, 0)
    spoil(active=False, inactive_code=700082)
    with pytest.raises(Refused, match="AADSTS700082") as refusal:
        edit(office, actor, made, active=True)
    assert refusal.value.field == "active"


def test_another_kind_gives_the_linked_companies_the_function(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R17, R20: from send to both, the linked companies get the reading mailbox too."""
    made = add(office, actor, kind="send")
    office.do_now(links.link, actor, made.id, [company.id, shop.id])
    with pytest.raises(InvalidFields) as refusal:
        edit(office, actor, made, kind="both")
    assert refusal.value.field == "pop_host"
    edited = edit(office, actor, made, kind="both", pop_host="pop.contabil.example")
    assert (edited.pop_port, edited.companies_count) == (995, 2)
    functions = [m.function for m in office.ask_now(mailboxes.list_of, actor, company.id)]
    assert functions == ["send", "read"]
    # The other company's reading mailbox shows once Document Import is on (R3).
    assert [m.function for m in office.ask_now(mailboxes.list_of, actor, shop.id)] == ["send"]
    office.do_now(companies.edit, actor, shop.id, {"document_import": True})
    assert len(office.ask_now(mailboxes.list_of, actor, shop.id)) == 2


def test_another_kind_takes_nothing_away_that_is_used(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R17, R21: the refusal names who uses the function; hidden reading mailboxes are nobody's."""
    made = add(office, actor)
    office.do_now(links.link, actor, made.id, [company.id, shop.id])
    with pytest.raises(Refused, match="Padaria São João") as refusal:
        edit(office, actor, made, kind="send")
    assert refusal.value.field == "kind"
    assert "Loja" not in refusal.value.message
    with pytest.raises(Refused, match="Loja, Padaria São João"):
        edit(office, actor, made, kind="read")
    office.do_now(companies.edit, actor, company.id, {"document_import": False})
    sending = edit(office, actor, made, kind="send")
    assert (sending.pop_host, sending.companies_count) == (None, 2)
    office.do_now(companies.edit, actor, company.id, {"document_import": True})
    assert [m.function for m in office.ask_now(mailboxes.list_of, actor, company.id)] == ["send"]


def test_read_to_both_leaves_out_companies_with_the_relay(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R2: no sending mailbox while InvoiCy Mail is on; linking again makes it afterwards."""
    made = add(office, actor, kind="read")
    office.do_now(links.link, actor, made.id, [company.id])
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": True})
    edit(office, actor, made, kind="both", smtp_host="smtp.contabil.example")
    assert [m.function for m in office.ask_now(mailboxes.list_of, actor, company.id)] == ["read"]
    office.do_now(companies.edit, actor, company.id, {"invoicy_mail": False})
    assert office.do_now(links.link, actor, made.id, [company.id]).linked == 1
    assert len(office.ask_now(mailboxes.list_of, actor, company.id)) == 2


def test_a_new_address_is_free_in_every_linked_company(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R7: refused with the reason, naming the companies when there are several linked."""
    reading = add(office, actor, kind="read", email="entrada@x.example")
    sending = add(office, actor, kind="send")
    office.do_now(links.link, actor, reading.id, [company.id])
    office.do_now(links.link, actor, sending.id, [company.id])
    with pytest.raises(Refused, match="leitura") as refusal:
        edit(office, actor, sending, email="Entrada@x.example")
    assert refusal.value.field == "email"
    office.do_now(links.link, actor, sending.id, [shop.id])
    with pytest.raises(Refused, match="Padaria São João") as refusal:
        edit(office, actor, sending, email="entrada@x.example")
    assert "Loja" not in refusal.value.message
    assert edit(office, actor, sending, email="livre@x.example").email == "livre@x.example"


def test_a_linked_server_stays(office: Office, actor: Actor, company: CompanyView) -> None:
    """R21: the refusal names the companies, the first few of many; unlinked it goes, whole."""
    made = add(office, actor)
    names = [f"Filial {n}" for n in range(7)]
    branches = [
        office.do_now(companies.add, actor, CompanyDraft(cnpj_number(n), name, f"{name} Ltda")).id
        for n, name in enumerate(names)
    ]
    office.do_now(links.link, actor, made.id, [company.id])
    with pytest.raises(Refused, match=r"vinculado a Padaria São João:"):
        office.do_now(servers.remove, actor, made.id)
    office.do_now(links.link, actor, made.id, branches)
    with pytest.raises(Refused, match=r"Filial 0, .*Filial 4 e mais 3"):
        office.do_now(servers.remove, actor, made.id)
    assert password_of(office, made.id) == "segredo"
    office.do_now(links.unlink, actor, made.id, [company.id, *branches])
    office.do_now(servers.remove, actor, made.id)
    assert office.ask_now(servers.list_servers, actor) == []
    assert password_of(office, made.id) is None
    with pytest.raises(NotFound):
        office.do_now(servers.remove, actor, made.id)


def test_the_second_editor_is_told(office: Office, actor: Actor, settings: Settings) -> None:
    """Two processes edit one server: no silent overwrite, the conflict names who was first."""
    from services.office import open_office

    made = add(office, actor)
    other = open_office(settings)
    try:
        other.do_now(servers.edit, actor, made.id, {"nickname": "Primeira"}, version=made.version)
        with pytest.raises(Conflict, match="ana"):
            office.do_now(
                servers.edit, actor, made.id, {"nickname": "Segunda"}, version=made.version
            )
    finally:
        other.close_now()
    assert office.ask_now(servers.view, actor, made.id).nickname == "Primeira"
