"""``docs/pictures`` and the pages that show them: every screen of the demonstration, by language.

``python -m tests.demo.pictures`` makes them anew. ``python -m tests.demo.pictures en FOLDER 80x24``
writes those of one language, at any size, elsewhere; names after that choose some.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from services import language
from tests.catalogue import ROOT
from tests.demo.album import PARTS

_MODULE = "tests.demo.pictures"
SIZE = (100, 30)
FOLDER = ROOT / "docs" / "pictures"
LANGUAGES = {"pt_BR": "pt-BR", "en": "en"}
"""The languages, and the folders of their pictures, in the order of :data:`Words`."""
PAGES = {"pt_BR": ROOT / "docs" / "telas.md", "en": ROOT / "docs" / "screens.md"}
_HEADS = {
    "pt_BR": (
        "# As telas",
        "",
        "[In English](screens.md)",
        "",
        "O ambiente de `./carteiro demo`, como se vê em um terminal de 100×30: empresas, endereços e",
        "documentos são inventados. Feita por `python -m tests.demo.pictures`, que os testes repetem",
        "e comparam. Todas as teclas estão em [keys.md](keys.md).",
    ),
    "en": (
        "# The screens",
        "",
        "[Em português](telas.md)",
        "",
        "The world of `./carteiro demo`, as a terminal of 100×30 shows it: companies, addresses and",
        "documents are invented. Made by `python -m tests.demo.pictures`, which the tests repeat and",
        "compare. Every key is in [keys.md](keys.md).",
    ),
}


def page(spoken: str) -> str:
    """The page of one language as it should be."""
    at = list(LANGUAGES).index(spoken)
    lines = [*_HEADS[spoken]]
    for part in PARTS:
        lines += ["", f"## {part.title[at]}"]
        for each in part.pictures:
            file = f"pictures/{LANGUAGES[spoken]}/{each.name}.svg"
            lines += ["", f"### {each.title[at]}", "", each.words[at], ""]
            lines += [f"![{each.title[at]}]({file})"]
    return "\n".join(lines) + "\n"


def take(spoken: str, folder: Path, *, size: tuple[int, int] = SIZE) -> subprocess.Popen[str]:
    """Begin to take the pictures of one language into ``folder``.

    In a process of its own: words of keys are chosen when screens are imported.
    """
    wide, high = size
    return subprocess.Popen(
        (
            sys.executable,
            "-m",
            _MODULE,
            spoken,
            str(folder),
            f"{wide}x{high}",
        ),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONHASHSEED": "0",
            "TEXTUAL_ANIMATIONS": "none",
            "TMPDIR": str(folder),
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _all() -> None:
    with tempfile.TemporaryDirectory() as new:
        under_way = []
        for spoken in LANGUAGES:
            folder = Path(new) / spoken
            folder.mkdir()
            under_way.append((spoken, folder, take(spoken, folder)))
        for spoken, folder, process in under_way:
            told, _nothing = process.communicate()
            if process.returncode:
                sys.exit(told)
            place = FOLDER / LANGUAGES[spoken]
            place.mkdir(parents=True, exist_ok=True)
            for old in place.glob("*.svg"):
                old.unlink()
            for svg in folder.glob("*.svg"):
                (place / svg.name).write_bytes(svg.read_bytes())
            PAGES[spoken].write_text(page(spoken), "utf-8")


def _one(spoken: str, folder: str, size: str, *names: str) -> None:
    language.choose(spoken)
    from tests.demo.posing import pose

    wide, _by, high = size.partition("x")
    asyncio.run(pose(Path(folder), (int(wide), int(high)), frozenset(names)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _one(*sys.argv[1:])
    else:
        _all()
