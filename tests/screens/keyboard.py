"""Keys as the terminal sends them: one after another, not each when all is done with the one before."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from contextlib import suppress

from textual._wait import wait_for_idle
from textual.app import App
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Keys, by Textual's names, each when the one before has done its work."""
    animator = pilot.app.animator
    for key in keys:
        _send(pilot.app, key)
        await wait_for_idle(0)
        if not animator._complete_event.is_set():
            await animator.wait_until_complete()
            await wait_for_idle(0)
    await pilot._wait_for_screen()


async def write(pilot: Pilot[int], text: Iterable[str]) -> None:
    """Letter by letter, with no pause between."""
    for letter in text:
        _send(pilot.app, letter)
    await wait_for_idle(0)
    await pilot._wait_for_screen()


def _send(app: App[int], key: str) -> None:
    event = _event(key)
    event.set_sender(app)
    assert app._driver is not None
    app._driver.send_message(event)


def _event(key: str) -> Key:
    if len(key) == 1:
        return Key(_character_to_key(key), key)
    name = _get_unicode_name_from_key(REPLACED_KEYS.get(key, key))
    with suppress(KeyError):
        return Key(key, unicodedata.lookup(name))
    return Key(key, None)
