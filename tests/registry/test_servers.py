"""The partner's e-mail servers: registering, finding, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from services.errors import InvalidFields, NotAllowed, NotFound
from services.health import testable
from services.office import Office
from services.registry import links, mailboxes, relay, servers
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.settings import Settings
from services.store.models import AuditEntry, EmailServer
from tests.registry.partner_servers import (
    LOJA,
    PADARIA,
    add,
    draft,
    edit,
    found,
    password_of,
)
from tests.store_fixtures import PARTNER_KEY


def test_registered_with_its_values_and_secret(office: Office, actor: Actor) -> None:
    """R15, R17: everything is kept, the usual values fill in, no company is linked yet."""
    made = add(office, actor)
    assert (made.kind, made.username, made.active) == ("both", "notas@contabil.example", True)
    assert (made.smtp_port, made.smtp_security) == (465, "tls")
    assert (made.pop_port, made.pop_security) == (995, "tls")
    assert (made.companies_count, made.companies, made.created_by) == (0, (), "ana")
    assert office.ask_now(servers.list_servers, actor) == [made]
    assert password_of(office, made.id) == "segredo"
    told = office.ask_now(
        lambda s: [f"{e.action} {e.before} {e.after}" for e in s.scalars(select(AuditEntry))]
    )
    assert any("notas@contabil.example" in each and "***" in each for each in told)
    for secret_word in ("segredo", PARTNER_KEY):
        assert not any(secret_word in each for each in [*told, repr(draft()), repr(made)])


@pytest.mark.parametrize(
    ("kind", "needs", "empty"), [("send", "smtp", "pop"), ("read", "pop", "smtp")]
)
def test_a_kind_needs_only_its_protocol(
    office: Office, actor: Actor, kind: str, needs: str, empty: str
) -> None:
    """R17: sending needs SMTP only, reading POP only; the other's values are not kept."""
    with pytest.raises(InvalidFields) as refusal:
        add(office, actor, kind=kind, **{f"{needs}_host": None})
    assert refusal.value.field == f"{needs}_host"
    made = add(office, actor, kind=kind)
    assert getattr(made, f"{needs}_host")
    assert getattr(made, f"{empty}_host") is None
    assert getattr(made, f"{empty}_port") is None


def test_every_error_at_once(office: Office, actor: Actor) -> None:
    """R17, R22: each under its own field, and nothing is saved."""
    with pytest.raises(InvalidFields) as refusal:
        add(
            office,
            actor,
            nickname="",
            email="x",
            password=None,
            partner_key="",
            smtp_host="a b",
            smtp_port=0,
            pop_host=None,
            pop_security="ssl3",
            timeout=0,
            delete_after="depois",
        )
    assert {e.field for e in refusal.value.errors} == {
        *("nickname", "email", "password", "partner_key", "timeout", "delete_after"),
        *("smtp_host", "smtp_port", "pop_host", "pop_security"),
    }
    with pytest.raises(InvalidFields) as refusal:
        add(office, actor, kind="relay")
    assert refusal.value.field == "kind"
    assert not office.ask_now(lambda s: s.scalars(select(EmailServer)).all())


@pytest.mark.parametrize("key", ["", "outra", PARTNER_KEY.upper(), PARTNER_KEY[:-1], "chave\n"])
def test_the_partner_key_is_the_partners_own(office: Office, actor: Actor, key: str) -> None:
    """R22: a clear error on its field, which does not tell the right one; case matters."""
    with pytest.raises(InvalidFields) as refusal:
        add(office, actor, partner_key=key)
    (error,) = refusal.value.errors
    assert error.field == "partner_key"
    assert PARTNER_KEY not in error.message
    made = add(office, actor)
    with pytest.raises(InvalidFields):
        edit(office, actor, made, nickname="Outro", partner_key=key)
    assert edit(office, actor, made, nickname="Outro", partner_key=PARTNER_KEY).version == 2


def test_known_values_fill_in(office: Office, actor: Actor) -> None:
    """R18: the same host first, then the provider; what was typed is never replaced."""
    add(office, actor, smtp_port=2525, smtp_security="starttls", pop_port=1995, timeout=7)

    def known(kind: str, email: str, **hosts: str) -> dict[str, Any]:
        return office.ask_now(servers.prefill, actor, kind, email, **hosts)

    same = known("both", "outra@contabil.example")
    assert (same["smtp_host"], same["smtp_port"]) == ("smtp.contabil.example", 2525)
    assert (same["pop_host"], same["pop_port"]) == ("pop.contabil.example", 1995)
    assert (same["timeout"], same["verify_certificate"]) == (7, True)
    assert "segredo" not in str(same)
    beside = known("both", "x@de-fora.example", smtp_host="SMTP.contabil.example")
    assert (beside["smtp_port"], beside["pop_port"]) == (2525, 1995)
    gmail = known("both", "padaria@gmail.com")
    assert (gmail["smtp_host"], gmail["pop_host"]) == ("smtp.gmail.com", "pop.gmail.com")
    assert known("send", "x@nowhere.example") == {}
    assert known("both", "x@\0nowhere.example\udc80", smtp_host="a\0b") == {}
    second = add(office, actor, email="b@contabil.example", smtp_host=None, pop_port=110)
    assert (second.smtp_host, second.smtp_port) == ("smtp.contabil.example", 2525)
    assert (second.pop_port, second.pop_security) == (110, "starttls")
    third = add(office, actor, email="c@outro.example", kind="send")
    assert (third.smtp_port, third.smtp_security) == (2525, "starttls")


def test_the_filters_apart_and_together(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView, rui: Actor
) -> None:
    """R16: CNPJ, company, address, user; accents, case and masks do not matter; all must hold."""
    one = add(office, actor, email="recebe@contabil.example", nickname="Um")
    two = add(office, actor, email="notas@loja.example", nickname="Dois", kind="send")
    office.do_now(links.link, actor, one.id, [company.id])
    office.do_now(links.link, actor, two.id, [shop.id])
    mine = office.do_now(
        mailboxes.add,
        rui,
        company.id,
        MailboxDraft("send", "Da padaria", "Padaria", "padaria@x.example", None, "s", host="h.x"),
    ).server_id
    assert found(office, actor) == sorted([one.id, two.id, mine])
    for cnpj in (PADARIA, "11.222.333/0001-81", "222333", " 11.222 "):
        assert found(office, actor, cnpj=cnpj) == sorted([one.id, mine]), cnpj
    for cnpj in ("12.abc.345/01de-35", "ABC345"):
        assert found(office, actor, cnpj=cnpj) == [two.id], cnpj
    for words in ("sao joao", "SÃO", "João padaria"):
        assert found(office, actor, company=words) == sorted([one.id, mine]), words
    assert found(office, actor, email="NOTAS@loja") == [two.id]
    assert found(office, actor, user="jose") == sorted([one.id, mine])
    assert found(office, actor, user="ANA") == sorted([one.id, two.id])
    both = {"cnpj": PADARIA, "company": "joao", "email": "recebe", "user": "rui"}
    assert found(office, actor, **both) == [one.id]
    assert found(office, actor, **both | {"email": "notas@loja"}) == []
    assert found(office, actor, cnpj=PADARIA, company="loja") == []
    assert found(office, actor, cnpj="9" * 14) == []
    assert found(office, actor, cnpj="./-") == found(office, actor)
    for odd in ("%", "_", "\0", "\udc80", "'"):
        found(office, actor, cnpj=odd, company=odd, email=odd, user=odd)
    assert found(office, actor, email="%") == []


def test_lists_rows_and_counts(
    office: Office, actor: Actor, company: CompanyView, shop: CompanyView
) -> None:
    """R15: how many companies; a company that sends and reads by one server counts once."""
    many = add(office, actor, nickname="Ágata")
    none = add(office, actor, nickname="Bloco", email="b@contabil.example", active=False)
    office.do_now(links.link, actor, many.id, [company.id, shop.id])
    listed = office.ask_now(servers.list_servers, actor)
    assert [(s.nickname, s.companies_count, s.companies) for s in listed] == [
        ("Ágata", 2, (PADARIA, LOJA)),
        ("Bloco", 0, ()),
    ]
    rows = office.ask_now(servers.rows, actor, [none.id, many.id, 99])
    assert [(i, r.companies_count, r.companies) for i, r in rows.items()] == [
        (none.id, 0, ()),
        (many.id, 2, ()),
    ]

    def ids(**how: Any) -> list[int]:
        return list(office.ask_now(servers.ids, actor, **how))

    assert ids(status="active") == [many.id]
    assert ids(status="inactive") == [none.id]
    assert ids(filter="bloco") == [none.id]
    assert ids(filter="smtp.contabil") == [many.id, none.id]
    assert ids(descending=True) == [none.id, many.id]
    assert ids(sort="companies") == [none.id, many.id]
    assert ids(sort="companies", descending=True) == [many.id, none.id]
    assert ids(sort="email") == [none.id, many.id]
    assert ids(sort="status", descending=True) == [many.id, none.id]
    assert ids(sort="kind") == [many.id, none.id]


def test_what_a_company_registers_is_a_server_too(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R10: a mailbox of *Caixas de E-mail* is in the partner's list, with its company."""
    made = office.do_now(
        mailboxes.add,
        actor,
        company.id,
        MailboxDraft("read", "Entrada", "", "entrada@x.example", None, "s", host="pop.x"),
    )
    (server,) = office.ask_now(servers.list_servers, actor)
    assert (server.id, server.kind, server.companies) == (made.server_id, "read", (PADARIA,))
    assert (server.pop_host, server.smtp_host) == ("pop.x", None)


def test_only_for_the_partner(
    office: Office, actor: Actor, company: CompanyView, rui: Actor, settings: Settings
) -> None:
    """R53: company users neither see nor change the partner's servers."""
    made = add(office, actor)
    for refused in (
        lambda: office.ask_now(servers.ids, rui),
        lambda: office.ask_now(servers.rows, rui, [made.id]),
        lambda: office.ask_now(servers.list_servers, rui),
        lambda: office.ask_now(servers.view, rui, made.id),
        lambda: office.do_now(servers.add, rui, draft()),
        lambda: office.do_now(servers.edit, rui, made.id, {"nickname": "x"}),
        lambda: office.do_now(servers.remove, rui, made.id),
        lambda: office.do_now(links.link, rui, made.id, [company.id]),
        lambda: office.do_now(links.unlink, rui, made.id, [company.id]),
        lambda: office.ask_now(links.linked, rui, made.id),
        lambda: office.ask_now(links.by_cnpj, rui, [company.cnpj]),
        lambda: office.ask_now(testable.of_server, rui, made.id, settings),
        lambda: office.ask_now(testable.of_server_draft, rui, draft(), None, settings),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_the_relay_is_no_server_of_the_list(
    office: Office, actor: Actor, company: CompanyView, settings: Settings
) -> None:
    """R14: the partner's own relay is neither listed, found, edited, linked nor removed here."""
    office.do_now(
        relay.set_relay,
        actor,
        {"host": "smtp.contabil.example", "port": 2525, "email": "r@c.example"},
    )
    (number,) = office.ask_now(lambda s: s.scalars(select(EmailServer.id)).all())
    assert office.ask_now(servers.list_servers, actor) == []
    assert office.ask_now(servers.rows, actor, [number]) == {}
    known = office.ask_now(
        servers.prefill, actor, "send", "x@y.example", smtp_host="smtp.contabil.example"
    )
    assert known == {}
    assert office.ask_now(links.linked, actor, number) == frozenset()
    for refused in (
        lambda: office.ask_now(servers.view, actor, number),
        lambda: office.do_now(servers.edit, actor, number, {"nickname": "x"}),
        lambda: office.do_now(servers.remove, actor, number),
        lambda: office.do_now(links.link, actor, number, [company.id]),
        lambda: office.ask_now(testable.of_server, actor, number, settings),
    ):
        with pytest.raises(NotFound):
            refused()


def test_what_is_tested(office: Office, actor: Actor, settings: Settings) -> None:
    """R8, R19: the protocols of the kind; a form without a password uses the saved one."""
    made = add(office, actor, kind="read")
    saved = office.ask_now(testable.of_server, actor, made.id, settings)
    assert (saved.smtp, saved.login.secret if saved.login else None) == (None, "segredo")
    typed = draft(password=None, partner_key="", timeout=3, verify_certificate=False)
    account = office.ask_now(testable.of_server_draft, actor, typed, made.id, settings)
    assert account.login is not None
    assert account.login.secret == "segredo"
    assert account.smtp is not None
    assert account.pop is not None
    assert (account.smtp.host, account.smtp.port) == ("smtp.contabil.example", 465)
    assert (account.pop.host, account.pop.timeout) == ("pop.contabil.example", 3.0)
    assert not account.pop.verify_certificate
    sending = office.ask_now(
        testable.of_server_draft, actor, draft(kind="send", pop_host=None), None, settings
    )
    assert sending.pop is None
    with pytest.raises(InvalidFields) as refusal:
        office.ask_now(testable.of_server_draft, actor, draft(password=None), None, settings)
    assert refusal.value.field == "password"
