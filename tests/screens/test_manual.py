"""The manual and its chapters, the help of a field, and the page of all keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from screens.dialogs import (
    address_form,
    company_form,
    mailbox_form,
    microsoft_form,
    partner_form,
    server_fields,
    user_form,
)
from screens.dialogs.field_rules import rule
from screens.manual import chapters as manual
from services import language
from services.store.engine import Store
from services.store.models import Function
from services.wire import aadsts, guidance
from tests.screens import keys
from tests.screens.conftest import Opened
from tui_app.cli.parser import commands, parse


@pytest.fixture(params=language.LANGUAGES)
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn; Portuguese is spoken again after it."""
    language.choose(request.param)
    yield request.param
    language.choose("pt_BR")


def test_both_languages_have_the_same_chapters() -> None:
    """Chapter by chapter the same sections, blocks, keys and commands."""
    shapes = []
    for one in language.LANGUAGES:
        language.choose(one)
        shapes.append(
            [
                (
                    chapter.key,
                    [[(b.kind, b.marker) for b in section.blocks] for section in chapter.sections],
                    [
                        [run for run, what in manual.pieces(block.text) if what == "code"]
                        for section in chapter.sections
                        for block in section.blocks
                    ],
                )
                for chapter in manual.chapters()
            ]
        )
    language.choose("pt_BR")
    assert shapes[0] == shapes[1]


def test_what_the_chapters_tell_to_type_exists(spoken: str) -> None:
    """A command that is told is one that the program understands."""
    told = {
        run
        for chapter in manual.chapters()
        for section in chapter.sections
        for block in section.blocks
        for run, what in manual.pieces(block.text)
        if what == "code" and run.startswith("carteiro ")
    }
    assert len(told) > 20
    for words in told:
        with pytest.raises(SystemExit) as ended:
            parse([*words.split()[1:], "--help"])
        assert ended.value.code == 0, words
    assert {words.split()[1] for words in told} <= set(commands())


def test_tables_come_from_the_program(spoken: str) -> None:
    """R45, R51: the seven codes and the providers' topics are not written twice."""
    tables = [b.rows for c in manual.chapters() for s in c.sections for b in s.blocks if b.rows]
    assert [name for name, _words in tables[1]] == [f"AADSTS{code}" for code in aadsts.seven()]
    assert [name for name, _words in tables[0]] == [topic.key for topic in guidance.topics()]


@pytest.mark.parametrize(
    ("called", "chapter"),
    [
        ("verificação em duas etapas", "security"),
        ("senha de aplicativo", "security"),
        ("aplicativos menos seguros", "security"),
        ("Gmail ativar o POP", "security"),
        ("extensão InvoiCy Mail", "register"),
        ("extensão Importação de Documentos", "register"),
        ("Vincular conta Microsoft", "register"),
        ("Outro provedor", "register"),
        ("Importar da Matriz", "register"),
        ("Importar do Parceiro", "register"),
        ("opções avançadas porta SSL tempo limite", "register"),
        ("Caixa ativa", "register"),
        ("filtros CNPJ apelido do usuário", "servers"),
        ("tipo envio leitura ambos", "servers"),
        ("chave de parceiro", "servers"),
        ("Vincular Empresas", "servers"),
        ("Novo E-mail", "notifications"),
        ("um único e-mail", "notifications"),
        *((f"AADSTS{code}", "microsoft") for code in aadsts.seven()),
        ("E-mail para notificações", "microsoft"),
        ("envio ou leitura inativada", "microsoft"),
    ],
)
def test_what_the_article_speaks_of_is_found_by_its_name(called: str, chapter: str) -> None:
    """R1-R28, R45-R51: in the chapter where one would look for it."""
    assert chapter in [found.chapter.key for found in manual.search(called)]


async def test_manual_is_searched_read_and_left(
    console: Opened, store: Store, actor: object
) -> None:
    """F6 lists the chapters at the screen's own, typing searches all, Enter reads, Esc goes back."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("f6")
        await c.in_front("ManualDialog")
        await c.shows("Primeiros passos", "Cadastro de caixas de e-mail", "Envio e fila")
        await c.type("multifator")
        await c.until(lambda: "Envio e fila" not in c.text, "the search")
        await c.press("enter")
        await c.shows("AADSTS50079", "Voltar")
        await c.press("n")
        await c.shows("Envio e fila")
        await c.press("escape")
        await c.shows("multifator", "›")
        await c.press("escape")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")


async def test_manual_opens_from_help_and_palette(
    console: Opened, store: Store, actor: object
) -> None:
    """What was looked for in the help is looked for in the manual; the palette opens a chapter."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("question_mark")
        await c.in_front("HelpDialog")
        await c.type("quarentena")
        await c.shows("No manual", "• Leitura, documentos e quarentena")
        await c.press("f6")
        await c.in_front("ManualDialog")
        await c.press("enter")
        await c.shows("Uma mensagem ruim")
        await c.press("escape", "escape", "escape")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")
        titles = {one.title for one in c.app.get_system_commands(c.app.screen)}
        assert "Manual: Inativação de caixas Microsoft" in titles


async def test_help_tells_the_rule_of_the_field_in_hand(
    console: Opened, store: Store, actor: object
) -> None:
    """R8, R51: in a form F1 begins with the field that has the focus, and searches it too."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.in_front("ChooseCompany")
        await c.press("f3")
        await c.in_front("CompanyForm")
        await c.press("f1")
        await c.in_front("HelpDialog")
        await c.shows("Neste campo: CNPJ", "dígitos verificadores", "Preenchimento obrigatório.")
        await c.type("verificadores")
        await c.until(lambda: "Ctrl+S" not in c.text, "the search")
        assert "Neste campo: CNPJ" in c.text
        await c.press("escape", "tab", "f1")
        await c.shows("Neste campo: Apelido")


def test_every_field_has_a_rule() -> None:
    """No form asks for something that its help does not explain."""
    asked = {
        "mailbox": [
            *mailbox_form.fields(Function.SEND, editing=False),
            *mailbox_form.fields(Function.READ, editing=True),
        ],
        "server": server_fields.fields(editing=False),
        "company": company_form.fields(editing=False),
        "user": user_form.fields(),
        "address": address_form.fields(None),
        "partner": partner_form.fields(editing=False),
        "microsoft": microsoft_form._fields(None),
    }
    missing = [
        f"{form}.{spec.name}"
        for form, specs in asked.items()
        for spec in specs
        if not (spec.help or rule(form, spec.name))
    ]
    assert missing == []


def test_page_of_keys_is_up_to_date() -> None:
    """``docs/keys.md`` is what the declarations give: run python -m tests.screens.keys."""
    assert keys.PAGE.read_text("utf-8") == keys.page()


def test_page_of_keys_names_every_command() -> None:
    """By the id that rebinds it, in both languages, once."""
    text = keys.page()
    ids = re.findall(r"\| `([a-z_]+\.[a-z_]+)` \|$", text, re.MULTILINE)
    assert len(ids) == len(set(ids)) > 150
    assert "| Espaço · Space | Marcar: Marca ou desmarca a linha" in text
