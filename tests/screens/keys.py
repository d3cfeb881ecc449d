"""``docs/keys.md``: every key of the program, as it is declared, in both languages.

``python -m tests.screens.keys`` writes it anew.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from itertools import groupby

from textual.binding import Binding

import screens
import tui_app.app
import tui_app.demo
from screens.commands import Command, Commanded
from services import language
from tests.catalogue import ROOT
from tui_app.keys import key_words

PAGE = ROOT / "docs" / "keys.md"
LANGUAGES = ("pt_BR", "en")
PLACES = {
    "app": ("Em qualquer tela", "On any screen"),
    "list": ("Em qualquer lista", "In any list"),
    "browse": ("Telas com lista", "Screens with a list"),
    "records": ("Listas de cadastros", "Lists of records"),
    "filter": ("Filtro de uma lista", "Filter of a list"),
    "filters": ("Filtros de Servidores de E-mail", "Filters of E-mail Servers"),
    "mailboxes": ("Caixas de E-mail", "Mailboxes"),
    "servers": ("Servidores de E-mail", "E-mail Servers"),
    "notification_emails": ("E-mails para Notificações", "Notification E-mails"),
    "companies": ("Empresas", "Companies"),
    "users": ("Usuários", "Users"),
    "outbox": ("Fila de envio", "Outbox"),
    "documents": ("Documentos", "Documents"),
    "quarantine": ("Quarentena", "Quarantine"),
    "choose_owner": ("Escolher a empresa do documento", "Choosing the document's company"),
    "activity": ("Movimento", "Activity"),
    "arrivals": ("Chegadas por empresa", "Arrivals by company"),
    "arrived": ("Chegou?", "Did it arrive?"),
    "health": ("Saúde", "Health"),
    "bell": ("Notificações", "Notifications"),
    "bell_entry": ("Uma notificação", "One notification"),
    "bell_filter": ("Filtrar notificações", "Filtering notifications"),
    "form": ("Formulários", "Forms"),
    "field": ("Campos de escolha", "Fields to choose in"),
    "record": ("Formulário de um cadastro", "Form of a record"),
    "dialog": ("Outros formulários", "Other forms"),
    "mailbox_form": ("Formulário de caixa", "Form of a mailbox"),
    "server_form": ("Formulário de servidor", "Form of a server"),
    "user_form": ("Formulário de usuário", "Form of a user"),
    "address_form": ("Formulário de endereço", "Form of an address"),
    "partner_form": ("InvoiCy Mail do parceiro", "The partner's InvoiCy Mail"),
    "microsoft_form": ("Vincular conta Microsoft", "Link Microsoft account"),
    "sign_in": ("Entrada na conta Microsoft", "Signing in at Microsoft"),
    "send_document": ("Enviar documento", "Sending a document"),
    "email_test": ("Testar E-mail", "Test of a mailbox"),
    "guidance": ("Orientações dos provedores", "The providers' guidance"),
    "help": ("Ajuda", "Help"),
    "manual": ("Manual", "Manual"),
    "wizard": ("Primeira execução", "First run"),
    "first_steps": ("Primeiros passos", "First steps"),
    "home": ("Painel de Controle", "Control Panel"),
    "register_way": ("Maneira de cadastrar", "Way to register"),
    "import_mailbox": ("Importar da Matriz ou do Parceiro", "Import from headquarters or partner"),
    "mailbox_notice": ("Aviso sobre uma caixa", "Notice about a mailbox"),
    "agenda": ("Vencimentos", "Expiries"),
    "choose_company": ("Escolher a empresa", "Choosing the company"),
    "choose_mailbox": ("Escolher a caixa", "Choosing the mailbox"),
    "choose_user": ("Escolher o usuário", "Choosing the user"),
    "choice": ("Lista de marcar", "List to mark in"),
    "many": ("Vincular Empresas", "Linking companies"),
    "many_companies": ("Alterar em lote", "Change in bulk"),
    "matrix": ("Tabela de marcar", "Table to mark in"),
    "type_matrix": ("Tipos por empresa", "Types by company"),
    "who": ("Quem recebe?", "Who receives?"),
    "coverage": ("Cobertura", "Coverage"),
    "ways": ("Caixas de envio da empresa", "The company's sending mailboxes"),
    "discover": ("Procurar servidor", "Looking a server up"),
    "rotate": ("Trocar a senha em todos", "The password in all places"),
    "rehearsal": ("Simular leitura", "Rehearsing a reading"),
    "csv_choose": ("Importar CSV: o arquivo", "CSV import: the file"),
    "csv_plan": ("Importar CSV: o que muda", "CSV import: what changes"),
    "progress": ("Trabalho em andamento", "Work under way"),
    "details": ("Detalhes", "Details"),
    "confirm": ("Perguntas", "Questions"),
    "tour": ("Visita guiada da demonstração", "Tour of the demonstration"),
    "demo": ("Demonstração", "Demonstration"),
}
"""Every place of a command's id, by its name in both languages, in the order of the page."""


def page() -> str:
    """The page as it should be."""
    for room in (screens, tui_app.demo):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)
    commands = {command.id: command for cls in _classes(Commanded) for command in _own(cls)}
    by_place: dict[str, list[Command]] = {}
    for command in sorted(commands.values(), key=lambda c: c.id):
        by_place.setdefault(command.id.partition(".")[0], []).append(command)
    lines = [
        "# Teclas · Keys",
        "",
        "Feita por `python -m tests.screens.keys` das próprias declarações. A coluna `id` é o nome",
        'pelo qual `[keys]` em `carteiro.toml` dá outra tecla: `"outbox.retry" = "f8"`.',
        "",
        "Made by `python -m tests.screens.keys` from the declarations themselves. The column `id` is",
        'the name by which `[keys]` in `carteiro.toml` gives another key: `"outbox.retry" = "f8"`.',
    ]
    for place in (*PLACES, *(place for place in by_place if place not in PLACES)):
        if place in by_place:
            lines += ["", f"## {' · '.join(dict.fromkeys(PLACES.get(place, (place,))))}", ""]
            lines += ["| tecla · key | o que faz | what it does | id |", "|---|---|---|---|"]
            lines += [_line(command) for command in _in_order(by_place[place])]
    return "\n".join(lines) + "\n"


def _classes(cls: type[Commanded]) -> Iterator[type[Commanded]]:
    """The program's own, not those of tests."""
    for sub in cls.__subclasses__():
        if sub.__module__.startswith(("screens.", "tui_app.")):
            yield sub
            yield from _classes(sub)


def _own(cls: type[Commanded]) -> tuple[Command, ...]:
    own: tuple[Command, ...] = cls.__dict__.get("VERBS", ())
    return own


def _in_order(commands: list[Command]) -> list[Command]:
    """As on the key line; what is not there, after it, as declared."""
    return sorted(commands, key=lambda c: (c.order == 0, c.order))


def _line(command: Command) -> str:
    keys, words = [], []
    spoken = language.chosen()
    try:
        for one in LANGUAGES:
            language.choose(one)
            keys.append(", ".join(_keys(command)))
            words.append(_cell(f"{command.words}: {command.help}".removesuffix(": ")))
    finally:
        language.choose(spoken)
    both = " · ".join(key for key, _same in groupby(keys))
    return f"| {both} | {words[0]} | {words[1]} | `{command.id}` |"


def _keys(command: Command) -> Iterator[str]:
    for key in command.key.split(","):
        yield _cell(key_words(Binding(key, "")))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
