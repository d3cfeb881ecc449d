"""``--help`` in both languages: every command is found, and says all of what it takes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest

from services import language
from services.settings import Settings
from tests.cli.grammar import actions, parsers
from tui_app.__main__ import main
from tui_app.cli.parser import commands

LAUNCHER = Path(__file__).resolve().parents[2] / "carteiro"
# Values to be typed as they are, and names that both languages share.
SAME = re.compile(r"ID|CNPJ|N|N\|provider|pt_BR\|en(\|session)?|[a-z]+([,|][a-z]+)+")


class Marking(NullTranslations):
    """A language of which every word shows that it was looked up."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is installed there; Portuguese is spoken again afterwards."""
    monkeypatch.setenv("CARTEIRO_HOME", str(tmp_path))
    yield tmp_path
    language.choose("pt_BR")


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What ``--help`` prints; it ends with 0."""
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    told, wrong = capsys.readouterr()
    assert (ended.value.code, wrong) == (0, ""), words
    return told


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_command_helps(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    """Each is in the list of its group and has a help of its own, with an example."""
    top = helped(capsys, "--lang", lang)
    for path, parser in parsers():
        *group, word = path.split()
        listed = helped(capsys, "--lang", lang, *group) if group else top
        assert re.search(rf"^    {word}\b", listed, re.MULTILINE), path
        told = helped(capsys, *path.split(), "--lang", lang)
        example = f"\n  carteiro {path}"
        assert example in told, path
        assert all(f"\n    {each}" in told for each in actions(parser)), path


def test_what_the_launcher_does_is_a_command_too() -> None:
    """Its words are in ``--help``, though it acts before the program starts."""
    words = set(re.findall(r"\d,(\w+),\w+", LAUNCHER.read_text()))
    assert words == {"extra"}
    assert words <= commands().keys()


def test_every_argument_is_told_in_words_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of help for each, and a placeholder that a translator has seen where it takes a value."""
    monkeypatch.setattr(language, "_catalogue", Marking())
    silent, unseen = [], []
    for path, parser in parsers():
        for each in parser._actions:
            if isinstance(each, (argparse._HelpAction, argparse._SubParsersAction)):
                continue
            name = f"{path} {'/'.join(each.option_strings) or each.dest}"
            if "«" not in (each.help or ""):
                silent.append(name)
            if each.nargs != 0 and not (each.choices and each.metavar is None):
                shown = each.metavar
                if not isinstance(shown, str) or not ("«" in shown or SAME.fullmatch(shown)):
                    unseen.append(f"{name}: {shown}")
    assert (silent, unseen) == ([], [])


@pytest.mark.usefixtures("home")
def test_settings_are_found_from_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The first help leads to the list of all settings; retention says what it keeps."""
    assert "carteiro doctor --help" in helped(capsys)
    told = helped(capsys, "doctor")
    assert all(re.search(rf"\b{name}\b", told) for name in Settings.__dataclass_fields__)
    assert "bell_retention_days        sino" in told


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        *(
            (typed, "mostra esta ajuda")
            for typed in ("pt_BR", "pt-BR", "pt", "PT_BR", "pt_BR.UTF-8")
        ),
        *((typed, "show this help") for typed in ("en", "en-US", "en_US", "EN", "en_GB.UTF-8")),
    ],
)
def test_languages_as_they_are_spelt(
    capsys: pytest.CaptureFixture[str], typed: str, words: str
) -> None:
    """``--lang`` takes what browsers and locales call a language."""
    assert words in helped(capsys, "--lang", typed)


@pytest.mark.usefixtures("home")
def test_a_language_that_is_not_spoken(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    """It is refused by name, on the command line and in ``carteiro.toml``."""
    assert main(["company", "list", "--lang", "fr"]) == 2
    assert "fr: não há este idioma; use pt_BR, en" in capsys.readouterr().err
    settings = home / "carteiro.toml"
    settings.write_text('language = "fr"\n')
    assert main(["company", "list"]) == 1
    assert "language: use pt_BR ou en" in capsys.readouterr().err
    settings.write_text('language = "en-US"\n')
    assert "show this help" in helped(capsys)
