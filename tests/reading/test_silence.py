"""A company whose reading mailboxes bring nothing for 30 days is told of it (R29)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from services import clock
from services.jobs import runner
from services.notifications import bell
from services.office import Office
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.mail import Blob, Document
from services.store.models import EmailServer

TYPE = "no_documents_30_days"
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


async def told(office: Office, actor: Actor) -> list[str]:
    """What the bell says of silences, after a worker's round."""
    await runner.run_once(office, only=())
    return [e.text for e in office.ask_now(bell.feed, actor) if e.type == TYPE]


async def test_thirty_days_and_every_further_thirty(
    office: Office, actor: Actor, reading: int, day: Day
) -> None:
    """R29: not a day before, once however often one looks, and again while it lasts."""
    for number, notices in ((0, 0), (29, 0), (31, 1), (31.5, 1), (40, 1), (61, 2), (62, 2)):
        day(number)
        assert len(await told(office, actor)) == notices, number


async def test_a_document_begins_it_anew(
    office: Office, actor: Actor, company: CompanyView, reading: int, day: Day
) -> None:
    """R29: the silence counts from the last document on."""
    day(20)
    with office.store.writing() as session:
        session.add(Blob(sha256="0" * 64, size=1, data=b"x"))
        session.flush()
        session.add(
            Document(
                partner_id=actor.partner_id, company_id=company.id, kind="nfe", access_key="1",
                sha256="0" * 64,
            )
        )  # fmt: skip
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
