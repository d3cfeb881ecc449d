"""The list of all screens, by key presses."""

from __future__ import annotations

import pytest
from textual import events

from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from services.errors import Unavailable
from tests.widgets.conftest import COLUMNS, Memory, Stage, lines, settle


def _list(source: Memory) -> WindowList:
    return WindowList(source, COLUMNS, empty="Cadastre a primeira")


async def test_keys_move_the_cursor() -> None:
    rows = _list(Memory(500))
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert rows.current == 1
        await pilot.press("down", "j", "j", "k")
        assert rows.current == 3
        await pilot.press("pagedown")
        assert rows.current == 3 + 23
        await pilot.press("end")
        assert rows.current == 500
        await pilot.press("g")
        assert rows.current == 1
        await pilot.press("G", "home", "up")
        assert rows.current == 1


async def test_at_the_edge_it_jumps_half_a_page() -> None:
    rows = _list(Memory(500))
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*["down"] * 22)
        assert rows.scroll_offset.y == 0
        await pilot.press("down")
        assert rows.scroll_offset.y == 23 - 11
        assert rows.current == 24


async def test_enter_and_click_choose_and_select() -> None:
    app = Stage(_list(Memory(50)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.click(WindowList, offset=(10, 5))
        await pilot.press("enter")
        await pilot.pause()
        assert ("highlighted", 5) in app.got
        assert app.got[-1] == ("chosen", 5)


async def test_only_pages_in_view_and_their_neighbour_are_read() -> None:
    source = Memory(100_000)
    async with Stage(_list(source)).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert source.pages == [100, 100]


async def test_live_refresh_keeps_the_cursor_on_its_row() -> None:
    source = Memory(300)
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*["pagedown"] * 3)
        line = rows.current - 1 - rows.scroll_offset.y
        was = rows.current
        source.texts = {n: t for n, t in source.texts.items() if n > 5}
        rows.refresh_ids()
        await settle(pilot)
        assert rows.current == was
        assert rows.row_count == 295
        # and the row stays on its line of the screen
        assert lines(pilot.app)[line + 1].startswith("▸")
        assert f"linha {was} " in lines(pilot.app)[line + 1]


async def test_a_row_that_is_gone_leaves_the_cursor_on_its_neighbour() -> None:
    source = Memory(30)
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*["down"] * 9)
        del source.texts[10]
        rows.refresh_ids()
        await settle(pilot)
        assert rows.current == 11
        source.texts.clear()
        rows.refresh_ids()
        await settle(pilot)
        assert rows.current is None
        assert "Cadastre a primeira" in "".join(lines(pilot.app))


async def test_a_changed_row_shows_by_itself() -> None:
    source = Memory(30)
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        source.texts[7] = "mudou"
        rows.refresh_ids()
        await settle(pilot)
        assert "mudou" in lines(pilot.app)[7]


async def test_a_list_is_drawn_right_though_no_event_told_its_size() -> None:
    class Early(WindowList):
        def on_resize(self, event: events.Resize | None = None) -> None:
            assert event is not None
            event.prevent_default()

    source = Memory(3)
    source.gate.clear()
    rows = Early(source, COLUMNS)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        source.gate.set()
        await settle(pilot)
        assert "Texto" in lines(pilot.app)[0]
        assert "linha 3" in lines(pilot.app)[3]


async def test_marks_stay_with_their_rows() -> None:
    source = Memory(30)
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert rows.targets == (1,)
        await pilot.press("space", "down", "space")
        assert rows.marks == {1, 3}
        assert rows.targets == (1, 3)
        del source.texts[1]
        rows.refresh_ids()
        await settle(pilot)
        assert rows.marks == {3}
        assert rows.counts == "1 marcada · 29"
        await pilot.press("u")
        assert rows.marks == frozenset()


async def test_typing_in_the_filter_never_waits_for_the_source() -> None:
    source = Memory(10_312)
    rows = _list(source)
    app = Stage(Listing(rows, title="Fila"))
    async with app.run_test(size=(80, 24)) as pilot:
        rows.focus()
        await settle(pilot)
        source.gate.clear()
        await pilot.press("slash", *"linha 100")
        assert "linha 100" in lines(app)[0]
        assert rows.row_count == 10_312
        source.gate.set()
        await settle(pilot)
        assert source.asked[-1] == ("linha 100", None, False)
        assert rows.counts == "111 de 10.312"
        assert "111 de 10.312" in lines(app)[0]
        await pilot.press("enter")
        assert rows.has_focus
        assert rows.filter == "linha 100"
        await pilot.press("escape")
        await settle(pilot)
        assert rows.counts == "10.312"


async def test_refreshes_never_starve_a_slow_answer() -> None:
    source = Memory(10)
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        source.gate.clear()
        for _n in range(5):
            rows.refresh_ids()
            await pilot.pause()
        assert len(source.asked) == 2
        source.gate.set()
        await settle(pilot)
        assert len(source.asked) == 3


async def test_sorting_asks_the_source_and_keeps_the_row() -> None:
    source = Memory(30)
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("down", "o", "O")
        await settle(pilot)
        assert source.asked[-1] == ("", "id", True)
        assert rows.current == 2
        assert "Nº ▼" in lines(pilot.app)[0]


async def test_a_refusal_is_shown_and_mended_by_the_next_answer() -> None:
    source = Memory(3)
    source.refusal = Unavailable("o banco\x1b[2J está ocupado")
    rows = _list(source)
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "▲ o banco·[2J está ocupado" in "".join(lines(pilot.app))
        source.refusal = None
        rows.refresh_ids()
        await settle(pilot)
        assert rows.counts == "3"


@pytest.mark.parametrize(
    "text",
    [
        "Re: [/] nota",
        "[@click=app.quit]sair[/]",
        "\x1b]52;c;QUJD\x07 \x9b2J \x1b[2J",
        "\u202eetoN \u2066x",
        "日本株式会社の請求書 🚀 👩\u200d👩\u200d👧",
        "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    ],
)
async def test_hostile_text_is_only_text(text: str) -> None:
    source = Memory(5)
    source.texts[2] = text
    async with Stage(_list(source)).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("down")
        drawn = lines(pilot.app)
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for line in drawn for c in line)
        assert not {"\u202e", "\u2066", "\u200d"} & set("".join(drawn))
        strips = pilot.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {80}
        if "[" in text and "\x1b" not in text:
            assert text in drawn[2]
        await pilot.click(WindowList, offset=(14, 2))
        await pilot.pause()
        assert pilot.app.is_running


@pytest.mark.parametrize("size", [(20, 5), (60, 10), (160, 48), (3, 2)])
async def test_any_terminal_size(size: tuple[int, int]) -> None:
    async with Stage(_list(Memory(200))).run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("end", "pageup", "down", "home")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "linha 1 " in lines(pilot.app)[1]


async def test_the_cursor_is_seen_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with Stage(_list(Memory(5))).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert lines(pilot.app)[1].startswith("▸")
        assert "▲ Falhou" in lines(pilot.app)[1]
        assert "● Enviado" in lines(pilot.app)[2]
        strip = pilot.app.screen._compositor.render_strips()[1]
        assert all(seg.style is not None and seg.style.reverse for seg in list(strip)[:1])


async def test_another_theme_colours_the_rows_that_were_drawn_before() -> None:
    """Rows that are drawn once are drawn again when their colours are others."""
    rows = _list(Memory(50))
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        before = [str(segment.style) for segment in rows.render_line(5)]
        pilot.app.theme = "carteiro-light"
        await settle(pilot)
        after = [str(segment.style) for segment in rows.render_line(5)]
        assert len(after) == len(before)
        assert not set(after) & set(before)


async def test_the_scroll_bar_goes_by_what_can_be_seen_of_it() -> None:
    """Half a page of 100,000 rows moves nothing of it; a row of 30 does, and the end is the end."""
    rows = _list(Memory(100_000))
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("pagedown")
        await settle(pilot)
        assert rows.scroll_offset.y == 23
        assert rows.vertical_scrollbar.position == 0
        await pilot.press("end")
        await settle(pilot)
        assert rows.vertical_scrollbar.position == rows.max_scroll_y
    rows = _list(Memory(30))
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*["down"] * 23)
        await settle(pilot)
        assert rows.vertical_scrollbar.position == rows.scroll_offset.y > 0


async def test_a_list_without_a_line_of_room_moves_all_the_same() -> None:
    """As in a terminal that is too low for it: nothing is drawn, and nothing breaks."""
    rows = _list(Memory(500))
    async with Stage(rows).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        rows.styles.height = 0
        await settle(pilot)
        assert rows.size.height == 0
        await pilot.press("pagedown", "down", "end", "pageup")
        await settle(pilot)
        rows.styles.height = "1fr"
        await settle(pilot)
        assert rows.row_count == 500
        assert f"linha {rows.current} " in "\n".join(lines(pilot.app))
