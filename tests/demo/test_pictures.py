"""The documentation's pictures are what the program shows, in both languages."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.screen import Screen

import screens
import tui_app
from tests.demo import pictures
from tests.demo.album import PARTS
from tests.demo.pictures import FOLDER, LANGUAGES, PAGES

UNPICTURED = {
    "FramedScreen": "the frame of every screen",
    "BrowseScreen": "what screens with a list are made of",
    "RecordsScreen": "what lists of records are made of",
    "RecordForm": "what forms are made of",
}
"""Screens without a picture, and why."""


def test_pictures_show_what_the_program_shows(tmp_path: Path) -> None:
    """Every screen of the demonstration, taken anew: run python -m tests.demo.pictures."""
    folders = {spoken: tmp_path / spoken for spoken in LANGUAGES}
    for folder in folders.values():
        folder.mkdir()
    under_way = {spoken: pictures.take(spoken, folder) for spoken, folder in folders.items()}
    try:
        for process in under_way.values():
            told, _nothing = process.communicate(timeout=480)
            assert process.returncode == 0, told
    finally:
        for process in under_way.values():
            process.kill()
            process.wait()
    old = []
    for spoken, folder in folders.items():
        kept = FOLDER / LANGUAGES[spoken]
        new, before = (
            {svg.name: svg.read_bytes() for svg in at.glob("*.svg")} for at in (folder, kept)
        )
        names = sorted(new.keys() | before.keys())
        old += [f"{spoken}/{name}" for name in names if new.get(name) != before.get(name)]
    assert old == []


def test_pages_show_every_picture() -> None:
    """``docs/telas.md`` and ``docs/screens.md`` are what the album gives, each picture once; none
    is of an empty screen."""
    names = [each.name for part in PARTS for each in part.pictures]
    assert len(set(names)) == len(names)
    for spoken, page in PAGES.items():
        assert page.read_text("utf-8") == pictures.page(spoken)
        shown = {
            svg.stem: "<text" in svg.read_text("utf-8")
            for svg in (FOLDER / LANGUAGES[spoken]).glob("*.svg")
        }
        assert shown == dict.fromkeys(names, True)


def test_every_screen_is_pictured() -> None:
    """Whatever screen or dialog there is stands in front in a picture of each language."""
    for room in (screens, tui_app):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    ours = ("screens.", "tui_app.")
    known = {cls.__name__ for cls in _below(Screen) if cls.__module__.startswith(ours)}
    for folder in LANGUAGES.values():
        shown = {
            told[1]
            for svg in (FOLDER / folder).glob("*.svg")
            if (told := re.search("<metadata>(.*)</metadata>", svg.read_text("utf-8")))
        }
        assert known == shown | UNPICTURED.keys()
        assert not shown & UNPICTURED.keys()


def _below(cls: type[Screen[Any]]) -> Iterator[type[Screen[Any]]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
