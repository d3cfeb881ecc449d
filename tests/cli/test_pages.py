"""The READMEs and the pages of ``docs/``: what they tell to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tui_app.cli.parser import parse

_TOP = Path(__file__).resolve().parents[2]
_READMES = (_TOP / "README.md", _TOP / "README.pt-BR.md")
_PAGES = (*_READMES, *sorted((_TOP / "docs").glob("*.md")))
_BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"(?:^|\| *)(?:\./)?carteiro(?: (?P<words>.*))?$")


def _told(page: Path) -> list[list[str]]:
    """The words of every command of ours in the page's blocks."""
    lines = "".join(_BLOCK.findall(page.read_text("utf-8"))).replace("\\\n", " ").splitlines()
    typed = (_TYPED.search(line) for line in lines)
    return [shlex.split(found["words"] or "", comments=True) for found in typed if found]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_what_is_told_to_be_typed_is_understood(page: Path) -> None:
    """Every option of it too."""
    for words in _told(page):
        parse(words)


def test_both_readmes_tell_the_same() -> None:
    """But for the addresses of the reader's own language."""
    english, portuguese = ([words[:2] for words in _told(page)] for page in _READMES)
    assert len(english) > 20
    assert english == portuguese
