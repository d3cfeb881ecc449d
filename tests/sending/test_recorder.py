"""Outcomes that the database refuses: no other is lost with them (R33)."""

from __future__ import annotations

from sqlalchemy import text

from services.sending.tick import Sender
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
