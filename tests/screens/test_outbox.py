"""Fila de envio: why each e-mail waits, what may be done about it, how the whole moves."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from services.clock import now
from services.errors import Unavailable
from services.outbox import claims, outcomes, progress, queue
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.registry import mailboxes, pausing
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.store.engine import Store
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import EmailServer
from tests.screens.conftest import Opened

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REFUSED = "550 5.1.1 no such user"


@pytest.fixture
def box(store: Store, actor: Actor, company: CompanyView) -> mailboxes.MailboxView:
    draft = MailboxDraft(
        "send", "Notas", "Padaria", "nfe@padaria.example", password="x",
        host="smtp.padaria.example", authenticate=False, most_per_day=500,
    )  # fmt: skip
    with store.writing() as session:
        return mailboxes.add(session, actor, company.id, draft)


def put(store: Store, actor: Actor, company: CompanyView, subject: str) -> int:
    with store.writing() as session:
        return queue.enqueue(
            session, partner_id=actor.partner_id, company_id=company.id,
            to=["cliente@loja.example"], subject=subject, body="Segue a nota.",
        )  # fmt: skip


def refuse(store: Store, box: mailboxes.MailboxView, state: OutboxState, reply: str) -> None:
    """The next e-mail meets a refusal."""
    with store.writing() as session:
        (claim,) = claims.claim(session, "a", 1)
        told = RecipientOutcome(0, state, reply, "porque sim")
        transcript = f"C: RCPT TO:<cliente@loja.example>\nS: {reply}"
        outcome = Outcome(claim, (told,), box.server_id, box.id, None, transcript)
        outcomes.finish(session, [outcome], "a")


async def test_each_says_why_it_waits_and_until_when(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R34: its turn, a refusal with the server's words, a limit, a pause with who made it."""
    put(store, actor, company, "Nota 1")
    async with console((130, 30)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nota 1", "aguarda a vez", "Sai em seguida", "1 a enviar")
        refuse(store, box, OutboxState.DEFERRED, "451 4.7.1 greylisted, wait")
        await c.shows("◌ Adiado", "451 4.7.1 greylisted", "Próxima tentativa", "1 espera a hora")
        put(store, actor, company, "Nota 2")
        with store.writing() as session:
            server = session.get_one(EmailServer, box.server_id)
            server.full_until, server.full_per = now() + timedelta(hours=3), "day"
        await c.shows("Nota 2")
        await c.press("home")
        await c.shows("limite do provedor: 500 por dia; continua às", "1 sem saída agora")
        with store.writing() as session:
            pausing.pause(session, actor, box.id)
        await c.shows("foi pausada por ana", "Espera que alguém retome a caixa")


async def test_a_narrow_row_says_when_it_is_tried_again(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R34: the time, or what it hangs on where no clock knows; the reason stands below."""
    put(store, actor, company, "Nota 1")
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("6")
        refuse(store, box, OutboxState.DEFERRED, "451 4.7.1 greylisted, wait")
        await c.shows("◌ Adiado", "451 4.7.1 greylisted")
        assert re.search(r"Nota 1 +\d\d:\d\d:\d\d|Nota 1 +\d\d/\d\d/\d{4}", c.text)
        put(store, actor, company, "Nota 2")
        await c.shows("Nota 2")
        await c.press("home")
        with store.writing() as session:
            pausing.pause(session, actor, box.id)
        await c.shows("ao retomar a caixa", "foi pausada por ana")
        with store.writing() as session:
            session.get_one(EmailServer, box.server_id).active = False
        await c.shows("quando houver caixa", "está inativa")


async def test_a_mailbox_is_paused_and_resumed_from_the_queue(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R34: by one key each; the list of mailboxes says by whom."""
    put(store, actor, company, "Nota 1")
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nota 1", "Sai em seguida")
        await c.press("p")
        await c.in_front("SendingWays")
        await c.shows("nfe@padaria.example", "● Ativa")
        await c.press("p")
        await c.shows("◌ Pausada", "Pausada por ana")
        await c.press("p")
        await c.shows("● Ativa")


async def test_where_a_status_is_shown_a_pause_is(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R34, R50: by whom, in the company's mailboxes, the partner's servers and Saúde."""
    put(store, actor, company, "Nota 1")
    async with console((100, 30)) as c:
        await c.mailboxes()
        await c.shows("nfe@padaria.example")
        await c.press("p")
        await c.shows("◌ Pausada", "Pausada por ana desde")
        await c.press("2")
        await c.shows("Servidores de E-mail", "Pausada por ana desde")
        await c.press("9")
        await c.shows("pausada por ana: espera que alguém a retome", "1 e-mail espera")
        await c.press("2")
        await c.shows("◌ Pausada")
        await c.press("p")
        await c.shows("● Ativa")


async def test_filters_narrow_by_state_and_mailbox(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R33: together and apart; one key shows what failed."""
    put(store, actor, company, "Nota ruim")
    refuse(store, box, OutboxState.FAILED, REFUSED)
    put(store, actor, company, "Nota boa")
    async with console((120, 30)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nota ruim", "Nota boa")
        await c.press("slash", "tab")
        await c.type("falh")
        await c.until(lambda: "Nota boa" not in c.text, "only what failed")
        assert "Nota ruim" in c.text
        await c.press("escape", "slash", "tab", "tab", "tab")
        await c.type("outra@")
        await c.shows("Nada corresponde")
        await c.press("escape", "s")
        await c.until(lambda: "Nota ruim" not in c.text, "what waits")
        await c.press("s")
        await c.shows("Nota ruim", "só o que falhou")


async def test_the_last_refusal_is_explained(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R19, R32: the recipient's outcome, the server's words, ours, and the transcript."""
    put(store, actor, company, "Nota 1")
    refuse(store, box, OutboxState.FAILED, REFUSED)
    async with console((120, 40)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nota 1")
        await c.press("enter")
        await c.shows("Última recusa", REFUSED, "O endereço do destinatário não existe")
        await c.shows("Repetir sem mudar nada não adianta", "C: RCPT TO:<cliente@loja.example>")


async def test_marked_ones_are_cancelled_and_tried_again(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R33: all of them, after a question; one that is refused stops no other."""
    ids = [put(store, actor, company, f"Nota {n}") for n in range(3)]

    def states() -> list[str]:
        with store.reading() as session:
            return [session.get_one(OutboxMessage, i).state for i in ids]

    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nota 2")
        await c.press("space", "space", "x")
        await c.in_front("Confirm")
        await c.agree()
        await c.until(lambda: states() == ["queued", "cancelled", "cancelled"], "cancelled")
        await c.press("home", "space", "space", "space", "x")
        await c.in_front("Confirm")
        await c.agree()
        await c.shows("não espera envio")
        assert states() == ["cancelled"] * 3
        await c.press("enter")
        await c.in_front("OutboxScreen")
        await c.press("home", "t")
        await c.until(lambda: states()[2] == "queued", "back in the queue")


async def test_all_that_failed_is_tried_again_after_a_question(
    console: Opened, store: Store, actor: Actor, company: CompanyView, box: mailboxes.MailboxView
) -> None:
    """R33: the question says how many."""
    for number in range(2):
        put(store, actor, company, f"Nota {number}")
        refuse(store, box, OutboxState.FAILED, REFUSED)
    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("2 falharam")
        await c.press("T")
        await c.in_front("Confirm")
        await c.shows("Tentar de novo 2 e-mails?")
        await c.agree()
        await c.shows("2 a enviar")


async def test_how_it_moves_is_asked_often_and_complained_of_in_its_place(
    console: Opened, company: CompanyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away for a minute does not fill the screen with messages about it."""

    looks = 0

    def gone(*_given: object) -> None:
        nonlocal looks
        looks += 1
        raise Unavailable("O banco de dados não responde")

    async with console((100, 30)) as c:
        await c.at_home()
        await c.press("6")
        await c.shows("Nenhum e-mail na fila")
        monkeypatch.setattr(progress, "progress", gone)
        await c.shows("▲ O banco de dados não responde")
        told = len(c.app._notifications)
        await c.until(lambda: looks > 2, "two more looks", 10)
        assert len(c.app._notifications) == told
        monkeypatch.undo()
        await c.until(lambda: "▲" not in c.text, "what it says again")
