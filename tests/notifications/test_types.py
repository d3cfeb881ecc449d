"""Types are data: titles, templates in both languages, severity, and where they go (R29)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services import language
from services.errors import InvalidFields
from services.notifications import bell, types
from services.notifications.by_hand import notify
from services.notifications.templates import fill, templates
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.notices import Notification


def test_each_has_words_for_its_occasions() -> None:
    """R29: and every occasion is one of a type."""
    known = types.types()
    assert all(each.title and each.text for each in known.values())
    assert {occasion.partition("/")[0] for occasion in templates()} == known.keys()


@pytest.mark.parametrize(
    "template", ["{0}", "{x.y}", "{x[0]}", "{x!r}", "{x:>9}", "{", "a } b", "{X}", "{ x }"]
)
def test_a_template_reaches_names_alone(store: Store, actor: Actor, template: str) -> None:
    """R29: neither attributes nor items nor formats."""
    with store.writing() as session, pytest.raises(InvalidFields):
        types.add_type(session, actor, "novo", title="t", text=template)


def test_values_are_not_looked_at_again() -> None:
    """R29: what a value says stays what it says; a line of empty values goes."""
    assert fill("{a} {{b}}", {"a": "{b}", "b": "x"}) == "{b} {b}"
    assert fill("um\n\nR: {a}\ndois {a}{b}", {"a": "", "b": "x"}) == "um\ndois x"


def test_in_the_language_of_the_installation(
    store: Store, settings: Settings, actor: Actor, company: CompanyView
) -> None:
    """R29: of the settings, for what is sent, whatever the person at hand reads."""
    with store.writing() as session:
        types.add_type(
            session, actor, "boleto", title="Boleto vencido", text="De {company}.",
            title_en="Bill due", text_en="Of {company}.",
        )  # fmt: skip
    english = open_store(replace(settings, language="en"))
    for place, (title, text) in (
        (store, ("Boleto vencido", f"De {company.nickname}.")),
        (english, ("Bill due", f"Of {company.nickname}.")),
    ):
        with place.writing() as session:
            made = notify(session, actor, company.id, type_key="boleto")
            told = session.get_one(Notification, made.notification_id)
        assert (told.subject, told.body) == (title, text)
    english.close()
    assert language.chosen() == "pt_BR"


def test_a_frame_round_the_text(store: Store, actor: Actor, company: CompanyView) -> None:
    """R29: a template with a place for the body keeps its own words round it."""
    with store.writing() as session:
        types.add_type(session, actor, "carta", title="Carta", text="Prezados,\n{body}\nAté logo")
        notify(session, actor, company.id, type_key="carta", body="{company} & {x}")
        (entry,) = bell.feed(session, actor)
    assert entry.text.startswith("Prezados,\n{company} & {x}\nAté logo")


def test_where_a_type_goes(store: Store, actor: Actor, company: CompanyView) -> None:
    """R28, R29: both, bell only, e-mail only; the last rings when no e-mail can leave."""
    draft = MailboxDraft(
        "send", "saida", "Padaria", "nfe@padaria.example", password="x",
        host="127.0.0.1", port=25, security="none", authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        types.add_type(session, actor, "ambos", title="Ambos", text="x")
        types.add_type(session, actor, "sino", title="Sino", text="x", by_email=False)
        types.add_type(session, actor, "carta", title="Carta", text="x", by_bell=False)
        with pytest.raises(InvalidFields):
            types.add_type(session, actor, "nada", title="N", by_bell=False, by_email=False)
        lost = notify(session, actor, company.id, type_key="carta")
        mailboxes.add(session, actor, company.id, draft)
        told = [
            notify(session, actor, company.id, type_key=key) for key in ("ambos", "sino", "carta")
        ]
    assert lost.bell_id is not None
    assert [(t.outbox_id is not None, t.bell_id is not None) for t in told] == [
        (True, True), (False, True), (True, False),
    ]  # fmt: skip
