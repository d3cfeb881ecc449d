"""Bulk work: how far it is, stopped between chunks, let go on, and what was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.pilot import Pilot
from textual.worker import Worker

from screens.bulk import Left, Outcome, span
from screens.dialogs.progress import Progress, run_in_chunks
from services.errors import Refused
from tests.widgets.conftest import Stage, lines


class Line:
    """A work whose chunks go through when the test lets them."""

    def __init__(self, *, refuse: Sequence[int] = (), fail_at: int | None = None) -> None:
        self.done: list[int] = []
        self.gate = asyncio.Semaphore(0)
        self.refuse = refuse
        self.fail_at = fail_at

    async def work(self, items: Sequence[int]) -> Sequence[Left]:
        await self.gate.acquire()
        if self.fail_at in items:
            raise Refused("O servidor foi excluído")
        left = [
            Left(f"Empresa {i}", "o CNPJ é de outro parceiro [/]")
            for i in items
            if i in self.refuse
        ]
        self.done += [i for i in items if i not in self.refuse]
        return left

    def let(self, chunks: int) -> None:
        for _n in range(chunks):
            self.gate.release()


def start(app: Stage, line: Line) -> Worker[Outcome]:
    return app.run_worker(
        run_in_chunks(app, "Vincular Empresas", range(1_000), 100, line.work), exit_on_error=False
    )


async def until(pilot: Pilot[None], words: str) -> None:
    for _n in range(500):
        if any(words in line for line in lines(pilot.app)):
            return
        await pilot.pause(0.01)
    raise AssertionError("\n".join(lines(pilot.app)))


def stage() -> Stage:
    from textual.widgets import Static

    return Stage(Static("embaixo"))


async def test_it_shows_how_far_it_is_and_closes_by_itself() -> None:
    """R20: 1,000 companies in chunks of 100; nothing is left to close when all went well."""
    app, line = stage(), Line()
    async with app.run_test(size=(80, 24)) as pilot:
        worker = start(app, line)
        line.let(3)
        await until(pilot, "300 de 1.000")
        await until(pilot, "30 %")
        line.let(7)
        outcome = await worker.wait()
        assert outcome.whole
        assert outcome.done == 1_000
        assert line.done == list(range(1_000))
        assert not isinstance(app.screen, Progress)


async def test_what_is_over_at_once_shows_no_dialog() -> None:
    app, line = stage(), Line()
    line.let(10)
    async with app.run_test(size=(80, 24)) as pilot:
        worker = start(app, line)
        await worker.wait()
        await pilot.pause()
        assert "Vincular" not in "".join(lines(app))


async def test_it_is_stopped_between_two_chunks() -> None:
    """R20: Esc ends it; what was done stays done, and the outcome says what was not."""
    app, line = stage(), Line()
    async with app.run_test(size=(80, 24)) as pilot:
        worker = start(app, line)
        line.let(2)
        await until(pilot, "200 de 1.000")
        await pilot.press("escape")
        await until(pilot, "parando")
        line.let(5)
        await until(pilot, "Parado: 700 ficaram por fazer")
        await pilot.press("enter")
        outcome = await worker.wait()
        assert outcome.stopped
        assert outcome.gone == 300
        assert line.done == list(range(300))


async def test_what_was_refused_is_listed_with_its_reasons() -> None:
    """R21: each refused item by name and reason; foreign words stay inert."""
    app, line = stage(), Line(refuse=(7, 450))
    line.let(10)
    async with app.run_test(size=(80, 24)) as pilot:
        worker = start(app, line)
        await until(pilot, "2 recusados")
        await until(pilot, "Empresa 450")
        await until(pilot, "o CNPJ é de outro parceiro [/]")
        await pilot.press("escape")
        outcome = await worker.wait()
        assert [left.what for left in outcome.left] == ["Empresa 7", "Empresa 450"]
        assert outcome.done == 998
        assert not outcome.whole


async def test_a_work_that_breaks_off_says_why() -> None:
    app, line = stage(), Line(fail_at=250)
    line.let(10)
    async with app.run_test(size=(80, 24)) as pilot:
        worker = start(app, line)
        await until(pilot, "O servidor foi excluído")
        await pilot.press("escape")
        outcome = await worker.wait()
        assert outcome.error
        assert outcome.gone == 200


async def test_it_goes_on_in_the_background() -> None:
    """R20: ``s`` gives the screen back at once, and the work is carried to its end."""
    app, line = stage(), Line()
    async with app.run_test(size=(80, 24)) as pilot:
        worker = start(app, line)
        line.let(1)
        await until(pilot, "100 de 1.000")
        await pilot.press("s")
        outcome = await worker.wait()
        assert outcome.behind
        assert not outcome.whole
        assert not isinstance(app.screen, Progress)
        line.let(9)
        await app.workers.wait_for_complete()
        assert len(line.done) == 1_000


def test_spans_in_words() -> None:
    assert [span(s) for s in (0.2, 20, 240, 3_900, 5_700)] == [
        "menos de 1 s", "20 s", "4 min", "65 min", "1 h 35 min",
    ]  # fmt: skip
