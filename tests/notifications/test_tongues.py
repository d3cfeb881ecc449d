"""The bell speaks the reader's language, e-mails the installation's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services import language
from services.failure import Failure, Stage
from services.health import facts
from services.notifications import bell
from services.notifications.announce import announce
from services.notifications.by_hand import notify
from services.notifications.templates import words
from services.notifications.types import add_type
from services.outbox import queue, views
from services.registry import companies, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.store.engine import Store
from services.wire import replies


@pytest.fixture(autouse=True)
def portuguese() -> Iterator[None]:
    """Portuguese before and after."""
    language.choose("pt_BR")
    yield
    language.choose("pt_BR")


@pytest.fixture
def boxes(store: Store, actor: Actor, company: CompanyView) -> list[int]:
    """Two sending mailboxes of the company: one may warn of the other."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"notification_email": "dono@padaria.example"})
        drafts = [
            MailboxDraft(
                "send", name, "Padaria", f"{name}@padaria.example", password="x",
                host="127.0.0.1", port=25, security="none", authenticate=False,
            )
            for name in ("nfe", "aviso")
        ]  # fmt: skip
        return [mailboxes.add(session, actor, company.id, d).server_id for d in drafts]


def told(store: Store, actor: Actor, spoken: str, filter: str = "") -> list[tuple[str, str]]:  # noqa: A002
    with store.reading() as session, language.speaking(spoken):
        found = bell.rows(session, actor, ids := bell.ids(session, actor, filter=filter))
        return [(found[i].title, found[i].text) for i in ids]


def test_a_mailbox_out_of_use_is_told_of_in_either(
    store: Store, actor: Actor, boxes: list[int]
) -> None:
    """R46, R47, R52: whoever rings, the reader's language; what they see is what they find."""
    language.speak("en")
    refused = Failure("login", Stage.SIGN_IN, "x", "AADSTS50173: words", permanent=True, code=50173)
    with store.writing() as session:
        facts.note_failure(session, boxes[0], refused)
        (mail,) = (views.show(session, actor, i) for i in views.ids(session, actor))
    ((title, text),) = told(store, actor, "pt_BR")
    assert title == "Caixa nfe@padaria.example inativada: AADSTS50173"
    assert "Acesso expirado no provedor." in text
    assert "O que fazer:" in text
    assert "saiu de uso" in text
    ((title, text),) = told(store, actor, "en")
    assert title == "Mailbox nfe@padaria.example inactivated: AADSTS50173"
    assert "AADSTS50173: words" in text
    assert not {"saiu", "Acesso", "fazer", "expirado"} & {*text.replace(".", " ").split()}
    assert mail.view.subject.startswith("Caixa nfe@padaria.example inativada")
    assert "O que fazer:" in mail.body
    assert told(store, actor, "en", "inactivated")
    assert told(store, actor, "pt_BR", "saiu de uso")
    assert not told(store, actor, "en", "inativada")
    assert not told(store, actor, "pt_BR", "inactivated")


def test_a_refusal_explained_in_either(store: Store, actor: Actor, boxes: list[int]) -> None:
    """R48: what was said when the server refused is retold, its own words stand."""
    refused = Failure(
        "mx:25", Stage.LOGIN, "password", "535 no", permanent=True,
        explanation=replies.explain("password"),
    )  # fmt: skip
    with store.writing() as session:
        for _time in range(facts.MOST_REFUSALS):
            facts.note_failure(session, boxes[0], refused)
    with language.speaking("en"):
        assert replies.explain("password") + " 535 no" in told(store, actor, "en")[0][1]
    assert replies.explain("password") + " 535 no" in told(store, actor, "pt_BR")[0][1]


def test_what_comes_again_counts_in_either(
    store: Store, actor: Actor, company: CompanyView
) -> None:
    """R35, R52: one entry, with the number and the words of all in both; why no e-mail left too."""
    for n, name in ((1, "a"), (2, "b")):
        values = {"email": f"{name}@x.example"}
        with store.writing() as session:
            announce(
                session, partner_id=actor.partner_id, company_id=company.id,
                type_key="document_imported",
                subject=lambda n, values=values: words("document_imported", values, n=n)[0],
                body=words("reading_failed/sign_in", {**values, "reason": name})[1],
                same="x", times=n,
            )  # fmt: skip
    ((title, text),) = told(store, actor, "pt_BR")
    assert title == "3 documentos importados de b@x.example"
    assert text.index("caixa b@x") < text.index("caixa a@x") < text.index("Nenhum e-mail")
    ((title, text),) = told(store, actor, "en")
    assert title == "3 documents imported from b@x.example"
    assert text.index("mailbox b@x") < text.index("mailbox a@x") < text.index("No e-mail")


def test_a_persons_own_words_are_the_same_for_all(
    store: Store, actor: Actor, company: CompanyView
) -> None:
    """R29: but for a type of the partner's with words in both; what is there from before stays."""
    with store.writing() as session:
        add_type(
            session, actor, "estoque", title="Estoque baixo", title_en="Low stock",
            text="Falta {item}", text_en="{item} and {more} are short", by_email=False,
        )  # fmt: skip
        notify(session, actor, company.id, type_key="general", subject="Olá", body="Já")
        notify(session, actor, company.id, type_key="estoque", values={"item": "sal", "more": "ó"})
        notify(session, actor, company.id, type_key="estoque", values={"item": "sal"})
        notify(session, actor, company.id, type_key="general")
    pt, en = told(store, actor, "pt_BR"), told(store, actor, "en")
    assert [title for title, _text in pt] == [
        "Aviso sobre Padaria São João", "Estoque baixo", "Estoque baixo", "Olá",
    ]  # fmt: skip
    assert en[0][0] == "Notice about Padaria São João"
    assert en[1] == pt[1]
    assert en[2] == ("Low stock", "sal and ó are short")
    assert (en[3][0], en[3][1][:2]) == ("Olá", "Já")


def test_an_outbox_refusal_is_retold(store: Store, actor: Actor, company: CompanyView) -> None:
    """R33: the reason that is kept with a recipient shows in the reader's language."""
    with store.writing() as session:
        placed = queue.enqueue(
            session, partner_id=actor.partner_id, company_id=company.id,
            to=["a@x.example", "nada"], subject="x", body="y",
        )  # fmt: skip
    with store.reading() as session:
        pt = views.show(session, actor, placed).view.recipients[1].why
        with language.speaking("en"):
            en = views.show(session, actor, placed).view.recipients[1].why
    assert pt == "endereço de e-mail inválido: nada"
    assert en == "invalid e-mail address: nada"
