"""The periodic check of Microsoft sign-ins (R45): each is proven once, by whichever process."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from services.clock import now
from services.health.tokens import SignIns
from services.jobs.inactivation import check_sign_ins
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.microsoft import MicrosoftDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.models import EmailServer, Lease, Mechanism, SignIn
from tests.servers.entra import Entra
from tests.servers.ports import wait_until
from tests.signed_in import many, register

TOP = Path(__file__).resolve().parents[2]
MAILBOXES = 1_000


@pytest.fixture
def known(settings: Settings, store: Store, entra: Entra) -> Settings:
    """Settings with the fake provider."""
    store.settings = replace(
        settings,
        microsoft_authority=entra.base,
        microsoft_client_id=entra.client_id,
        ca_file=entra.ca_file,
    )
    return store.settings


async def test_a_thousand_are_proven_once_each(
    store: Store, actor: Actor, entra: Entra, known: Settings
) -> None:
    """R45: two processes check at the same time, and no mailbox is renewed twice."""
    many(store, actor, entra, MAILBOXES)
    doors = [SignIns(store, known) for _process in range(2)]
    done = await asyncio.gather(*(check_sign_ins(store, door) for door in doors))
    for door in doors:
        door.close()
    assert sum(entra.refreshes.values()) == MAILBOXES
    assert set(entra.refreshes.values()) == {1}
    assert all(each.all == each.proven for each in done)
    with store.reading() as session:
        rows = session.scalars(select(SignIn)).all()
    assert len(rows) == MAILBOXES
    assert all(row.check_at and row.check_at > now() + timedelta(hours=23) for row in rows)


async def test_what_is_not_due_is_left_alone(
    store: Store, actor: Actor, company: CompanyView, entra: Entra, known: Settings
) -> None:
    """R45: proven within the day, switched off by hand, inactivated, or with a password."""
    for number in range(4):
        draft = MicrosoftDraft("send", f"n{number}@padaria.example", account="personal")
        register(store, actor, None, entra, known, draft)
    with store.writing() as session:
        first, *others = session.scalars(select(EmailServer).order_by(EmailServer.id)).all()
        session.execute(update(SignIn).where(SignIn.server_id != first.id).values(check_at=None))
        others[0].active = False
        others[1].inactive_code = 70000
        others[2].mechanism = Mechanism.PASSWORD
    door = SignIns(store, known)
    assert (await check_sign_ins(store, door)).all == 0
    door.close()
    assert not entra.refreshes


async def test_it_keeps_idle_sign_ins_from_expiring(
    store: Store, actor: Actor, entra: Entra, known: Settings
) -> None:
    """R44: whoever sends and reads nothing is renewed all the same, well within 90 days."""
    many(store, actor, entra, 1)
    door = SignIns(store, known)
    for _day in range(3):
        with store.writing() as session:
            session.execute(update(SignIn).values(check_at=now() - timedelta(seconds=1)))
        assert (await check_sign_ins(store, door)).proven == 1
    door.close()
    assert known.inactivation_interval <= timedelta(days=7).total_seconds()


async def test_one_that_does_not_answer_stops_no_other(
    store: Store, actor: Actor, entra: Entra, known: Settings
) -> None:
    """R48: it is asked again minutes later, and nothing is noted against it."""
    emails = many(store, actor, entra, 5)
    entra.answer(emails[0], 503, "busy")
    door = SignIns(store, known)
    done = await check_sign_ins(store, door)
    door.close()
    assert (done.proven, done.unreachable) == (4, 1)
    with store.reading() as session:
        rows = session.execute(
            select(EmailServer, SignIn).join(SignIn, SignIn.server_id == EmailServer.id)
        ).all()
    for server, sign_in in rows:
        assert (server.active, server.health) == (True, "unknown")
        soon = sign_in.check_at is not None and sign_in.check_at < now() + timedelta(minutes=6)
        assert soon == (server.email == emails[0])


async def test_leaving_waits_for_no_provider(
    store: Store, actor: Actor, entra: Entra, known: Settings
) -> None:
    """R45: a worker that is told to end while Microsoft is silent ends at once, and nothing is lost."""
    (email,) = many(store, actor, entra, 1)
    entra.silence(email)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("CARTEIRO_")},
        "CARTEIRO_HOME": str(known.home), "CARTEIRO_DATABASE_URL": known.database_url,
        "CARTEIRO_MICROSOFT_AUTHORITY": entra.base, "CARTEIRO_CA_FILE": str(entra.ca_file),
        "CARTEIRO_MICROSOFT_CLIENT_ID": entra.client_id,
    }  # fmt: skip
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui_app", "worker", "--only", "inactivation"),
        cwd=TOP, env=environment, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        asked = functools.partial(wait_until, lambda: entra.refreshes[email] > 0, "the renewal")
        await asyncio.to_thread(asked)
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 8) == 0
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    entra.accept(email)
    with store.writing() as session:
        session.execute(update(Lease).values(until=now()))
    door = SignIns(store, known)
    assert (await check_sign_ins(store, door)).proven == 1
