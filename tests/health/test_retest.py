"""Testing again what is down: many at a time, never too many at one server (R49, R50)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from services.errors import NotFound
from services.health.accounts import Account
from services.health.retest import Retested, retest, worth_testing
from services.health.troubles import Trouble
from services.store.models import Function
from services.wire.endpoint import Endpoint
from tests.servers.scripted_smtp import SILENCE, ScriptedSmtp


def trouble(number: int, host: str, state: str = "down") -> Trouble:
    return Trouble(
        server_id=number, mailbox_id=None, kind="send", email=f"m{number}@x.example", nickname="",
        mechanism="password", host=host, state=state, since=None, until=None, code=None, reason="",
        functions=(Function.SEND,), tested="send", hits=(),
    )  # fmt: skip


async def until(holds: Callable[[], bool]) -> None:
    end = asyncio.get_running_loop().time() + 10
    while not holds():
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0)


async def passed(_trouble: Trouble) -> bool:
    return True


def account_at(port: int) -> Account:
    endpoint = Endpoint("127.0.0.1", port, "none", timeout=30)
    return Account(1, "m@x.example", "M", endpoint, None, None)


async def test_never_too_many_at_once_and_no_busy_host_keeps_others_waiting() -> None:
    """R50: three at a host, five in all; a mailbox that is gone stops no other."""
    at: Counter[str] = Counter()
    go = asyncio.Event()
    told: list[Retested] = []

    async def opened(each: Trouble) -> Account:
        at[each.host] += 1
        await go.wait()
        raise NotFound("Caixa não encontrada")

    every = [trouble(n, "a") for n in range(9)] + [trouble(n, "b") for n in range(10, 19)]
    work = asyncio.create_task(retest(every, opened, passed, told.append, at_once=5, a_host=3))
    for _turn in range(50):
        await asyncio.sleep(0)
    assert at == {"a": 3, "b": 2}
    go.set()
    await work
    assert {each.trouble.server_id for each in told} == {each.server_id for each in every}
    assert {(each.passed, each.back, each.why) for each in told} == {
        (False, False, "Caixa não encontrada")
    }


async def test_cancelled_it_closes_its_connections() -> None:
    """R50: what a person stops is over at once, whatever a server does."""
    async with ScriptedSmtp({"greeting": SILENCE}) as server:

        async def opened(_trouble: Trouble) -> Account:
            return account_at(server.port)

        told: list[Retested] = []
        every = [trouble(n, "a") for n in range(6)]
        work = asyncio.create_task(retest(every, opened, passed, told.append))
        await until(lambda: server.connections == 3)
        work.cancel()
        await asyncio.wait([work])
        assert work.cancelled()
        await until(lambda: not server._open)
        assert (told, server.connections) == ([], 3)


async def test_what_passes_is_written_down_before_it_is_told() -> None:
    """R49: only a passing test brings back, and one that may not be brought back says so."""
    noted: list[int] = []
    told: dict[int, Retested] = {}
    async with ScriptedSmtp() as good, ScriptedSmtp({"MAIL": "550 no"}) as bad:

        async def opened(each: Trouble) -> Account:
            return account_at(bad.port if each.host == "bad" else good.port)

        async def note(each: Trouble) -> bool:
            noted.append(each.server_id)
            return each.server_id != 3

        def tell(result: Retested) -> None:
            assert result.passed is (result.trouble.server_id in noted)
            told[result.trouble.server_id] = result

        every = [
            trouble(1, "good"), trouble(2, "bad"),
            trouble(3, "good", "inactivated"), trouble(4, "good", "inactivated"),
        ]  # fmt: skip
        await retest(every, opened, note, tell)
    assert sorted(noted) == [1, 3, 4]
    assert {number: result.back for number, result in told.items()} == {
        1: True, 2: False, 3: False, 4: True,
    }  # fmt: skip
    assert told[2].why
    assert "parceiro" in told[3].why


def test_what_only_rests_is_left_to_rest() -> None:
    """R34: another test e-mail would only prolong a quota."""
    resting, down = trouble(1, "a", "paused"), trouble(2, "a")
    assert worth_testing([resting, down]) == (down,)
