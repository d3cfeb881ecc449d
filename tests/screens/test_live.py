"""What others commit shows by itself, foreign text stays inert, and leaving closes everything."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select
from textual.css.query import NoMatches
from textual.widgets._toast import Toast

from screens.dialogs.help import HelpDialog
from screens.widgets.topbar import TopBar
from services.notifications import bell, ringing
from services.notifications.by_hand import notify
from services.outbox import queue
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.store.models import Function
from services.store.notices import BellEntry
from tests.screens import sample
from tests.screens.conftest import Opened
from tests.servers.sink import Sink

LIVE = 1.5
"""Seconds: the tests' ``store`` is not the console's own; half a second until the commit is seen, a
quarter between refreshes, the rest to draw."""

HOSTILE = (
    "\x1b]0;roubado\x07\x1b[2J[@click=app.quit]clique[/] Re: [/] nota [bold red]x \u202egnp.exe"
)


def ring(store: Store, actor: Actor, company: CompanyView, title: str) -> None:
    with store.writing() as session:
        bell.add(
            session,
            partner_id=actor.partner_id,
            company_id=company.id,
            type_key="general",
            title=title,
            text=title,
        )


def enqueue(store: Store, actor: Actor, company: CompanyView, subject: str) -> int:
    with store.writing() as session:
        return queue.enqueue(
            session,
            partner_id=actor.partner_id,
            company_id=company.id,
            to=["cliente@loja.example"],
            subject=subject,
            body=subject,
        )


async def test_the_bell_counts_and_lists_what_another_process_commits(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: count, feed and toast within a moment of the commit, with no key pressed."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.shows("🔔 0")
        ring(store, actor, company, "Certificado vence amanhã")
        await c.until(lambda: "🔔 1" in c.lines[0], "the count", within=LIVE)
        await c.press("b")
        await c.shows("Certificado vence amanhã")
        ring(store, actor, company, "Outra ocorrência")
        await c.until(lambda: "Outra ocorrência" in c.text, "the entry", within=LIVE)
        assert c.lines.index(_line(c.lines, "Outra")) < c.lines.index(_line(c.lines, "Certificado"))
        await c.press("M")
        await c.until(lambda: "🔔 0" in c.lines[0], "everything read")


async def test_toasts_stand_over_no_row_of_a_list(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: one line each left of the bell, three at most while several come; errors always."""
    for number in range(30):
        enqueue(store, actor, company, f"Nota {number}")
    async with console((80, 24), toasts=True) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nota 29")
        await c.press("end")
        await c.shows("Nota 0")
        first = c.lines.index(_line(c.lines, "◌ Na fila"))
        for title in ("Primeira", "Segunda " + "e longa " * 30, "Terceira", "Quarta"):
            ring(store, actor, company, title)
        await c.shows("Terceira", "🔔 4", within=LIVE)
        shown = c.app.screen.query(Toast)
        assert len(shown) == 3
        assert max(each.region.bottom for each in shown) <= first
        assert {each.region.height for each in shown} == {1}
        bell = c.app.screen.query_one(TopBar).bell_width
        assert {each.region.right for each in shown} == {80 - bell}
        assert c.lines[0].rstrip().endswith("🔔 4")
        assert "Nota 0" in c.text


def _line(lines: list[str], words: str) -> str:
    return next(line for line in lines if words in line)


async def test_an_entry_that_is_opened_is_read(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: Enter shows the entry and the count goes down."""
    ring(store, actor, company, "Certificado vence amanhã")
    async with console((80, 24)) as c:
        await c.at_home()
        await c.shows("🔔 1")
        await c.press("b")
        await c.shows("Certificado")
        await c.press("enter")
        await c.until(lambda: c.dialog == "BellEntryDetails", "the details")
        await c.until(lambda: c.text.count("vence amanhã") == 2, "title and text")
        await c.press("escape")
        await c.until(lambda: "🔔 0" in c.lines[0], "the count")


async def test_what_comes_again_is_one_line_that_counts(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R35, R52: on top, unread again, and calls nobody a second time."""

    def again() -> None:
        with store.writing() as session:
            ringing.ring(
                session, partner_id=actor.partner_id, company_id=company.id, same="caixa",
                type_key="reading_failed", title="A leitura parou", text="Recusado",
            )  # fmt: skip

    again()
    ring(store, actor, company, "Outra ocorrência")
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("b")
        await c.shows("Outra", "A leitura parou")
        await c.press("M")
        await c.until(lambda: "🔔 0" in c.lines[0], "everything read")
        for _time in range(99):
            again()
        await c.shows("×100 A leitura parou", "🔔 1")
        await c.until(
            lambda: c.lines.index(_line(c.lines, "×100")) < c.lines.index(_line(c.lines, "Outra")),
            "it is on top",
        )
        await c.press("home", "enter")
        await c.in_front("BellEntryDetails")
        await c.shows("Repetiu-se  ×100, a primeira em", "Recusado")


async def test_the_bell_shows_what_is_asked_for(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: by company, type and severity in a form, the unread by a key; words beside the title."""
    ring(store, actor, company, "Geral")
    with store.writing() as session:
        bell.add(
            session, partner_id=actor.partner_id, company_id=None, type_key="reading_failed",
            title="Do parceiro",
        )  # fmt: skip
    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("b")
        await c.shows("Geral", "Do parceiro")
        await c.press("m", "u")
        await c.shows("· não lidas")
        await c.until(lambda: "Do parceiro" not in c.text, "one is read")
        await c.press("u")
        await c.shows("Do parceiro")
        await c.press("f")
        await c.in_front("BellFilter")
        await c.press("tab", "tab", "right", "f2")
        await c.in_front("BellScreen")
        await c.shows("· Erro", "Do parceiro")
        await c.until(lambda: "Geral" not in c.text, "only errors")
        await c.press("f", "f4")
        await c.shows("Geral", "Do parceiro")


async def test_an_entry_leads_to_its_email(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: g goes to the e-mail in Fila de envio, with the cursor on it."""
    number = enqueue(store, actor, company, "Primeira nota")
    enqueue(store, actor, company, "Segunda nota")
    with store.writing() as session:
        bell.add(
            session, partner_id=actor.partner_id, company_id=company.id, cause=("outbox", number),
            type_key="sending_failed", title="E-mail não entregue",
        )  # fmt: skip
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("b")
        await c.shows("não entregue")
        await c.press("enter")
        await c.in_front("BellEntryDetails")
        await c.press("g")
        await c.in_front("OutboxScreen")
        await c.until(
            lambda: any("▸" in line and "Primeira nota" in line for line in c.lines[1:]), "the row"
        )


async def test_an_entry_of_the_relay_leads_to_it(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R14, R52: Enter goes to the relay that is to be mended, and the entry is read."""
    with store.writing() as session:
        bell.add(
            session,
            partner_id=actor.partner_id,
            company_id=None,
            type_key="sending_failed",
            title="O relay recusa o acesso",
            text="535",
            cause=("relay", 1),
        )
    async with console((80, 24)) as c:
        await c.at_home()
        await c.shows("🔔 1")
        await c.press("b")
        await c.shows("O relay recusa")
        await c.press("enter")
        await c.in_front("PartnerForm")
        await c.press("escape")
        await c.in_front("BellScreen")
        await c.until(lambda: "🔔 0" in c.lines[0], "the count")


async def test_the_queue_shows_what_another_process_queues(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: the queue keeps the cursor on its row while a new e-mail comes in above it."""
    enqueue(store, actor, company, "Primeira nota")
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Primeira nota")
        enqueue(store, actor, company, "Segunda nota")
        await c.until(lambda: "Segunda nota" in c.text, "the e-mail", within=LIVE)
        assert "▸" in _line(c.lines[1:], "Primeira nota")


async def test_the_documents_show_what_another_process_imports(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: a document imported store joins the list."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("7")
        await c.shows("Nenhum documento ainda")
        with store.writing() as session:
            sample.document(session, actor.partner_id, company.id, 7, "Moinho Vale")
        await c.until(lambda: "Moinho Vale" in c.text, "the document", within=LIVE)


async def test_what_is_committed_behind_a_dialog_shows_when_it_closes(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: a dialog in front keeps neither the count nor the list from being told."""
    enqueue(store, actor, company, "Primeira nota")
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Primeira nota")
        await c.press("enter")
        await c.until(lambda: c.dialog == "Details", "the details")
        enqueue(store, actor, company, "Segunda nota")
        ring(store, actor, company, "Certificado vence amanhã")
        await c.until(lambda: len(c.app._notifications) > 0, "the toast", within=LIVE)
        await c.press("escape")
        await c.until(
            lambda: "🔔 1" in c.lines[0] and "Segunda nota" in c.text, "both", within=LIVE
        )


async def test_a_dialog_that_is_left_while_it_reads_keeps_nothing_from_being_shown(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R52: what was committed at that moment shows in the list behind it."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nenhum e-mail na fila")
        await c.press("question_mark")
        await c.in_front("HelpDialog")
        asked = asyncio.Event()

        async def gone(_dialog: HelpDialog) -> None:
            asked.set()
            raise NoMatches

        monkeypatch.setattr(HelpDialog, "refresh_live", gone, raising=False)
        enqueue(store, actor, company, "Nota 12")
        await asyncio.wait_for(asked.wait(), 20)
        await c.press("escape")
        await c.shows("Nota 12")


async def test_hostile_text_is_shown_and_does_nothing(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R52: escape sequences, markup and direction marks in subject, sender and title are inert."""
    enqueue(store, actor, company, "[@click=app.quit]x Re: [/] nota")
    with store.writing() as session:
        message = session.scalars(select(OutboxMessage)).one()
        message.subject = HOSTILE
        sample.document(session, actor.partner_id, company.id, 7, HOSTILE)
    async with console((80, 24)) as c:
        await c.at_home()
        ring(store, actor, company, HOSTILE)
        with store.writing() as session:
            session.scalars(select(BellEntry)).one().title = HOSTILE
        await c.until(lambda: len(c.app._notifications) > 0, "the toast")
        for screen in ("6", "7", "b"):
            await c.press(screen)
            await c.shows("[@cl")
            assert not {"\x1b", "\x07", "\u202e"} & set(c.text)
            await c.press("enter")
            await c.until(lambda: c.dialog in ("Details", "BellEntryDetails"), "the details")
            if screen != "7":  # What is told of a document is read from its XML.
                await c.shows("[@click=app.quit]")
            assert not {"\x1b", "\x07", "\u202e"} & set(c.text)
            await c.press("escape")
        assert c.app.is_running


async def test_ctrl_q_leaves_and_closes(console: Opened, company: CompanyView) -> None:
    """R33: leaving ends with status 0, and the database is let go."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("1")
        await c.in_front("MailboxesScreen")
        await c.press("ctrl+q")
        await c.until(lambda: c.app.return_value == 0, "the end")
    office = c.app.desk.office
    with pytest.raises(RuntimeError):
        office._readers.submit(int)


async def test_question_mark_shows_the_keys_of_the_screen(
    console: Opened, company: CompanyView
) -> None:
    """R51: the help lists the screen's keys, searches them, and Esc goes back."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.press("question_mark")
        await c.in_front("HelpDialog")
        await c.shows("Ajuda: Caixas de E-mail")
        await c.type("excl")
        await c.shows("Excluir")
        assert "  Testar" not in "\n".join(c.lines[3:-2])
        await c.press("escape")
        await c.in_front("MailboxesScreen")


async def test_a_notification_leaves_while_the_console_runs(
    console: Opened, store: Store, actor: Actor, company: CompanyView, sink: Sink
) -> None:
    """R26, R31: queued store, sent by the console's own jobs, and the queue says so."""
    with store.writing() as session:
        mailboxes.add(
            session,
            actor,
            company.id,
            MailboxDraft(
                function=Function.SEND,
                nickname="Notas",
                sender_name="Padaria",
                email="nfe@padaria.example",
                password="segredo",
                host="127.0.0.1",
                port=sink.port,
                security="none",
                authenticate=False,
            ),
        )
    async with console((100, 30), with_jobs=True) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nenhum e-mail na fila")
        with store.writing() as session:
            notify(
                session,
                actor,
                company.id,
                type_key="general",
                subject="Relatório pronto",
                body="Está pronto.",
            )
        await c.shows("Relatório pronto", "● Enviado")
        await c.press("ctrl+q")
        await c.until(lambda: c.app.return_value == 0, "the end")
    (taken,) = sink.wait_for(1)
    assert taken.recipients == ("dono@padaria.example",)


@pytest.mark.usefixtures("company")
async def test_a_key_holds_the_jobs_back_for_a_moment(
    console: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell says that the person is there, whichever screen or dialog takes the key."""
    came: list[bool] = []
    monkeypatch.setattr("tui_app.app.person.came", lambda: came.append(True))
    async with console() as c:
        await c.at_home()
        came.clear()
        await c.press("down")
        assert came
        await c.press("f1")
        await c.until(lambda: c.dialog == "HelpDialog")
        came.clear()
        await c.press("down")
        assert came
