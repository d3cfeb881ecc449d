"""A company to which nothing comes is told: after 30 days, or longer than is its custom (R29)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from services import clock
from services.jobs import runner
from services.notifications import bell
from services.office import Office
from services.registry import companies, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.mail import Blob, Document
from services.store.models import EmailServer, Mailbox

TYPE = "no_documents_30_days"
UNUSUAL = "unusual_silence"
Day = Callable[[float], None]


@pytest.fixture
def day() -> Iterator[Day]:
    """``day(n)``: it is n days later than at the start."""
    at = clock.now()
    yield lambda n: clock.set_source(lambda: at + timedelta(days=n))
    clock.set_source(None)


@pytest.fixture
def reading(office: Office, actor: Actor, company: CompanyView) -> int:
    draft = MailboxDraft(
        "read", "entrada", "", "entrada@padaria.example", password="segredo",
        host="127.0.0.1", port=1, security="none",
    )  # fmt: skip
    return office.do_now(mailboxes.add, actor, company.id, draft).server_id


async def told(office: Office, actor: Actor, kind: str = TYPE) -> list[str]:
    """What the bell says of silences, after a worker's round."""
    await runner.run_once(office, only=())
    return [e.text for e in office.ask_now(bell.feed, actor) if e.type == kind]


def imported(office: Office, actor: Actor, company: CompanyView, *, days_ago: list[float]) -> None:
    """Documents that came that many days ago."""
    with office.store.writing() as session:
        session.merge(Blob(sha256="0" * 64, size=1, data=b"x"))
        session.flush()
        for ago in days_ago:
            session.add(
                Document(
                    partner_id=actor.partner_id, company_id=company.id, kind="nfe",
                    access_key=str(ago), sha256="0" * 64,
                    imported_at=clock.now() - timedelta(days=ago),
                )
            )  # fmt: skip


async def test_thirty_days_and_every_further_thirty(
    office: Office, actor: Actor, reading: int, day: Day
) -> None:
    """R29: not a day before, once however often one looks, and again while it lasts."""
    for number, notices in ((0, 0), (29, 0), (31, 1), (31.5, 1), (40, 1), (61, 2), (62, 2)):
        day(number)
        assert len(await told(office, actor)) == notices, number


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_its_day_is_that_of_the_place(
    office: Office, actor: Actor, reading: int, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R29: what came late in the evening came on that day, not on Greenwich's next."""
    evening = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    with office.store.writing() as session:
        session.execute(update(Mailbox).values(created_at=evening))
    clock.set_source(lambda: evening + timedelta(days=31))
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    try:
        (text,) = await told(office, actor)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "31/12/2025" in text


async def test_a_document_begins_it_anew(
    office: Office, actor: Actor, company: CompanyView, reading: int, day: Day
) -> None:
    """R29: the silence counts from the last document on."""
    day(20)
    imported(office, actor, company, days_ago=[0])
    day(45)
    assert await told(office, actor) == []
    day(51)
    (text,) = await told(office, actor)
    assert "entrada@padaria.example" in text


async def test_what_is_not_read_is_not_missed(
    office: Office, actor: Actor, reading: int, day: Day
) -> None:
    """R29: a mailbox that is switched off brings nothing, as it should."""
    with office.store.writing() as session:
        session.execute(update(EmailServer).values(active=False))
    day(31)
    assert await told(office, actor) == []


@pytest.mark.parametrize(
    ("custom", "quiet_until", "told_on"),
    [
        # Several a day: three days are the least.
        ([n / 4 for n in range(1, 40)], 2.5, 3.1),
        # On workdays: a long weekend is none, a week is one.
        ([n for n in range(1, 60) if n % 7 not in (0, 6)], 5.0, 7.0),
        # One an every week, and once three weeks late: still a custom of weeks.
        ([1, *range(22, 365, 7)], 13.0, 15.0),
    ],
)
async def test_silence_out_of_the_ordinary(
    office: Office, actor: Actor, company: CompanyView, reading: int, day: Day,
    custom: list[float], quiet_until: float, told_on: float,
) -> None:  # fmt: skip
    """R29: told by the company's own custom, once, until the next document ends it."""
    imported(office, actor, company, days_ago=custom)
    with office.store.writing() as session:
        session.execute(update(Mailbox).values(created_at=clock.now() - timedelta(days=400)))
    last = -min(custom)
    day(last + quiet_until)
    assert await told(office, actor, UNUSUAL) == []
    for number in (told_on, told_on + 1.5):
        day(last + number)
        (text,) = await told(office, actor, UNUSUAL)
    assert "entrada@padaria.example" in text


async def test_a_document_ends_a_silence(
    office: Office, actor: Actor, company: CompanyView, reading: int, day: Day
) -> None:
    """R29: the next silence is told too."""
    imported(office, actor, company, days_ago=[n / 4 for n in range(1, 40)])
    for number, notices in ((4, 1), (6, 1), (9, 1), (12, 2)):
        day(number)
        assert len(await told(office, actor, UNUSUAL)) == notices, number
        if number == 6:
            imported(office, actor, company, days_ago=[-0.1])


async def test_without_enough_history_there_is_no_custom(
    office: Office, actor: Actor, company: CompanyView, reading: int, day: Day
) -> None:
    """R29."""
    imported(office, actor, company, days_ago=[n / 4 for n in range(10)])
    day(29)
    assert await told(office, actor, UNUSUAL) == []


async def test_a_company_may_be_left_in_peace(
    office: Office, actor: Actor, company: CompanyView, reading: int, day: Day
) -> None:
    """R29: the switch of the company stops both notices, and on again they come."""
    imported(office, actor, company, days_ago=[n / 4 for n in range(40)])
    office.do_now(companies.edit, actor, company.id, {"silence_notice": False})
    for number, kind in ((10, UNUSUAL), (31, TYPE)):
        day(number)
        assert await told(office, actor, kind) == []
    office.do_now(companies.edit, actor, company.id, {"silence_notice": True})
    day(33)
    assert len(await told(office, actor)) == 1
