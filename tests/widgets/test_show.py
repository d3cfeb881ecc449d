"""What only shows: states, steps, the top line, themes."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from screens.widgets import status
from screens.widgets.columns import Column, fit, lay_out
from screens.widgets.list import WindowList
from screens.widgets.steps import StepLine, StepList, duration
from screens.widgets.topbar import TopBar
from tests.widgets.conftest import COLUMNS, Memory, Stage, lines, settle
from tui_app.theme import THEMES

STATES = (
    "active inactive queued sending sent deferred failed uncertain imported quarantined unread read"
)


@pytest.mark.parametrize("state", STATES.split())
def test_every_state_has_a_word_of_its_own(state: str) -> None:
    assert status.word(state) != state
    text, tone = status.cell(state)
    assert text == f"{status.mark(state)} {status.word(state)}"
    assert tone is status.tone(state)


def test_states_of_one_list_differ_without_colour() -> None:
    outbox = ["queued", "sending", "sent", "deferred", "failed", "uncertain"]
    assert len({status.word(state) for state in outbox}) == len(outbox)
    assert status.cell("\x1b[2Jx")[0] == "· ·[2Jx"


async def test_steps_fill_in_live() -> None:
    """R19"""
    steps = StepList([StepLine("dns", "DNS"), StepLine("login", "Entrar")])
    async with Stage(steps).run_test(size=(80, 24)) as pilot:
        assert "aguarda" in lines(pilot.app)[0]
        steps.set_step("dns", "ok", detail="192.0.2.1", ms=12)
        steps.set_step("login", "running")
        await pilot.pause()
        assert "✓ DNS" in lines(pilot.app)[0]
        assert "12 ms" in lines(pilot.app)[0]
        assert "em andamento" in lines(pilot.app)[1]
        steps.set_step(
            "login", "failed", detail="535 \x1b[31m[/]no", ms=1240, explanation="Confira\na senha"
        )
        await pilot.pause()
        drawn = lines(pilot.app)
        assert "Falhou" in drawn[1]
        assert "1,2 s  535 ·[31m[/]no" in drawn[1]
        assert drawn[2].strip() == "Confira"
        assert drawn[3].strip() == "a senha"
        assert steps.failed is not None
        assert steps.failed.key == "login"


async def test_steps_keep_to_their_columns() -> None:
    """R19: what went well has one line; what failed is told whole, indented."""
    steps = StepList([StepLine("dns", "DNS"), StepLine("login", "Entrar")])
    async with Stage(steps).run_test(size=(60, 24)) as pilot:
        steps.set_step("dns", "ok", detail="palavra " * 20, ms=12)
        steps.set_step("login", "failed", detail="palavra " * 10, explanation="confira " * 20)
        await pilot.pause()
        drawn = [line.rstrip() for line in lines(pilot.app) if line.strip()]
        assert drawn[0].endswith("…")
        assert "Falhou" in drawn[1]
        assert all(line.startswith("     ") for line in drawn[2:])
        assert " ".join(drawn[2:]).split() == ["palavra"] * 10 + ["confira"] * 20


def test_durations_in_words() -> None:
    assert [duration(ms) for ms in (None, 0.4, 999, 1234)] == ["", "0 ms", "999 ms", "1,2 s"]


@pytest.mark.parametrize(("plain", "bell"), [(False, "🔔 1.012"), (True, "[!] 1.012")])
async def test_the_bell_stands_in_the_right_corner(plain: bool, bell: str) -> None:
    """R52"""
    bar = TopBar(plain=plain)
    async with Stage(bar).run_test(size=(80, 24)) as pilot:
        bar.partner, bar.company = "Souza [/]", "Pão \x1b[2J 日本"
        bar.activity, bar.unread = "120/min", 1012
        await pilot.pause()
        line = lines(pilot.app)[0]
        assert line.startswith(" Souza [/] ▸ Pão ·[2J 日本")
        assert line.rstrip().endswith(bell)
        assert "120/min" in line
        bar.company = "x" * 200
        await pilot.pause()
        assert lines(pilot.app)[0].rstrip().endswith(bell)
        bar.partner, bar.company, bar.activity = "Contabilidade " * 6, "Padaria", ""
        await pilot.pause()
        assert "… ▸ Padaria " in lines(pilot.app)[0], "a long partner hides no company"


def test_columns_share_the_spare_room_and_give_way() -> None:
    columns = (
        Column("a", "A", 5),
        Column("b", "B", 10, wide=True),
        Column("c", "C", 8, min_terminal_width=60),
    )
    assert [(p.x, p.width) for p in lay_out(columns, 78, 80)] == [(0, 5), (7, 61), (70, 8)]
    assert [p.column.key for p in lay_out(columns, 48, 50)] == ["a", "b"]
    assert [p.column.key for p in lay_out(columns, 6, 8)] == ["a"]
    assert [p.width for p in lay_out(columns, 3, 5)] == [3]


@pytest.mark.parametrize(
    ("text", "width", "align", "drawn"),
    [
        ("abc", 5, "left", "abc  "),
        ("abc", 5, "right", "  abc"),
        ("abcdef", 4, "left", "abc…"),
        ("日本語", 5, "left", "日本…"),
        ("日本語", 4, "left", "日 …"),
        ("abc", 0, "left", ""),
    ],
)
def test_text_is_cut_by_cells(text: str, width: int, align: str, drawn: str) -> None:
    assert fit(text, width, align) == drawn


@pytest.mark.parametrize("theme", [*(t.name for t in THEMES), "ansi-dark", "ansi-light"])
async def test_every_theme_draws_everything(theme: str) -> None:
    app = Stage(WindowList(Memory(5), COLUMNS))
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = theme
        await settle(pilot)
        await app.mount(TopBar(plain=True), StepList([StepLine("dns", "DNS", "running")]))
        await pilot.pause()
        assert any("▲ Falhou" in line for line in lines(app))


class Plain(App[None]):
    def compose(self) -> ComposeResult:
        yield Static(status.content("failed"))


async def test_no_colour_keeps_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with Plain().run_test(size=(40, 5)) as pilot:
        assert lines(pilot.app)[0].startswith("▲ Falhou")
