"""Reading one mailbox: fetched, stored durably, imported, committed, deleted, QUIT (R38)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from services.clock import now
from services.health.accounts import Account, account_of
from services.reading import rivals
from services.reading.arrivals import forget, note_deleted
from services.reading.desk import Claim, Desk, Target
from services.reading.importing import Imported
from services.reading.intake import Intake
from services.reading.memory import Plan, plan, policy_of, remembered
from services.reading.recovery import import_pending, pending, recover_server
from services.reading.under_way import Meter
from services.store.models import Function
from services.wire.endpoint import Endpoint, Login
from services.wire.pop3 import Pop3Session, connect

# DELE takes effect at QUIT. A session that is cut costs its deletions only: what it fetched is
# known by UIDL. Every session's end waits for the last import, so that few are better; on a slow
# line it is the intake that asks for no more after a while.
SESSION_MESSAGES = 5_000
SESSION_SECONDS = 600.0
# What is fetched in a moment needs no word beforehand.
_MANY = 32


@dataclass(slots=True)
class Tally:
    """What a reading did so far; ``login_delay`` is what the server asks for, in seconds.

    ``deleted`` is what the last session deleted on the server, (UIDL, inbound id), for the record
    that the end of the reading makes; ``returned`` those of it that had come back.
    """

    messages: int = 0
    imported: Imported = field(default_factory=Imported)
    login_delay: int = 0
    deleted: list[tuple[str, int]] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)


async def read_mailbox(desk: Desk, target: Target, claim: Claim, tally: Tally) -> None:
    """Read everything new, in sessions that are not too long, counting into ``tally``.

    Raises ``WireError`` for what server or network did and ``CarteiroError`` for the database;
    either way the session is cut without QUIT, so that the server deletes nothing.
    """
    account, waiting = await desk.ask(partial(_at_hand, desk=desk, target=target))
    tally.imported.add(await import_pending(desk, target, claim, waiting))
    meter = Meter(claim)
    more = True
    while more:
        more = await _session(desk, target, claim, account, tally, meter)
        if more and tally.deleted:
            noting = partial(
                note_deleted,
                server_id=target.server_id,
                deleted=tally.deleted,
                returned=tally.returned,
            )
            await desk.do(claim, noting)
            tally.deleted = []
        if tally.imported.released:
            tally.imported.released = 0
            tally.imported.add(await recover_server(desk, target, claim))


def _at_hand(
    session: Session, *, desk: Desk, target: Target
) -> tuple[Account, list[tuple[int, int]]]:
    """Who logs in, and what an earlier reading left."""
    account = account_of(session, target.server_id, desk.settings)
    return account, pending(session, target.server_id)


async def _session(
    desk: Desk, target: Target, claim: Claim, account: Account, tally: Tally, meter: Meter
) -> bool:
    """One POP session; True when the server holds more that another one should fetch."""
    place = account.pop
    if place is None or account.login is None:
        return False

    pop = await desk.sign_ins.through(account, Function.READ, partial(entered, place))
    try:
        tally.login_delay = pop.login_delay or 0
        todo = await _plan(desk, target, claim, pop)
        wanted = todo.fetch[:SESSION_MESSAGES]
        meter.total = tally.messages + len(todo.fetch)
        if len(wanted) > _MANY:
            await desk.do(claim, partial(meter.tell, done=tally.messages))
        intake = Intake(desk, target, claim, meter, tally.messages)
        try:
            if wanted:
                await intake.run(pop, wanted)
        finally:
            tally.messages += len(intake.kept)
            tally.imported.add(intake.imported)
            tally.imported.quarantined += intake.noted
        marked = [(known.number, known.uidl, known.inbound_id) for known in todo.delete]
        if policy_of(target.delete_after).days == 0:
            marked += [(kept.number, kept.uidl, kept.inbound_id) for kept in intake.kept]
        deleted = await _mark(pop, marked)
        await pop.quit()
    except BaseException:
        pop.abort()
        raise
    tally.deleted = deleted
    tally.returned = [kept.inbound_id for kept in intake.kept if kept.returned]
    progress = bool(deleted) or any(kept.fresh for kept in intake.kept) or intake.noted > 0
    return progress and len(todo.fetch) > intake.answered


async def entered(
    place: Endpoint, login: Login | None, *, deadline: float = SESSION_SECONDS
) -> Pop3Session:
    """A session that is logged in; raises ``WireError`` saying what server or network did."""
    assert login is not None
    session = await connect(place, deadline=deadline)
    try:
        await session.login(login)
    except BaseException:
        session.abort()
        raise
    return session


async def _plan(desk: Desk, target: Target, claim: Claim, pop: Pop3Session) -> Plan:
    listed = await pop.list_messages()
    known = await desk.ask(partial(remembered, server_id=target.server_id))
    todo = plan(listed, known, policy_of(target.delete_after), now())
    if todo.vanished:
        await desk.do(claim, partial(rivals.note, target=target, uidls=todo.vanished))
    if todo.renamed:
        await desk.do(claim, partial(forget, server_id=target.server_id, uidls=todo.renamed))
    if todo.gone:
        await desk.do(
            claim,
            partial(note_deleted, server_id=target.server_id, deleted=todo.gone, returned=()),
        )
    return todo


async def _mark(pop: Pop3Session, marked: list[tuple[int, str, int]]) -> list[tuple[str, int]]:
    """Mark for deletion; what the server agreed to delete at QUIT."""
    if not marked:
        return []
    agreed = await pop.delete([number for number, _uidl, _id in marked])
    return [
        (uidl, inbound_id)
        for (_number, uidl, inbound_id), yes in zip(marked, agreed, strict=True)
        if yes
    ]
