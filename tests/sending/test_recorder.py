"""Outcomes that the database refuses: no other is lost with them (R33)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import text

from services.sending import recorder
from services.sending.tick import Sender
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import OutboxState
from tests.sending.conftest import AddMailbox, Queue, Show
from tests.servers.sink import Sink


def never_sent(store: Store, message: int) -> None:
    """From now on the database refuses to have this e-mail as sent."""
    refusal = (
        "CREATE TRIGGER never BEFORE UPDATE ON outbox_message"
        f" WHEN new.id = {message} AND new.state = 'sent'"
        " BEGIN SELECT RAISE(ABORT, 'never'); END"
        if store.is_sqlite
        else "ALTER TABLE outbox_message"
        f" ADD CONSTRAINT never CHECK (id <> {message} OR state <> 'sent')"
    )
    with store.writing() as session:
        session.execute(text(refusal))


async def test_one_that_cannot_be_recorded_takes_no_other_with_it(
    store: Store, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show, sink: Sink
) -> None:
    """R33: it left, and must not leave again by itself: uncertain, and the rest sent."""
    mailbox(sink.port)
    messages = [enqueue(f"c{n}@x.example") for n in range(12)]
    refused = messages[5]
    never_sent(store, refused)
    await sender.run_due()
    await sender.run_due()
    states = {message: show(message).view.state for message in messages}
    assert states.pop(refused) == OutboxState.UNCERTAIN
    assert set(states.values()) == {OutboxState.SENT}
    assert len(sink.wait_for(12)) == 12


async def test_no_more_leaves_than_a_lost_host_may_leave_unrecorded(
    mailbox: AddMailbox,
    enqueue: Queue,
    sender: Sender,
    settings: Settings,
    show: Show,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R33: what nobody knows of when a host is lost is sent again; while the database takes its
    time, no more is sent than a few and one a connection."""
    mailbox(sink.port)
    messages = [enqueue(f"c{n}@x.example") for n in range(60)]
    answers, write = threading.Event(), recorder._write

    def slow(*of_batch: Any) -> None:
        answers.wait()
        write(*of_batch)

    monkeypatch.setattr(recorder, "_write", slow)
    running = asyncio.create_task(sender.run_due())
    try:
        await asyncio.to_thread(sink.wait_for, recorder.MOST_WAITING)
        most = recorder.MOST_WAITING + settings.sending_connections
        with pytest.raises(AssertionError, match="not within"):
            await asyncio.to_thread(sink.wait_for, most + 1, 0.5)
    finally:
        answers.set()
    await running
    assert {show(message).view.state for message in messages} == {OutboxState.SENT}
    assert sink.count() == 60
