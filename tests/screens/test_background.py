"""Work beside the keys: the newest of a group goes on, what it replaced leaves no trace."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable

import pytest
from textual.app import App

from screens.background import run_beside, run_newest
from services.errors import Unavailable


class Host(App[None]):
    """Does nothing but note what was done."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    async def note(self, what: str) -> None:
        self.done.append(what)

    async def fail(self, why: Exception) -> None:
        raise why


@pytest.mark.parametrize(
    ("run", "done"), [(run_newest, ["second"]), (run_beside, ["first", "second"])]
)
async def test_what_is_replaced_before_it_began_writes_no_warning(
    run: Callable[..., None], done: list[str]
) -> None:
    """Two in a row: a coroutine that nobody awaits would make Python write over the screen."""
    host = Host()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        async with host.run_test() as pilot:
            run(host, "note", host.note, "first")
            run(host, "note", host.note, "second")
            await pilot.pause()
            gc.collect()
    assert host.done == done
    assert [str(each.message) for each in told if "never awaited" in str(each.message)] == []


@pytest.mark.parametrize("run", [run_newest, run_beside])
@pytest.mark.parametrize(
    ("why", "told"),
    [(Unavailable("O disco está cheio"), "O disco está cheio"), (KeyError("x"), "falha interna")],
)
async def test_what_fails_is_told(
    run: Callable[..., None], why: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A key that does nothing says why; what is no word for a person is in the log too."""
    host = Host()
    async with host.run_test() as pilot:
        run(host, "fail", host.fail, why)
        await pilot.pause()
        assert [told in each.message for each in host._notifications] == [True]
    assert ("KeyError" in caplog.text) is isinstance(why, KeyError)
