"""One new password for every registration of an account: who they are, all or nothing, who may."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from services.errors import InvalidFields, NotAllowed, NotFound, Refused
from services.health import testable
from services.office import Office
from services.registry import companies, imports, links, mailboxes, people, rotation
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft
from services.settings import Settings
from services.store.models import AuditEntry, EmailServer, Health
from tests.registry.branch import family
from tests.registry.partner_servers import LOJA, add, password_of, people_actor

EMAIL = "notas@contabil.example"


@pytest.fixture
def shop(office: Office, actor: Actor) -> CompanyView:
    """Another company of the partner."""
    return office.do_now(companies.add, actor, CompanyDraft(LOJA, "Loja", "Loja Ltda"))


@pytest.fixture
def rui(office: Office, actor: Actor, company: CompanyView) -> Actor:
    """A user of the first company."""
    made = people.UserDraft("rui", "Rui", None, "company", (company.cnpj,))
    office.do_now(people.add_user, actor, made)
    return office.ask_now(people_actor, "rui")


def registered(office: Office, actor: Actor, company: CompanyView, function: str = "send") -> int:
    """The same account, registered on the screen of a company."""
    draft = MailboxDraft(
        function, "Da empresa", "Padaria", EMAIL, None, "velha", host="SMTP.contabil.example"
    )
    return office.do_now(mailboxes.add, actor, company.id, draft).server_id


def test_siblings_are_the_same_user_at_the_same_host(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R15: by user name and SMTP or POP host, whatever their case; nothing else is one."""
    first = add(office, actor)
    at_company = registered(office, actor, company)
    reads = add(
        office,
        actor,
        kind="read",
        nickname="Leitura",
        username="NOTAS@contabil.example",
        email="outro@contabil.example",
    )
    add(office, actor, nickname="Outro usuário", email="b@contabil.example")
    add(office, actor, nickname="Outro host", smtp_host="smtp.x.example", pop_host="pop.x.example")
    add(office, actor, nickname="Sem login", authenticate=False)
    office.do_now(links.link, actor, reads.id, [company.id])
    found = office.ask_now(rotation.siblings, actor, first.id)
    assert [(s.server_id, s.nickname, s.companies_count) for s in found] == [
        (at_company, "Da empresa", 1),
        (reads.id, "Leitura", 1),
    ]
    assert [(s.host, s.email) for s in found] == [
        ("smtp.contabil.example", EMAIL),
        ("pop.contabil.example", "outro@contabil.example"),
    ]


def test_all_get_it_with_a_clean_slate(office: Office, actor: Actor, company: CompanyView) -> None:
    """R48, R55: every one is tried at once again and audited, without the password."""
    ids = [add(office, actor).id, registered(office, actor, company)]
    office.do_now(
        lambda s: s.execute(
            update(EmailServer).values(health=Health.DOWN, refusals=5, health_reason="x")
        )
    )
    assert office.do_now(rotation.rotate, actor, [*ids, ids[0]], "a nova senha") == 2
    rows = office.ask_now(lambda s: s.scalars(select(EmailServer)).all())
    assert [(r.health, r.refusals, r.password_version, r.version) for r in rows] == [
        ("unknown", 0, 2, 2)
    ] * 2
    assert [password_of(office, each) for each in ids] == ["a nova senha"] * 2
    entries = office.ask_now(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all()
    )
    assert [(e.entity_id, e.company_id, e.after) for e in entries] == [
        (ids[0], None, {"password": "***"}),
        (ids[1], company.id, {"password": "***"}),
    ]
    assert not any("nova senha" in f"{e.before} {e.after}" for e in entries)


def test_all_or_nothing(office: Office, actor: Actor) -> None:
    """One that is gone, or a password that cannot be one, and none is changed."""
    made = add(office, actor)
    with pytest.raises(NotFound):
        office.do_now(rotation.rotate, actor, [made.id, 999], "a nova senha")
    for bad in ("", "duas\r\nlinhas", "x" * 1_001):
        with pytest.raises(InvalidFields) as refusal:
            office.do_now(rotation.rotate, actor, [made.id], bad)
        assert refusal.value.field == "password"
    silent = add(office, actor, nickname="Sem login", authenticate=False)
    with pytest.raises(Refused, match="Sem login"):
        office.do_now(rotation.rotate, actor, [made.id, silent.id], "a nova senha")
    assert password_of(office, made.id) == "segredo"


def test_a_second_editor_is_told(office: Office, actor: Actor) -> None:
    """A form that was open meanwhile does not overwrite what was rotated."""
    from services.errors import Conflict
    from services.registry import servers

    made = add(office, actor)
    office.do_now(rotation.rotate, actor, [made.id], "a nova senha")
    with pytest.raises(Conflict, match="ana"):
        office.do_now(servers.edit, actor, made.id, {"password": "x"}, version=made.version)


def test_company_users_reach_only_their_own(
    office: Office,
    actor: Actor,
    company: CompanyView,
    shop: CompanyView,
    rui: Actor,
    settings: Settings,
) -> None:
    """R11, R53: not what others use too, not what they do not see, not without permission."""
    partners = add(office, actor)
    mine, theirs = registered(office, actor, company), registered(office, actor, shop)
    shared = add(office, actor, nickname="Dividida", email="d@contabil.example")
    office.do_now(links.link, actor, shared.id, [company.id, shop.id])
    assert office.ask_now(rotation.siblings, rui, mine) == []
    assert {s.server_id for s in office.ask_now(rotation.siblings, actor, mine)} == {
        partners.id,
        theirs,
    }
    for unseen in (partners.id, theirs):
        with pytest.raises(NotFound):
            office.do_now(rotation.rotate, rui, [mine, unseen], "a nova senha")
        with pytest.raises(NotFound):
            office.ask_now(testable.of_registrations, rui, [unseen], settings)
    with pytest.raises(NotAllowed, match="outras empresas"):
        office.do_now(rotation.rotate, rui, [mine, shared.id], "a nova senha")
    assert password_of(office, mine) == "velha"
    assert office.do_now(rotation.rotate, rui, [mine], "a nova senha") == 1
    office.do_now(companies.edit, actor, company.id, {"may_register": False})
    with pytest.raises(NotAllowed, match="permissão"):
        office.do_now(rotation.rotate, rui, [mine], "outra")


def test_a_copy_goes_by_its_origin(office: Office, actor: Actor, company: CompanyView) -> None:
    """R6: a copy's password is not a company user's to change, but to its origin's; whom to ask."""
    known = family(office, actor, company)
    origin = known.add(company, "vendas")
    copy = office.do_now(imports.from_headquarters, known.rui, known.branch.id, origin.server_id)
    with pytest.raises(NotAllowed, match=r"cópia de Vendas .*ou peça ao parceiro") as refusal:
        office.do_now(rotation.rotate, known.rui, [copy.server_id], "a nova senha")
    assert refusal.value.field == "password"
    with pytest.raises(Refused, match="peça ao parceiro"):
        office.do_now(mailboxes.edit, known.rui, copy.id, {"password": "a nova senha"})
    assert known.password(copy.server_id) == "senha-vendas"

    made = people.UserDraft("lia", "Lia", None, "company", (company.cnpj, known.branch.cnpj))
    office.do_now(people.add_user, actor, made)
    lia = office.ask_now(people_actor, "lia")
    assert office.ask_now(rotation.siblings, lia, copy.server_id) != []
    offered = [s.server_id for s in office.ask_now(rotation.siblings, lia, origin.server_id)]
    assert offered == [copy.server_id]
    with pytest.raises(NotAllowed, match="cópia de Vendas"):
        office.do_now(rotation.rotate, lia, offered, "a nova senha")
    office.do_now(mailboxes.edit, lia, origin.id, {"password": "a nova senha"})
    assert office.do_now(rotation.rotate, lia, offered, "a nova senha") == 1
    (mailbox,) = known.sending()
    assert mailbox.origin is not None
    assert not mailbox.origin.drifted
    both = [copy.server_id, origin.server_id]
    assert office.do_now(rotation.rotate, lia, both, "outra ainda") == 2
    assert office.do_now(rotation.rotate, actor, [copy.server_id], "só da cópia") == 1
