"""The same thing again and again is one entry with a count, and one e-mail in a quiet period."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services import clock
from services.notifications import bell
from services.notifications.announce import Announced, announce
from services.notifications.bell import BellView
from services.outbox import views
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store.engine import Store

TOP = Path(__file__).resolve().parents[2]
PROCESSES, EACH = 4, 25
Happen = Callable[..., Announced]
Later = Callable[[float], None]


@pytest.fixture
def box(store: Store, actor: Actor, company: CompanyView) -> int:
    draft = MailboxDraft(
        "send", "saida", "Padaria", "nfe@padaria.example", password="x",
        host="127.0.0.1", port=25, security="none", authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        return mailboxes.add(session, actor, company.id, draft).id


@pytest.fixture
def happen(store: Store, actor: Actor, company: CompanyView) -> Happen:
    """The same thing happens once more."""

    def once(**given: object) -> Announced:
        values = {
            "partner_id": actor.partner_id, "company_id": company.id, "same": "caixa 1",
            "type_key": "reading_failed", "subject": "A leitura parou", "body": "Por quê", **given,
        }  # fmt: skip
        with store.writing() as session:
            return announce(session, **values)  # type: ignore[arg-type]

    return once


@pytest.fixture
def later() -> Iterator[Later]:
    """``later(n)``: it is n minutes later than at the start."""
    at = clock.now()
    yield lambda n: clock.set_source(lambda: at + timedelta(minutes=n))
    clock.set_source(None)


def entries(store: Store, actor: Actor) -> list[BellView]:
    with store.reading() as session:
        return bell.feed(session, actor)


def emails(store: Store, actor: Actor) -> int:
    with store.reading() as session:
        return len(views.ids(session, actor))


def test_a_hundred_from_four_processes_at_once(
    store: Store, settings: Settings, actor: Actor, company: CompanyView, box: int
) -> None:
    """R35: one entry that counts them all, one e-mail."""
    words = [
        sys.executable, "-m", "tests.notifications.storm", str(settings.home),
        settings.database_url, str(actor.partner_id), str(company.id), str(EACH),
    ]  # fmt: skip
    running = [
        subprocess.Popen(words, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _process in range(PROCESSES)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0
    (entry,) = entries(store, actor)
    assert (entry.count, entry.text) == (PROCESSES * EACH, "Por quê")
    assert emails(store, actor) == 1


def test_what_comes_again_is_new_and_on_top(
    store: Store, actor: Actor, happen: Happen, later: Later
) -> None:
    """R35, R52: for everybody who had read it, one by one or all at once."""
    first = happen().bell_id
    other = happen(same="caixa 2").bell_id
    later(5)
    for read in (bell.mark_all_read, lambda s, a: bell.mark_read(s, a, [first, other])):
        with store.writing() as session:
            read(session, actor)
            assert bell.unread_count(session, actor) == 0
        happen()
        again, still = entries(store, actor)
        assert (again.id, again.read) == (first, False)
        assert (still.id, still.read, still.count) == (other, True, 1)
    assert again.count == 3
    assert timedelta(minutes=4) < again.at - again.first_at < timedelta(minutes=6)


def test_one_email_in_a_quiet_period_while_it_goes_on(
    store: Store, actor: Actor, box: int, happen: Happen, later: Later
) -> None:
    """R35: after an hour another, of the same entry; a new entry once it had stopped for an hour."""
    for minutes, count, mails in ((0, 1, 1), (40, 2, 1), (59, 3, 1), (61, 4, 2), (110, 5, 2)):
        later(minutes)
        happen()
        (entry,) = entries(store, actor)
        assert (entry.count, emails(store, actor)) == (count, mails), minutes
    later(171)
    happen()
    assert [e.count for e in entries(store, actor)] == [1, 5]
    assert emails(store, actor) == 3


def test_another_company_type_or_cause_is_another_thing(
    store: Store, actor: Actor, box: int, happen: Happen
) -> None:
    """R35: and what people give by hand is never folded."""
    happen()
    happen(same="caixa 2")
    happen(company_id=None)
    happen(type_key="sending_failed")
    for _time in range(2):
        happen(same=None)
        happen(type_key="mailbox_inactivated")
    assert [e.count for e in entries(store, actor)] == [1] * 8


def test_the_words_of_each_stay(store: Store, actor: Actor, happen: Happen) -> None:
    """R28, R35: the newest first; why no e-mail leaves is said once."""
    for number in range(3):
        happen(body=f"nota {number}", subject=f"Falhou {number}")
    (entry,) = entries(store, actor)
    assert entry.title == "Falhou 2"
    assert entry.text.index("nota 2") < entry.text.index("nota 1") < entry.text.index("nota 0")
    assert entry.text.count("não tem caixa de envio ativa") == 1


def test_nothing_of_it_stays_when_it_is_rolled_back(
    store: Store, actor: Actor, box: int, company: CompanyView, happen: Happen
) -> None:
    """R35: the next one is told by e-mail then."""

    def undone() -> None:
        with store.writing() as session:
            announce(
                session, partner_id=actor.partner_id, company_id=company.id, same="caixa 1",
                type_key="reading_failed", subject="A leitura parou", body="Por quê",
            )  # fmt: skip
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    told = happen()
    assert told.outbox_id is not None
    assert [e.count for e in entries(store, actor)] == [1]
