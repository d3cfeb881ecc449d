"""Another language in the running console: at once, whole, and kept for the person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services import language
from services.clock import now
from services.notifications.announce import announce
from services.notifications.templates import words
from services.outbox import queue
from services.registry import access, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.people import UserDraft
from services.store.engine import Store
from services.store.models import EmailServer
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_server
from tui_app.makers import MAKERS


@pytest.fixture(autouse=True)
def portuguese() -> Iterator[None]:
    """Portuguese before and after."""
    language.choose("pt_BR")
    yield
    language.choose("pt_BR")


def put(store: Store, actor: Actor, company: CompanyView, *subjects: str) -> None:
    with store.writing() as session:
        for subject in subjects:
            queue.enqueue(
                session, partner_id=actor.partner_id, company_id=company.id,
                to=["cliente@loja.example"], subject=subject, body="Segue a nota.",
            )  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_screen_follows_and_stands_where_it_stood(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """Panel, title, headers, states and keys follow; cursor, marks, filter and state stay."""
    put(store, actor, company, "Nota 1", "Boleto 1", "Boleto 2", "Boleto 3")
    async with console((130, 30)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Fila de envio", "Boleto 3")
        await c.press("s", "slash", *"boleto", "enter")
        await c.shows("3 de 4", "só o que espera")
        await c.press("end", "space")
        await c.shows("1 marcada")
        was = c.app.screen.list.current  # type: ignore[attr-defined]
        await c.press("I")
        await c.shows("Outbox", "Control Panel", "3 of 4", "only what waits", "Queued", "1 marked")
        assert "Fila" not in c.text
        assert "Assunto" not in c.text
        listed = c.app.screen.list  # type: ignore[attr-defined]
        await c.until(lambda: listed.current == was, "the row")
        assert listed.has_focus
        await c.press("I")
        await c.shows("Fila de envio", "só o que espera", "Na fila")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_status_is_cut_in_neither_language(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R50: and every column of Saúde stays where the panel leaves the least room."""
    made = add_server(store, actor, "Notas")
    with store.writing() as session:
        server = session.get_one(EmailServer, made.id)
        server.active, server.inactive_code, server.health = False, 50173, "down"
        server.inactive_reason, server.inactive_since = "A senha foi trocada.", now()
    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("9")
        await c.shows("▲ Inativada ", "Na fila")
        await c.press("I")
        await c.shows("▲ Inactivated ", "Queued")


async def test_kept_for_the_person_alone(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R54, R55: the next start speaks it from the first screen on; it is on record; others keep theirs."""
    with store.writing() as session:
        people.add_user(session, actor, UserDraft("rui", "Rui", None, "partner"))
    async with console() as c:
        await c.at_home()
        await c.press("I")
        await c.shows("Control Panel", "unread")
    with store.reading() as session:
        kept = access.identify(session, nickname=None, owns_state=True)
        other = access.identify(session, nickname="rui", owns_state=True)
    assert (kept.language, other.language) == ("en", None)
    language.choose("pt_BR")
    async with console() as c:
        await c.in_front("FirstSteps")
        await c.shows("Control Panel", "First steps")
        await c.press("escape")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")
        await c.press("0")
        await c.shows("Audit", "user: changed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_bell_and_its_toasts_follow(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: what rang before too; the filter finds what is seen."""

    def import_one(box: str) -> None:
        with store.writing() as session:
            subject, body = words("document_imported", {"email": f"{box}@x.example"})
            announce(
                session, partner_id=actor.partner_id, company_id=company.id,
                type_key="document_imported", subject=subject, body=body, by_email=False,
            )  # fmt: skip

    import_one("um")
    async with console((120, 30)) as c:
        await c.at_home()
        await c.press("b")
        await c.shows("1 documento importado de um@x.example")
        await c.press("I")
        await c.shows("1 document imported from um@x.example")
        await c.press("slash", *"imported from", "enter")
        await c.shows("1 of 1")
        await c.press("escape", "6")
        await c.shows("Outbox")
        import_one("dois")
        told = c.app._notifications
        await c.until(lambda: any("imported from dois" in n.message for n in told), "the toast")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_told_for_this_run_counts(
    console: Opened, store: Store, actor: Actor
) -> None:
    """``--lang`` wins over what the person keeps."""
    with store.writing() as session:
        people.speak(session, actor, "en")
    language.choose("pt_BR", firm=True)
    async with console() as c:
        await c.at_home()
        assert "Painel de Controle" in c.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_not_under_a_dialog(console: Opened, company: CompanyView) -> None:
    """What is typed there would be lost: the palette does not offer it."""
    async with console() as c:
        await c.at_home()
        await c.press("4")
        await c.shows("Padaria")
        await c.press("ctrl+p", *"language")
        await c.shows("Idioma (language): English")
        await c.press("escape")
        await c.in_front("CompaniesScreen")
        await c.press("n")
        await c.in_front("CompanyForm")
        await c.press("ctrl+p", *"language")
        await c.shows("Nada encontrado")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_screen_changes(console: Opened, company: CompanyView) -> None:
    """Each place of the panel, there and back."""

    async def says(c: Console, key: str) -> None:
        await c.until(
            lambda: c.app.screen_key == key and c.app.screen.title_words() in c.text,  # type: ignore[attr-defined]
            key,
        )

    async with console((120, 40)) as c:
        await c.at_home()
        for key in MAKERS:
            if key != "home":
                await c.app.action_go(key)
            await says(c, key)
            spoken = language.chosen()
            before = c.app.screen
            await c.press("I")
            await c.until(lambda: c.app.screen is not before, "the new screen")  # noqa: B023
            assert language.chosen() != spoken
            await says(c, key)
