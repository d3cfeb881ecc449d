"""Announcing: one notification, one e-mail, one entry in the bell, in one transaction."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.notifications import bell
from services.notifications.announce import Announced, announce
from services.notifications.types import add_type, types
from services.outbox import views
from services.outbox.queue import MOST_RECIPIENTS
from services.registry import companies, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.store.engine import Store
from services.store.notices import NotificationEmail, Subscription


@pytest.fixture
def box(store: Store, actor: Actor, company: CompanyView) -> int:
    """A sending mailbox of the company."""
    draft = MailboxDraft(
        "send", "saida", "Padaria", "nfe@padaria.example", password="x",
        host="127.0.0.1", port=25, security="none", authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        return mailboxes.add(session, actor, company.id, draft).id


def tell(store: Store, company: CompanyView, actor: Actor, **given: object) -> Announced:
    values = {
        "partner_id": actor.partner_id,
        "company_id": company.id,
        "type_key": "general",
        "subject": "Olá",
        "body": "Corpo",
        **given,
    }
    with store.writing() as session:
        return announce(session, **values)  # type: ignore[arg-type]


def test_one_email_to_all_and_one_entry(
    store: Store, actor: Actor, company: CompanyView, box: int
) -> None:
    """R26, R27: every address of the company's data, once, visible to each other."""
    with store.writing() as session:
        companies.edit(
            session, actor, company.id, {"notification_email": "a@x.example; b@x.example"}
        )
    told = tell(store, company, actor, cause=("mailbox", box))
    assert told.outbox_id is not None
    with store.reading() as session:
        mail = views.show(session, actor, told.outbox_id)
        (entry,) = bell.feed(session, actor)
    assert [r.address for r in mail.view.recipients] == ["a@x.example", "b@x.example"]
    assert (entry.title, entry.text, entry.type, entry.severity) == (
        "Olá", "Corpo", "general", "info",
    )  # fmt: skip
    assert (entry.company, entry.read, entry.cause_kind, entry.cause_id) == (
        company.cnpj, False, "mailbox", box,
    )  # fmt: skip


def test_the_same_key_is_told_once(
    store: Store, actor: Actor, company: CompanyView, box: int
) -> None:
    """R35."""
    first = tell(store, company, actor, key="k")
    again = tell(store, company, actor, key="k", subject="Outro")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert (again.outbox_id, again.bell_id) == (first.outbox_id, first.bell_id)
    with store.reading() as session:
        assert len(views.ids(session, actor)) == len(bell.ids(session, actor)) == 1


def test_without_a_way_out_the_bell_says_why(
    store: Store, actor: Actor, company: CompanyView
) -> None:
    """R28, R46."""
    assert tell(store, company, actor).outbox_id is None
    with store.writing() as session:
        (entry,) = bell.feed(session, actor)
        assert "não tem caixa de envio ativa" in entry.text
        companies.edit(session, actor, company.id, {"notification_email": None})
    assert tell(store, company, actor).outbox_id is None
    with store.reading() as session:
        assert "não há e-mail para notificações" in bell.feed(session, actor)[0].text


def test_nothing_stays_of_what_was_rolled_back(
    store: Store, actor: Actor, company: CompanyView, box: int
) -> None:
    def fail(session: Session) -> None:
        announce(
            session, partner_id=actor.partner_id, company_id=company.id,
            type_key="general", subject="x", body="y",
        )  # fmt: skip
        raise RuntimeError

    with pytest.raises(RuntimeError), store.writing() as session:
        fail(session)
    with store.reading() as session:
        assert not views.ids(session, actor)
        assert not bell.feed(session, actor)


def test_types_are_those_of_the_rules(store: Store, actor: Actor, company: CompanyView) -> None:
    """R29."""
    assert len(types()) == 13
    assert types()["mailbox_inactivated"].severity == "error"
    with pytest.raises(NotFound, match="desconhecido"):
        tell(store, company, actor, type_key="nada")


def test_hostile_text_is_inert(store: Store, actor: Actor, company: CompanyView, box: int) -> None:
    told = tell(store, company, actor, subject="x\x1b]52;c;AAAA\x07\r\nBcc: z@z", body="\x9b2J")
    assert told.outbox_id is not None
    with store.reading() as session:
        mail = views.show(session, actor, told.outbox_id)
        (entry,) = bell.feed(session, actor)
    for text in (mail.view.subject, mail.body, entry.title, entry.text):
        assert not any(c in text for c in "\x1b\x07\r\x9b")


@pytest.mark.parametrize("by_bell", [True, False])
def test_more_addresses_than_an_email_takes(
    store: Store, actor: Actor, company: CompanyView, box: int, by_bell: bool
) -> None:
    """R26, R45: nothing that has to be told fails for the number of those who are to know."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": "dono@x.example"})
        add_type(session, actor, "muitos", title="Muitos", by_bell=by_bell)
        those = [f"a{n}@x.example" for n in range(MOST_RECIPIENTS + 1)]
        rows = [NotificationEmail(partner_id=actor.partner_id, email=a, email_key=a) for a in those]
        session.add_all(rows)
        session.flush()
        links = [{"email_id": row.id, "company_id": company.id} for row in rows]
        session.add_all(Subscription(**link, type_key="muitos") for link in links)
    told = tell(store, company, actor, type_key="muitos")
    assert told.outbox_id is not None
    with store.reading() as session:
        mail = views.show(session, actor, told.outbox_id)
        (entry,) = bell.feed(session, actor)
    addresses = [r.address for r in mail.view.recipients]
    assert (len(addresses), addresses[0]) == (MOST_RECIPIENTS, "dono@x.example")
    assert "2 endereços inscritos não receberam" in entry.text
