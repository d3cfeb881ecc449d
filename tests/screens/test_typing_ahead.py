"""Keys that a slow line delivers in one burst do what they would have done one by one."""

from __future__ import annotations

from textual.events import Key
from textual.keys import Keys

from services.registry.access import Actor
from tests.screens.conftest import Console, Opened


def burst(c: Console, *typed: str) -> None:
    """All at once: names of keys, and texts."""
    for each in typed:
        named = each in {key.value for key in Keys}
        for key in [each] if named else each:
            c.app.post_message(Key(key, None if named else key))


def values(c: Console) -> dict[str, object]:
    found: dict[str, object] = c.app.screen.form.values()  # type: ignore[attr-defined]
    return found


async def test_each_letter_goes_to_its_field(console: Opened, actor: Actor) -> None:
    """Enter and Down go on to the next field before the next letter; commands of a field too."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("ServerForm")
        burst(c, "down", "errado", "ctrl+u", "Notas", "enter", "Sul", "home", "Contábil ", "down")
        burst(c, "nfe@sul.example", "enter", "nfe", "enter", "segredo", "shift+tab", "end", "1")
        await c.until(lambda: values(c)["username"] == "nfe1", "the last letter")
        found = values(c)
        assert [found[n] for n in ("nickname", "sender_name", "email", "password")] == [
            "Notas", "Contábil Sul", "nfe@sul.example", "segredo",
        ]  # fmt: skip


async def test_the_answer_is_the_one_that_was_chosen(console: Opened, actor: Actor) -> None:
    """The other answer of a question has the focus before Enter takes it."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("ServerForm")
        await c.press("down")
        await c.type("Notas")
        await c.press("escape")
        await c.in_front("Confirm")
        burst(c, "left", "enter")
        await c.in_front("ServersScreen")
