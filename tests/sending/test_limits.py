"""Limits of a provider and of a mailbox, over any number of processes, and pauses made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import ANY

import pytest

from services import clock
from services.notifications import bell
from services.registry import limits, mailboxes, pausing
from services.registry.access import Actor
from services.registry.limits import Limits, limits_of, of_provider
from services.sending import quota
from services.sending.tick import Sender
from services.store.engine import Store
from services.store.models import EmailServer
from tests.sending.conftest import AddMailbox, Queue, Show
from tests.servers.scripted_smtp import ScriptedSmtp


@pytest.fixture
def frozen() -> Iterator[list[datetime]]:
    """The time, to be set."""
    at = [clock.now()]
    clock.set_source(lambda: at[0])
    yield at
    clock.set_source(None)


def test_providers_have_limits_and_a_mailbox_its_own() -> None:
    """R34: data per provider, overridden per mailbox; 0 is none."""
    assert of_provider("smtp.office365.com", "a@padaria.example") == Limits(3, 30, 10_000, True)
    assert of_provider("smtp.gmail.com", "a@gmail.com").per_day == 500
    assert of_provider("smtp.gmail.com", "a@padaria.example").per_day == 2_000
    assert not of_provider("smtp.padaria.example", "a@padaria.example").counts
    own = EmailServer(
        email="a@padaria.example",
        smtp_host="smtp.office365.com",
        most_connections=1,
        most_per_minute=0,
    )
    assert limits_of(own) == Limits(1, None, 10_000, True)


async def test_past_the_limit_of_a_day_the_next_mailbox_sends_and_then_all_wait(
    store: Store,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    frozen: list[datetime],
) -> None:
    """R13, R34: the first sends 3, the second 2; the rest waits untried until the day is over."""
    async with ScriptedSmtp() as one, ScriptedSmtp() as two:
        first = mailbox(one.port, most_per_day=3)
        mailbox(two.port, "reserva@padaria.example", most_per_day=2)
        messages = [enqueue(f"c{n}@x.example") for n in range(8)]
        await sender.run_due()
        assert (len(one.bodies), len(two.bodies)) == (3, 2)
        waiting = [v for v in (show(m).view for m in messages) if v.state != "sent"]
        assert len(waiting) == 3
        assert all("limite do provedor: 3 por dia; continua às" in (v.error or "") for v in waiting)
        assert all((v.attempts, show(v.id).attempts) == (0, ()) for v in waiting)
        with store.reading() as session:
            until = session.get_one(EmailServer, first.server_id).full_until
            assert until is not None
            assert timedelta(hours=24) <= until - frozen[0] <= timedelta(hours=25)
        later = enqueue("d@x.example")
        assert await sender.run_due() == 0, "nobody claims what nothing may carry"
        assert show(later).view.state == "queued"
        frozen[0] = until
        await sender.run_due()
        assert {show(m).view.state for m in [*messages, later]} == {"sent"}


async def test_recipients_are_counted_where_the_provider_counts_them(
    store: Store, mailbox: AddMailbox
) -> None:
    """R34: and of a letter to more than the limit it is known that it never fits."""
    box = mailbox(25, most_per_day=5)
    with store.writing() as session:
        server = session.get_one(EmailServer, box.server_id)
        server.smtp_host = "smtp.office365.com"
        assert quota.take(session, box.server_id, 9) == quota.NoRoom(ANY, ever=False)
        assert isinstance(quota.take(session, box.server_id, 5), quota.Taken)
        assert quota.take(session, box.server_id, 1) == quota.NoRoom()
        assert (server.full_per, server.full_until is not None) == ("day", True)


async def test_a_letter_too_large_for_what_is_left_lets_smaller_ones_pass(
    store: Store, mailbox: AddMailbox, frozen: list[datetime]
) -> None:
    """R34: for a day, after which its turn comes before theirs."""
    box = mailbox(25, most_per_day=5)
    with store.writing() as session:
        server = session.get_one(EmailServer, box.server_id)
        server.smtp_host = "smtp.office365.com"
        assert isinstance(quota.take(session, box.server_id, 2), quota.Taken)
        large = quota.take(session, box.server_id, 4, frozen[0])
        assert large == quota.NoRoom(ANY)
        assert large.why is not None
        assert "restam 3 e o e-mail vai a 4" in large.why
        assert server.full_until is None
        assert isinstance(quota.take(session, box.server_id, 1), quota.Taken)
        day = timedelta(days=1)
        assert quota.take(session, box.server_id, 4, frozen[0] - day) == quota.NoRoom()
        assert server.full_until is not None


async def test_a_letter_that_never_fits_is_left_to_a_person_and_holds_up_nobody(
    store: Store,
    actor: Actor,
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R34: it fails with what to do, is told of, and the small one leaves at once."""
    async with ScriptedSmtp() as server:
        mailbox(server.port, most_per_day=2)
        everybody = ";".join(f"c{n}@x.example" for n in range(3))
        of = limits.of_provider
        monkeypatch.setattr(
            limits, "of_provider", lambda host, email: replace(of(host, email), by_recipient=True)
        )
        large, small = enqueue(everybody), enqueue()
        await sender.run_due()
        assert [show(m).view.state for m in (large, small)] == ["failed", "sent"]
        assert "nunca caberá" in (show(large).view.error or "")
        with store.reading() as session:
            assert [e.type for e in bell.feed(session, actor)] == ["sending_failed"]


async def test_what_never_left_gives_its_room_back(
    store: Store, mailbox: AddMailbox, enqueue: Queue, sender: Sender
) -> None:
    """R34: a server that does not answer uses up no limit."""
    box = mailbox(1, most_per_day=1)
    enqueue()
    await sender.run_due()
    with store.writing() as session:
        assert isinstance(quota.take(session, box.server_id, 1), quota.Taken)


async def test_a_raised_limit_counts_at_once(
    store: Store, actor: Actor, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R34: what is set by hand holds from then on."""
    async with ScriptedSmtp() as server:
        box = mailbox(server.port, most_per_minute=1)
        messages = [enqueue(f"c{n}@x.example") for n in range(3)]
        await sender.run_due()
        assert len(server.bodies) == 1
        with store.writing() as session:
            mailboxes.edit(session, actor, box.id, {"most_per_minute": 0})
        await sender.run_due()
        assert {show(m).view.state for m in messages} == {"sent"}


async def test_connections_at_once_follow_the_mailbox(
    store: Store, actor: Actor, mailbox: AddMailbox, enqueue: Queue, sender: Sender
) -> None:
    """R34: one at a time where that is its limit."""
    async with ScriptedSmtp() as server:
        mailbox(server.port, most_connections=1)
        for number in range(40):
            enqueue(f"c{number}@x.example")
        assert await sender.run_due() == 40
        assert server.connections == 1


async def test_paused_by_hand_nothing_leaves_until_it_is_resumed(
    store: Store, actor: Actor, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R13, R34: at once, the next mailbox goes on, and who paused it is said."""
    async with ScriptedSmtp() as one, ScriptedSmtp() as two:
        first = mailbox(one.port)
        second = mailbox(two.port, "reserva@padaria.example")
        with store.writing() as session:
            view = pausing.pause(session, actor, first.id)
            assert (view.paused_by, view.paused_until) == ("ana", None)
        enqueue()
        await sender.run_due()
        assert (len(one.bodies), len(two.bodies)) == (0, 1)
        with store.writing() as session:
            pausing.pause(session, actor, second.id)
        message = enqueue()
        await sender.run_due()
        assert "foi pausada por ana" in (show(message).view.error or "")
        assert show(message).attempts == ()
        with store.writing() as session:
            assert pausing.resume(session, actor, first.id).paused_by is None
        await sender.run_due()
        assert (show(message).view.state, len(one.bodies)) == ("sent", 1)
