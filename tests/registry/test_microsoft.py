"""Microsoft's tokens go to Microsoft's hosts, and to others at the word of the partner alone (R44)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from services.errors import Refused
from services.registry import access, copying, imports, mailboxes, microsoft, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.registry.microsoft import Identity, MicrosoftDraft
from services.registry.people import UserDraft
from services.settings import Settings
from services.store import secret
from services.store.engine import Store
from services.store.models import EmailServer, SignIn, User

EMAIL = "nfe@padaria.example"
WHO = Identity(EMAIL, "o.t")
AWAY = MicrosoftDraft("send", EMAIL, smtp_host="mail.away.example")


@pytest.fixture
def store(store: Store, settings: Settings) -> Store:
    """An installation with an application registered at Microsoft."""
    store.settings = replace(settings, microsoft_client_id="app")
    return store


@pytest.fixture
def rui(store: Store, actor: Actor, company: CompanyView) -> Actor:
    """A user of the company who may register mailboxes."""
    with store.writing() as session:
        people.add_user(
            session, actor,
            UserDraft("rui", "Rui", "rui@padaria.example", "company", (company.cnpj,)),
        )  # fmt: skip
        row = session.scalars(select(User).where(User.nickname == "rui")).one()
        return access.actor_of(session, row, "rui")


def test_a_company_user_names_no_other_host(
    store: Store, actor: Actor, rui: Actor, company: CompanyView
) -> None:
    """R44, R53: refused before anybody signs in, and after; the partner may."""
    with store.writing() as session:
        for attempt in (
            lambda: microsoft.plan(session, rui, company.id, AWAY),
            lambda: microsoft.add(session, rui, company.id, AWAY, WHO),
        ):
            with pytest.raises(Refused) as refusal:
                attempt()
            assert refusal.value.field == "smtp_host"
        made = microsoft.add(session, rui, company.id, MicrosoftDraft("send", EMAIL), WHO)
        assert made.smtp_host == "smtp.office365.com"
    with store.writing() as session:
        session.delete(session.get_one(EmailServer, made.id))
        session.flush()
        assert microsoft.add(session, actor, company.id, AWAY, WHO).smtp_host == AWAY.smtp_host
        # What the partner has linked there others of its companies may use too (R18).
        other = replace(AWAY, email="outra@padaria.example")
        assert microsoft.plan(session, rui, company.id, other).email == other.email


def test_a_company_user_moves_no_linked_mailbox(
    store: Store, rui: Actor, company: CompanyView
) -> None:
    """R44, R53: nor by editing it."""
    with store.writing() as session:
        microsoft.add(session, rui, company.id, MicrosoftDraft("send", EMAIL), WHO)
        (view,) = mailboxes.list_of(session, rui, company.id)
        with pytest.raises(Refused):
            mailboxes.edit(session, rui, view.id, {"host": "mail.away.example"})
        with pytest.raises(Refused) as refusal:
            mailboxes.edit(session, rui, view.id, {"email": "outra@padaria.example"})
        assert refusal.value.field == "email"


def test_a_mailbox_that_had_a_password_goes_home(
    store: Store, actor: Actor, rui: Actor, company: CompanyView
) -> None:
    """R44, R49: whoever links it, the token does not go where its password went."""
    draft = MailboxDraft(
        "send", "nfe", "Padaria", EMAIL, password="segredo", host="mail.away.example"
    )
    with store.writing() as session:
        server_id = mailboxes.add(session, rui, company.id, draft).server_id
        link = microsoft.plan_again(session, actor, server_id, account="work")
        microsoft.sign_in_again(session, actor, link, WHO)
    with store.reading() as session:
        server = session.get_one(EmailServer, server_id)
        assert (server.smtp_host, server.smtp_port, server.smtp_security) == (
            "smtp.office365.com", 587, "starttls",
        )  # fmt: skip
        assert secret.get(session, "email_server", server_id, "password") is None


def test_a_copy_follows_the_sign_in_of_its_origin(
    store: Store, actor: Actor, company: CompanyView
) -> None:
    """R6, R49: taken over with its secrets; out of step once the origin signs in anew, and back."""
    with store.writing() as session:
        origin = microsoft.add(session, actor, None, MicrosoftDraft("send", EMAIL), WHO)
        secret.put(session, "email_server", origin.id, "sign_in", "first")
        copy = imports.from_partner(session, actor, company.id, origin.id)
        assert secret.get(session, "email_server", copy.server_id, "sign_in") == "first"
        session.add(SignIn(server_id=copy.server_id, trouble="53003", failures=3))
        microsoft.sign_in_again(
            session, actor, microsoft.plan_again(session, actor, origin.id), WHO
        )
        secret.put(session, "email_server", origin.id, "sign_in", "second")
        view = mailboxes.view(session, actor, copy.id)
        assert view.origin is not None
        assert view.origin.drifted
        view = copying.resync(session, actor, copy.id)
        assert view.origin is not None
        assert not view.origin.drifted
        assert (view.mechanism, view.account) == ("xoauth2", EMAIL)
        assert secret.get(session, "email_server", copy.server_id, "sign_in") == "second"
        assert session.get(SignIn, copy.server_id, populate_existing=True) is None
