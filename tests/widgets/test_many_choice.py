"""Choosing many: marks, all that was found, what is shown, and how it is saved."""

from __future__ import annotations

from collections.abc import Sequence

from screens.bulk import Left
from screens.dialogs.many_choice import Apply, ChoiceWords, ManyChoice
from screens.widgets.choice_list import Picks, Show
from tests.widgets.conftest import COLUMNS, Memory, Stage, lines, settle

WORDS = ChoiceWords(
    title="Vincular",
    filter="texto",
    empty="Nada",
    work="Vincular",
    counts=lambda chosen, added, dropped: f"são {chosen} mais {added} menos {dropped}",
    show={Show.CHOSEN: "só as que são", Show.OTHERS: "só as outras", Show.CHANGED: "só o que muda"},
)


class Kept:
    """The chosen ids as another place keeps them."""

    def __init__(self, *ids: int) -> None:
        self.ids = set(ids)
        self.calls: list[tuple[int, int]] = []

    async def current(self) -> frozenset[int]:
        return frozenset(self.ids)

    async def apply(self, add: Sequence[int], drop: Sequence[int]) -> Sequence[Left]:
        self.calls.append((len(add), len(drop)))
        self.ids |= {each for each in add if each != 13}
        self.ids -= set(drop)
        return [Left("linha 13", "azar")] if 13 in add else []


def program(memory: Memory, kept: Kept, apply: Apply | None = None) -> tuple[Stage, ManyChoice]:
    from textual.widgets import Static

    return Stage(Static()), ManyChoice(WORDS, memory, COLUMNS, kept.current, apply)


def row(app: Stage, text: str) -> str:
    return next(line for line in lines(app) if f" {text} " in line)


async def test_marks_one_by_one_and_gives_them_back() -> None:
    """R20: Space chooses and goes on; the host saves."""
    app, dialog = program(Memory(10), Kept(2))
    got: list[frozenset[int] | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog, got.append)
        await settle(pilot)
        await pilot.press("down", "space", "space", "space")
        assert "+" in row(app, "linha 1")
        assert "−" in row(app, "linha 2")
        assert "são 1 mais 2 menos 1" in "".join(lines(app))
        await pilot.press("f2")
        await settle(pilot)
    assert got == [frozenset({1, 3})]


async def test_all_that_was_found_waits_for_what_was_typed_last() -> None:
    """R20: ``A`` right after typing means what was typed, however slow the search is."""
    memory, kept = Memory(10_000), Kept()
    app, dialog = program(memory, kept, kept.apply)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog)
        await settle(pilot)
        memory.gate.clear()
        await pilot.press(*"linha 77", "enter", "A")
        memory.gate.set()
        await settle(pilot)
        assert "são 0 mais 111 menos 0" in "".join(lines(app))
        await pilot.press("f2")
        await settle(pilot)
    assert len(kept.ids) == 111


async def test_what_is_shown_goes_round_and_marking_moves_no_row() -> None:
    """R20: F4 shows all, the chosen, the others, the changed."""
    app, dialog = program(Memory(6), Kept(2, 4))
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog)
        await settle(pilot)
        await pilot.press("down", "f4")
        await settle(pilot)
        assert "só as que são" in "".join(lines(app))
        assert list(await dialog.list.matching()) == [2, 4]
        await pilot.press("space")
        assert list(await dialog.list.matching()) == [2, 4]
        await pilot.press("f4")
        await settle(pilot)
        assert list(await dialog.list.matching()) == [1, 3, 5, 6]
        await pilot.press("f4")
        await settle(pilot)
        assert list(await dialog.list.matching()) == [2]


async def test_it_is_saved_in_chunks_and_the_refused_are_told() -> None:
    """R20: 1,200 in chunks of 500; the one refused is named with its reason."""
    kept = Kept(2_000)
    app, dialog = program(Memory(1_200), kept, kept.apply)
    got: list[frozenset[int] | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog, got.append)
        await settle(pilot)
        await pilot.press("down", "A")
        await settle(pilot)
        await pilot.press("f2")
        while "azar" not in "".join(lines(app)):
            await pilot.pause(0.02)
        await pilot.press("escape")
        await settle(pilot)
    assert kept.calls == [(500, 0), (500, 0), (200, 0)]
    assert got == [frozenset(kept.ids)]
    assert 13 not in kept.ids


async def test_leaving_asks_when_something_is_marked() -> None:
    """R20: Esc empties the filter first, then asks before marks are lost."""
    app, dialog = program(Memory(5), Kept())
    got: list[frozenset[int] | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog, got.append)
        await settle(pilot)
        await pilot.press(*"linha 3", "escape")
        await settle(pilot)
        assert app.screen is dialog
        await pilot.press("down", "space", "escape")
        await pilot.pause()
        assert "Sair sem salvar?" in "".join(lines(app))
        await pilot.press("escape", "space", "escape", "left", "enter")
        await settle(pilot)
    assert got == [None]


async def test_what_others_save_meanwhile_is_kept_apart() -> None:
    """R20: a row that somebody else chose is no change any more; own marks stay."""
    kept = Kept(1)
    app, dialog = program(Memory(5), kept)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog)
        await settle(pilot)
        await pilot.press("down", "down", "space", "space")
        kept.ids = {2, 5}
        await dialog.refresh_live()
        await settle(pilot)
        assert "são 2 mais 1 menos 0" in "".join(lines(app))
        assert dialog.list.current == 4


def test_picks_keep_intentions_when_others_save() -> None:
    picks = Picks({1, 2})
    picks.put({2, 3, 4}, True)
    picks.put({1}, False)
    assert (picks.added, picks.dropped) == ({3, 4}, {1})
    picks.rebase({2, 3})
    assert (picks.added, picks.dropped) == ({4}, set())
    assert picks.chosen == {2, 3, 4}
    picks.put({4}, False)
    assert not picks.changed
