"""Testing again what is down, many at a time: an outage ends with one key (R49, R50)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from services.errors import CarteiroError
from services.health import email_test, testable
from services.health.accounts import Account
from services.health.troubles import INACTIVATED, Trouble
from services.language import _
from services.registry.access import Actor
from services.settings import Settings
from services.store.models import Kind

if TYPE_CHECKING:
    from services.health.tokens import SignIns

AT_ONCE = 8
A_HOST = 3
"""How many tests may run at once, and how many of them at one server."""


@dataclass(frozen=True, slots=True)
class Retested:
    """How the test of a mailbox went.

    ``back``: it is in use again. ``why`` says in plain words why it did not pass, or why it is
    not back although it did.
    """

    trouble: Trouble
    passed: bool
    back: bool
    why: str = ""


Open = Callable[[Trouble], Awaitable[Account]]
Passed = Callable[[Trouble], Awaitable[bool]]


def account(session: Session, actor: Actor, trouble: Trouble, settings: Settings) -> Account:
    """The account that a new test of ``trouble`` speaks to, as it is now (R53)."""
    if trouble.kind == Kind.RELAY:
        return testable.of_relay(session, actor, {}, settings)
    if actor.is_partner or trouble.mailbox_id is None:
        return testable.of_server(session, actor, trouble.server_id, settings)
    return testable.of_mailbox(session, actor, trouble.mailbox_id, settings)


def passed(session: Session, actor: Actor, trouble: Trouble) -> bool:
    """Take note that a new test of ``trouble`` passed: it is used again at once (R48).

    True when that ended what a code had begun (R49).
    """
    if trouble.kind == Kind.RELAY:
        return testable.relay_passed(session, actor)
    if actor.is_partner or trouble.mailbox_id is None:
        return testable.server_passed(session, actor, trouble.server_id)
    return testable.mailbox_passed(session, actor, trouble.mailbox_id)


def worth_testing(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Those that a test may bring back: what only rests comes back by itself (R34)."""
    return tuple(trouble for trouble in troubles if not trouble.ends_by_itself)


async def retest(
    troubles: Sequence[Trouble],
    open_account: Open,
    on_passed: Passed,
    on_result: Callable[[Retested], None],
    *,
    sign_ins: SignIns | None = None,
    hostname: str | None = None,
    at_once: int = AT_ONCE,
    a_host: int = A_HOST,
) -> None:
    """Test each of ``troubles``, and tell of each as soon as it is known how it went.

    ``open_account`` brings an account just before its turn, so that no more passwords than tests
    are in memory; ``on_passed`` writes down that one passed, and says whether that ended what a
    code had begun. A refusal of either is the result of that mailbox and stops no other.
    Cancelled, it closes its connections; what passed until then stays so.
    """
    everywhere = asyncio.Semaphore(at_once)
    at_host: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(a_host))

    async def one(trouble: Trouble) -> None:
        # First the host: who waits for a busy one takes no place from the others.
        async with at_host[trouble.host], everywhere:
            on_result(await _tested(trouble, open_account, on_passed, sign_ins, hostname))

    async with asyncio.TaskGroup() as tasks:
        for trouble in troubles:
            tasks.create_task(one(trouble))


async def _tested(
    trouble: Trouble,
    open_account: Open,
    on_passed: Passed,
    sign_ins: SignIns | None,
    hostname: str | None,
) -> Retested:
    try:
        found = await open_account(trouble)
        steps = await email_test.run_test(
            found,
            trouble.tested,
            hostname=hostname,
            sign_ins=sign_ins if found.signs_in else None,
        )
        failed = next((step for step in steps if not step.ok), None)
        if failed is not None:
            words = failed.explanation or failed.detail
            return Retested(trouble, passed=False, back=False, why=words)
        recovered = await on_passed(trouble)
    except CarteiroError as e:
        return Retested(trouble, passed=False, back=False, why=e.message)
    if trouble.state == INACTIVATED and not recovered:
        words = _("Passou no teste, mas só quem pode alterar a caixa a reativa: peça ao parceiro")
        return Retested(trouble, passed=True, back=False, why=words)
    return Retested(trouble, passed=True, back=True)
