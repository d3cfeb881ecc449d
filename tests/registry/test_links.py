"""Linking companies to a server of the partner, and unlinking them."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from sqlalchemy import Table, insert, select

from services.errors import Invalid, NotAllowed, NotFound
from services.office import Office
from services.registry import companies, links, mailboxes, people, search, servers
from services.registry.access import Actor, actor_of, user_named
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.links import LinkOutcome
from services.registry.mailboxes import MailboxDraft
from services.registry.servers import ServerView
from services.store.models import AuditEntry, Company, Mailbox
from tests.registry.partner_servers import LOJA, PADARIA, add, cnpj_number

MANY = 10_000


def link(office: Office, actor: Actor, server: ServerView, *company_ids: int) -> LinkOutcome:
    return office.do_now(links.link, actor, server.id, company_ids)


def listed(office: Office, actor: Actor, company: CompanyView) -> list[tuple[str, str, int]]:
    found = office.ask_now(mailboxes.list_of, actor, company.id)
    return [(m.function, m.email, m.position) for m in found]


@pytest.fixture
def shop(office: Office, actor: Actor) -> CompanyView:
    """Another company of the partner, without Document Import."""
    return office.do_now(companies.add, actor, CompanyDraft(LOJA, "Loja", "Loja Ltda"))


def test_linked_companies_see_it_at_once(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R20: in their own list, also for their own users; R3: reading shows with Document Import."""
    people_of = people.UserDraft("rui", "Rui", None, "company", (company.cnpj,))
    office.do_now(people.add_user, actor, people_of)
    rui = office.ask_now(lambda s: actor_of(s, user_named(s, "rui")))  # type: ignore[arg-type]
    server = add(office, actor)
    assert link(office, actor, server, company.id, shop.id) == LinkOutcome(2, 0, ())
    email = server.email
    assert listed(office, rui, company) == [("send", email, 0), ("read", email, 0)]
    assert listed(office, actor, shop) == [("send", email, 0)]
    assert office.ask_now(servers.view, actor, server.id).companies == (PADARIA, LOJA)
    assert office.ask_now(links.linked, actor, server.id) == {company.id, shop.id}
    assert link(office, actor, server, company.id, shop.id, shop.id) == LinkOutcome(0, 2, ())
    shared = office.ask_now(mailboxes.list_of, rui, company.id)[0]
    assert shared.companies == (PADARIA,)
    with pytest.raises(NotAllowed, match="outras empresas"):
        office.do_now(mailboxes.edit, rui, shared.id, {"nickname": "minha"})


def test_a_new_link_is_the_last_of_its_list(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R13: what the company had is tried before."""
    own = MailboxDraft("send", "Da casa", "Padaria", "casa@x.example", None, "s", host="h.x")
    office.do_now(mailboxes.add, actor, company.id, own)
    server = add(office, actor, kind="send")
    link(office, actor, server, company.id)
    assert listed(office, actor, company) == [
        ("send", "casa@x.example", 0),
        ("send", server.email, 1),
    ]


def test_each_refusal_has_its_reason_and_stops_no_other(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R2, R3, R7: the relay, a reader without Document Import, an address in use, one that is gone."""
    relayed = office.do_now(
        companies.add,
        actor,
        CompanyDraft(cnpj_number(1), "Com relay", "R", document_import=True, invoicy_mail=True),
    )
    clashing = office.do_now(
        companies.add, actor, CompanyDraft(cnpj_number(2), "Já usa", "J", document_import=True)
    )
    reader = add(office, actor, kind="read", email="Entrada@x.example")
    own = MailboxDraft("send", "Sua", "J", "entrada@X.example", None, "s", host="h.x")
    office.do_now(mailboxes.add, actor, clashing.id, own)
    outcome = link(office, actor, reader, company.id, shop.id, relayed.id, clashing.id, 999)
    assert outcome.linked == 1
    assert {r.company_id: (r.cnpj, r.nickname) for r in outcome.refused} == {
        shop.id: (LOJA, "Loja"),
        relayed.id: (relayed.cnpj, "Com relay"),
        clashing.id: (clashing.cnpj, "Já usa"),
        999: ("", ""),
    }
    why = {r.company_id: r.why for r in outcome.refused}
    assert "Importação de Documentos" in why[shop.id]
    assert "InvoiCy Mail" in why[relayed.id]
    assert "envio" in why[clashing.id]
    assert listed(office, actor, company) == [("read", "Entrada@x.example", 0)]
    assert office.ask_now(links.linked, actor, reader.id) == {company.id}


def test_an_address_comes_once_to_a_company(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R7: another registration of the address is refused, of kind both as well."""
    first = add(office, actor, kind="send")
    link(office, actor, first, company.id)
    for kind, words in (("send", "já está cadastrado"), ("read", "envio"), ("both", "já está")):
        again = add(office, actor, kind=kind, nickname=kind)
        (refused,) = link(office, actor, again, company.id).refused
        assert words in refused.why, kind


def test_kind_both_is_the_exception(office: Office, actor: Actor, company: CompanyView) -> None:
    """R7: only a partner's server of kind both serves both functions by one address."""
    server = add(office, actor, kind="both")
    link(office, actor, server, company.id)
    assert [function for function, _email, _place in listed(office, actor, company)] == [
        "send",
        "read",
    ]


def test_unlinking_leaves_the_server(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R20: the company loses it, the partner keeps it, also after the last company."""
    server = add(office, actor)
    link(office, actor, server, company.id, shop.id)
    assert office.do_now(links.unlink, actor, server.id, [shop.id, shop.id, 999]) == 1
    assert office.do_now(links.unlink, actor, server.id, [company.id]) == 1
    assert office.do_now(links.unlink, actor, server.id, [company.id]) == 0
    assert listed(office, actor, company) == []
    assert office.ask_now(servers.view, actor, server.id).companies_count == 0


def test_every_company_has_it_in_its_trail(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R55: who linked and unlinked what, for each company."""
    server = add(office, actor)
    link(office, actor, server, company.id, shop.id)
    office.do_now(links.unlink, actor, server.id, [company.id])
    trail = office.ask_now(
        lambda s: [
            (e.action, e.entity, e.entity_id, e.company_id, e.before, e.after)
            for e in s.scalars(
                select(AuditEntry)
                .where(AuditEntry.action.in_(("link", "unlink")))
                .order_by(AuditEntry.id)
            )
        ]
    )
    told = {"email": server.email, "functions": ["read", "send"]}
    assert trail == [
        ("link", "email_server", server.id, company.id, None, told),
        ("link", "email_server", server.id, shop.id, None, told),
        ("unlink", "email_server", server.id, company.id, told, None),
    ]


def test_companies_by_cnpj(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R20: with or without mask, each once; every one that is wrong or unknown is named."""
    typed = ["12.abc.345/01de-35", PADARIA, LOJA]
    assert office.ask_now(links.by_cnpj, actor, typed) == [shop.id, company.id]
    with pytest.raises(NotFound) as unknown:
        office.ask_now(links.by_cnpj, actor, [PADARIA, cnpj_number(1), cnpj_number(2)])
    from services.fiscal.cnpj import masked

    for number in (cnpj_number(1), cnpj_number(2)):
        assert masked(number) in unknown.value.message
    with pytest.raises(Invalid) as wrong:
        office.ask_now(links.by_cnpj, actor, ["123", PADARIA, "11222333000182"])
    assert "123" in wrong.value.message
    assert "11222333000182" in wrong.value.message
    assert wrong.value.field == "company"


def test_of_another_partner_is_not_there(office: Office, actor: Actor) -> None:
    """R53: neither its servers nor its companies can be linked."""
    server = add(office, actor)

    def stranger(session: Any) -> int:
        from services.store.models import Partner

        other = Partner(name="Outro", partner_key="outra")
        session.add(other)
        session.flush()
        company = Company(partner_id=other.id, cnpj=PADARIA, nickname="Alheia", legal_name="A")
        session.add(company)
        session.flush()
        return company.id

    theirs = office.do_now(stranger)
    (refused,) = link(office, actor, server, theirs).refused
    assert (refused.cnpj, refused.nickname) == ("", "")
    with pytest.raises(NotFound):
        office.do_now(links.link, actor, 999, [theirs])


def test_ten_thousand_in_a_few_seconds(office: Office, actor: Actor) -> None:
    """R20: linked and unlinked at once, every one audited."""
    server = add(office, actor)
    numbers = office.do_now(make_companies, actor, MANY)
    began = time.monotonic()
    outcome = office.do_now(links.link, actor, server.id, numbers)
    took = time.monotonic() - began
    assert (outcome.linked, outcome.already, outcome.refused) == (MANY, 0, ())
    assert took < 15
    assert office.do_now(links.link, actor, server.id, numbers).already == MANY
    assert office.do_now(links.unlink, actor, server.id, numbers) == MANY
    count = office.ask_now(
        lambda s: [s.query(AuditEntry).filter_by(action=a).count() for a in ("link", "unlink")]
    )
    assert count == [MANY, MANY]
    assert not office.ask_now(lambda s: s.scalars(select(Mailbox.id)).all())


def make_companies(session: Any, actor: Actor, count: int) -> list[int]:
    """Companies, without the checks of one by one."""
    rows = [
        {
            "partner_id": actor.partner_id,
            "cnpj": cnpj_number(n),
            "nickname": f"Empresa {n}",
            "legal_name": f"Empresa {n} Ltda",
            "nickname_key": search.key(f"Empresa {n}", most=120),
            "search_key": search.key(f"Empresa {n}", cnpj_number(n), most=400),
        }
        for n in range(count)
    ]
    session.execute(insert(cast(Table, Company.__table__)), rows)
    return list(session.scalars(select(Company.id).order_by(Company.id)))
