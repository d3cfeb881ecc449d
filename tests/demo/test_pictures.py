"""The documentation's pictures are what the program shows, in both languages."""

from __future__ import annotations

from pathlib import Path

from tests.demo import pictures
from tests.demo.album import PARTS
from tests.demo.pictures import FOLDER, LANGUAGES, PAGES


def test_pictures_show_what_the_program_shows(tmp_path: Path) -> None:
    """Every screen of the demonstration, taken anew: run python -m tests.demo.pictures."""
    folders = {spoken: tmp_path / spoken for spoken in LANGUAGES}
    for folder in folders.values():
        folder.mkdir()
    under_way = {spoken: pictures.take(spoken, folder) for spoken, folder in folders.items()}
    try:
        for process in under_way.values():
            told, _nothing = process.communicate(timeout=240)
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
