"""Portuguese in the sources, English in the catalogue: both whole, and in step with each other."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter

import pytest
from babel.messages import Catalog

from screens.mailboxes import MailboxesScreen
from services import language
from tests import catalogue
from tests.catalogue import marked, sources

Modules = Sequence[tuple[Path, ast.Module]]
REMEDY = "run python -m tests.catalogue and fill in what it lists"
DEADLINE = 120
SAYING = frozenset(
    [
        "Static",
        "Label",
        "Button",
        "Option",
        "Foreign",
        "Content",
        "styled",
        "assemble",
        "Text",
        "Column",
        "FieldSpec",
        "Confirm",
        "Listing",
        "SystemCommand",
        "Command",
        "CommandPalette",
        "Palette",
        "notify",
        "notify_safe",
        "refuse",
        "tell",
        "say",
        "write",
        "print",
        "table",
        "add_argument",
        "Refused",
        "Invalid",
        "Conflict",
        "NotFound",
        "NotAllowed",
        "Unavailable",
        "CarteiroError",
    ]
)
"""What shows its text to a person."""
SHOWN = frozenset(
    ["help", "title", "placeholder", "label", "message", "description", "empty", "hint"]
)
WORDS = re.compile(r"[A-Za-zÀ-ÿ]{3,}.* [A-Za-zÀ-ÿ]{2,}|^[A-ZÀ-Ü][a-zà-ÿ]{3,}$|[à-ÿ]")
"""Two words, a capitalised one, or an accent: neither an id, a style nor a format."""
NAMES = frozenset({"InvoiCy Mail", "carteiro guidance"})
"""The same in every language."""


def forms(words: str | Sequence[str]) -> tuple[str, ...]:
    """Singular and plural of a message, or its only form."""
    return (words,) if isinstance(words, str) else tuple(words)


def placeholders(text: str) -> list[str]:
    """The fields of a format, with conversion and specification, sorted."""
    return sorted(
        f"{name}!{conversion}:{spec}"
        for _literal, name, spec, conversion in Formatter().parse(text)
        if name is not None
    )


@pytest.fixture(scope="module")
def english() -> Catalog:
    """The catalogue as it is in the repository."""
    return catalogue.read()


@pytest.fixture(scope="module")
def modules() -> Modules:
    """The program, read once for all that looks through it."""
    return sources()


@pytest.fixture
def speak() -> Iterator[None]:
    """The test may choose a language; Portuguese is spoken again after it."""
    yield
    language.choose("pt_BR")


def test_compiled_from_what_is_written(english: Catalog) -> None:
    """The ``.mo`` is the ``.po``, byte by byte."""
    assert catalogue.compiled(english) == catalogue.MO.read_bytes(), REMEDY


def test_written_the_same_everywhere(english: Catalog) -> None:
    """The ``.po`` names no people, dates or places, so that it is the same wherever it is made."""
    again = catalogue.written(catalogue.brought_up(english, english))
    assert again == catalogue.PO.read_bytes(), REMEDY
    assert b"\n#: " not in again
    assert b"POT-Creation-Date" not in catalogue.MO.read_bytes()


def test_placeholders_survive(english: Catalog) -> None:
    """What a message is filled with in Portuguese, it is filled with in English."""
    wrong = [
        message.id
        for message in english
        if message.id
        for one, words in zip(forms(message.id), forms(message.string), strict=True)
        if placeholders(one) != placeholders(words)
    ]
    assert wrong == []


def test_every_message_has_words(english: Catalog, modules: Modules) -> None:
    """Whatever the sources say in Portuguese, the catalogue says in English."""
    missing = [
        f"{path.relative_to(catalogue.ROOT)}:{line}: {first.value}"
        for path, tree in modules
        for line, (first, *_more) in marked(tree)
        if isinstance(first, ast.Constant)
        and ((found := english.get(first.value)) is None or not all(forms(found.string)))
    ]
    assert missing == [], REMEDY


def test_messages_are_literals(modules: Modules) -> None:
    """A message is looked up as it is written: no f-string, no variable, filled in afterwards."""
    wrong = [
        f"{path.relative_to(catalogue.ROOT)}:{line}"
        for path, tree in modules
        for line, arguments in marked(tree)
        if not all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in arguments)
    ]
    assert wrong == []


def test_a_message_is_counted_wherever_it_stands_or_nowhere(modules: Modules) -> None:
    """Before Python 3.11.5 gettext finds no words for what is in the catalogue with a plural."""
    asked: dict[str, set[str]] = {"_": set(), "ngettext": set()}
    for _path, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                words = node.args[0]
                if node.func.id in asked and isinstance(words, ast.Constant):
                    asked[node.func.id].add(words.value)
    assert asked["ngettext"]
    assert not asked["_"] & asked["ngettext"]


def test_words_of_classes_are_looked_up_when_shown(modules: Modules) -> None:
    """What runs at import asks for no words: they would stay in the language of that moment."""
    frozen = [
        f"{path.relative_to(catalogue.ROOT)}:{node.lineno}"
        for path, tree in modules
        for scope in _at_import(tree)
        for node in ast.walk(scope)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("_", "ngettext")
    ]
    assert frozen == []


def _at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements that run when a module is imported: not the bodies of its functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _at_import(node)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


@pytest.mark.usefixtures("speak")
def test_commands_follow_the_language() -> None:
    """Words of commands are those of the language in force, whenever they were declared."""
    (up,) = (c for c in MailboxesScreen.VERBS if c.id == "mailboxes.up")
    assert up.words == "Subir na ordem"
    language.choose("en")
    assert up.words == "Earlier in the order"


def carteiro(home: Path, *words: str, **environment: str) -> str:
    """What ``carteiro`` prints in a process of its own."""
    spoken = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LC_MESSAGES", "LANG")}
    spoken |= {"LC_ALL": "pt_BR.UTF-8", "PYTHONIOENCODING": "utf-8", **environment}
    spoken |= {"CARTEIRO_HOME": str(home), "CARTEIRO_DATABASE_URL": f"sqlite:///{home}/own.db"}
    done = subprocess.run(
        (sys.executable, "-m", "tui_app", *words),
        cwd=catalogue.ROOT,
        env=spoken,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=DEADLINE,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Carteiro with a partner and without companies."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    told = carteiro(home, "init", "--partner", "P", "--partner-key", "K", "--user", "ana")
    assert "Parceiro P criado" in told
    return home


def test_command_line_in_english(installed: Path) -> None:
    """``--lang en`` answers in English, whatever the environment speaks."""
    told = carteiro(installed, "--lang", "en", "company", "list")
    assert told == "No companies: register one with carteiro company add\n"
    assert "expected one argument" in carteiro(
        installed, "--lang", "en", "company", "add", "--cnpj"
    )


def test_language_of_the_environment(installed: Path) -> None:
    """Without ``--lang`` the locale of the session decides; C and unknown ones are Portuguese."""
    assert "No companies" in carteiro(installed, "company", "list", LC_ALL="en_GB.UTF-8")
    assert "Nenhuma empresa" in carteiro(installed, "company", "list", LC_ALL="C.UTF-8")


def test_language_of_the_settings(installed: Path) -> None:
    """``language`` in ``carteiro.toml`` wins over the locale, and ``--lang`` over both."""
    settings = installed / "carteiro.toml"
    settings.write_text('language = "en"\n', "utf-8")
    try:
        assert "No companies" in carteiro(installed, "company", "list")
        assert "Nenhuma empresa" in carteiro(installed, "--lang", "pt_BR", "company", "list")
    finally:
        settings.unlink()


def test_no_words_are_hard_coded(modules: Modules) -> None:
    """What is handed to a widget, a message, an error or the command line's help is looked up."""
    bare = [
        f"{path.relative_to(catalogue.ROOT)}:{call.lineno}: {text}"
        for path, tree in modules
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _called(call) in SAYING
        for text in _texts(call)
        if WORDS.search(text) and text.strip(" (") not in NAMES
    ]
    assert bare == []


def test_a_hard_coded_word_is_found() -> None:
    """The rule sees literals, f-strings and keywords, and leaves ids and styles alone."""
    told = [
        text
        for call in ast.walk(ast.parse(_SPECIMEN))
        if isinstance(call, ast.Call) and _called(call) in SAYING
        for text in _texts(call)
        if WORDS.search(text)
    ]
    assert told == ["Nada saiu", "caixa parada: ", "uma empresa", "Situação"]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _texts(call: ast.Call) -> Iterator[str]:
    """The literal pieces of the arguments that people read."""
    for value in (*call.args, *(k.value for k in call.keywords if k.arg in SHOWN)):
        pieces = value.values if isinstance(value, ast.JoinedStr) else [value]
        for piece in pieces:
            if isinstance(piece, ast.Constant) and isinstance(piece.value, str):
                yield piece.value


_SPECIMEN = """
Static("Nada saiu", id="nothing here")
notify_safe(app, f"caixa parada: {name}")
group.add_argument("--company", help="uma empresa")
Column("state", "Situação", 11)
Static(_("Nada saiu"))
"""


@pytest.mark.usefixtures("speak")
def test_plurals() -> None:
    """Zero is singular in Portuguese and plural in English."""
    one, many = "{n} documento gravado", "{n} documentos gravados"
    language.choose("pt_BR")
    assert [language.ngettext(one, many, n) for n in (0, 1, 2)] == [one, one, many]
    language.choose("en")
    assert [language.ngettext(one, many, n) for n in (0, 1, 2)] == [
        "{n} documents written",
        "{n} document written",
        "{n} documents written",
    ]
