"""Saúde's counts: all together at the top, by mailbox and by company in dialogs (R50)."""

from __future__ import annotations

from services.health import activity
from services.outbox.claims import Claim
from services.outbox.outcomes import Finished, Outcome
from services.registry.access import Actor
from services.store.engine import Store
from services.store.mail import OutboxState
from tests.screens.conftest import Opened
from tests.screens.partner import add_company, add_server


def busy(store: Store, actor: Actor) -> None:
    """A mailbox that sent two e-mails, failed at one and brought seven documents of a company."""
    company = add_company(store, actor, "Padaria", 1, document_import=True)
    server = add_server(store, actor, "notas")
    states = (OutboxState.SENT, OutboxState.SENT, OutboxState.FAILED)
    with store.writing() as session:
        activity.count_sent(
            session,
            [Outcome(Claim(n, 1, 1, 1), (), server.id) for n in range(len(states))],
            [Finished(n, 1, 1, None, "", state, ()) for n, state in enumerate(states)],
        )
        activity.count_read(session, server.id, 9, {company.id: 7})


async def test_what_was_sent_read_and_failed(console: Opened, store: Store, actor: Actor) -> None:
    """R50: the sums of all at the top of Saúde, then by mailbox."""
    busy(store, actor)
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("9")
        await c.until(lambda: any(x.split()[:1] == ["Enviados"] and "▇ 2" in x for x in c.lines))
        assert any(x.split()[:1] == ["Lidos"] and "▇ 9" in x for x in c.lines)
        assert any(x.split()[:1] == ["Falhas"] and "▇ 1" in x for x in c.lines)
        await c.press("m")
        await c.in_front("ActivityDialog")
        await c.until(
            lambda: any(
                "notas@" in x and "1          2         9  ···········▇" in x for x in c.lines
            )
        )
        assert any("Enviados" in x and "30 dias" in x and "▇ 2" in x for x in c.lines[3:])
        await c.press("escape")
        await c.in_front("HealthScreen")


async def test_expected_and_come(console: Opened, store: Store, actor: Actor) -> None:
    """R50: a company without a history is told of as such, with what came."""
    busy(store, actor)
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("9", "p")
        await c.in_front("ArrivalsDialog")
        await c.until(
            lambda: any(
                "Padaria" in x and "sem histórico" in x and " 7 " in x and "········▇" in x
                for x in c.lines
            )
        )
        await c.press("escape")
        await c.in_front("HealthScreen")
