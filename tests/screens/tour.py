"""The way to every screen by keys, for pictures and snapshots alike."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import cast

import tui_app
from services.office import Office
from services.settings import Settings
from services.store import exchange
from services.store.engine import open_store
from tests.screens import sample
from tests.screens.conftest import Console
from tests.screens.faked import BLOCKED, CLIENT_ID
from tui_app.app import CarteiroApp
from tui_app.demo.console import DemoApp
from tui_app.demo.demo import Demo

TABLE = """cnpj;apelido;razao_social
60701190000104;Loja do Zé;Loja do Zé Ltda
60701190000199;Errada;Errada Ltda
"""


@dataclass(frozen=True, slots=True)
class Stop:
    """A screen: ``steps`` are keys, and the words that then appear.

    ``also`` names what the sample has besides: a "branch" of a headquarters, or with a "copy", or
    mailboxes that are "down", or things that are "held" in quarantine, also those that are of
    several, "shared", or addresses that are "told", or a Microsoft account that is "linked" and out
    of use, or a company that is "relayed" by the partner, or an account that is registered "twice",
    or a "table" of companies to bring in; with "tour" it is the demonstration's console.
    """

    name: str
    steps: Sequence[tuple[Sequence[str], str]]
    chosen: bool = True
    empty: bool = False
    also: str = ""


_MICROSOFT: tuple[tuple[Sequence[str], str], ...] = (
    (("1",), "nfe@padaria"),
    (("n",), "Outro provedor"),
    (("1",), "Conta que entra"),
    (tuple("contas@padaria.example"), "contas@padaria.example"),
)
STOPS = (
    Stop("home", ()),
    Stop("mailboxes", ((("1",), "xml@padaria"),)),
    Stop("mailbox_form", ((("1",), "nfe@padaria"), (("e",), "Editar caixa"), (("f4",), "Porta"))),
    Stop("email_test", ((("1",), "nfe@padaria"), (("t",), "sem resposta"))),
    Stop("guidance", ((("f7",), "16 caracteres"),), chosen=False),
    Stop("mailboxes_copy", ((("1",), "≠ origem"), (("down",), "▸ Pedidos")), also="copy"),
    Stop("copy_form", ((("1",), "≠ origem"), (("e",), "Cópia da matriz")), also="copy"),
    Stop("resync", ((("1",), "≠ origem"), (("y",), "Sincronizar central")), also="copy"),
    Stop("register_way", ((("1",), "nfe@padaria"), (("n",), "Outro provedor")), also="branch"),
    Stop("microsoft_form", (*_MICROSOFT, (("f4",), "smtp.office365.com"))),
    Stop("sign_in", (*_MICROSOFT, (("f2",), "FBLWKDAZA"))),
    Stop(
        "sign_in_address",
        (*_MICROSOFT, (("f2",), "FBLWKDAZA"), (("e",), "login.microsoftonline.com")),
    ),
    Stop(
        "sign_in_refused",
        (*_MICROSOFT[:-1], (tuple(BLOCKED), BLOCKED), (("f2",), "AADSTS53003")),
    ),
    Stop(
        "mailboxes_linked",
        (((), "1 caixa parada"), (("1",), "▲ Inativada"), (("down", "down"), "AADSTS")),
        also="linked",
    ),
    Stop(
        "linked_form",
        (
            ((), "1 caixa parada"),
            (("1",), "▲ Inativada"),
            (("down", "down", "e"), "Conta Microsoft"),
            (("f4",), "Porta"),
        ),
        also="linked",
    ),
    Stop(
        "choose_mailbox",
        ((("1",), "nfe@padaria"), (("n",), "Importar da Matriz"), (("3",), "Avisos")),
        also="branch",
    ),
    Stop(
        "import_mailbox",
        (
            (("1",), "nfe@padaria"),
            (("n",), "Importar da Matriz"),
            (("3",), "Avisos"),
            (("enter",), "Entra uma cópia"),
        ),
        also="branch",
    ),
    Stop("servers", ((("2",), "faturas@contabil"),)),
    Stop(
        "servers_filter",
        ((("2",), "faturas@contabil"), (("slash", "tab", *"aurora", "enter"), "1 de 6")),
    ),
    Stop(
        "server_form",
        (
            (("2",), "faturas@contabil"),
            (("down", "down", "down", "e"), "Empresas vinculadas: 1"),
            (("f4",), "Porta SMTP"),
        ),
    ),
    Stop(
        "link_companies",
        (
            (("2",), "faturas@contabil"),
            (("down", "down", "down", "v"), "1 vinculada"),
            (("down", "down", "space"), "1 a vincular"),
        ),
    ),
    Stop("notification_emails", ((("3",), "fiscal@contabil"),), also="told", chosen=False),
    Stop(
        "address_form",
        (
            (("3",), "fiscal@contabil"),
            (("n",), "Novo e-mail"),
            (("shift+tab", "right"), "Usuário que recebe"),
            (("enter",), "ana: ana@"),
        ),
        also="told",
        chosen=False,
    ),
    Stop(
        "type_matrix",
        (
            (("3",), "fiscal@contabil"),
            (("down", "y"), "Mercado Aurora: não recebe"),
            (("right", "space", "end", "right", "space"), "1 a incluir · 1 a retirar"),
        ),
        also="told",
        chosen=False,
    ),
    Stop(
        "who_receives",
        ((("3",), "fiscal@contabil"), (("d",), "Sairia")),
        also="told",
    ),
    Stop(
        "coverage",
        ((("3",), "fiscal@contabil"), (("l",), "Ninguém recebe:")),
        also="told",
        chosen=False,
    ),
    Stop("outbox", ((("6",), "Boleto"),)),
    Stop("documents", ((("7",), "Moinho"),)),
    Stop("document", ((("7",), "Moinho"), (("enter",), "Chave de acesso"))),
    Stop("send_document", ((("7",), "Moinho"), (("m",), "Vai para")), also="issued"),
    Stop("quarantine", ((("8",), "De outra empresa: 2"),), also="held"),
    Stop(
        "quarantine_item",
        ((("8",), "De outra empresa: 2"), (("enter",), "v vincula e importa")),
        also="held",
    ),
    Stop(
        "arrived",
        ((("A",), "Chegou?"), (tuple("uidl-3"), "uidl-3"), (("enter",), "1 mensagem")),
        also="held",
    ),
    Stop(
        "rehearsal",
        (
            (("1",), "xml@padaria"),
            (("tab", "d"), "4 de 4"),
        ),
    ),
    Stop("bell", ((("b",), "inativada"),)),
    Stop("partner_form", ((("p",), "InvoiCy Mail do parceiro"),)),
    Stop("choose_company", ((("c",), "Mercado Aurora"),), chosen=False),
    Stop("company_form", ((("c",), "Mercado Aurora"), (("f3",), "Razão social")), chosen=False),
    Stop("companies", ((("4",), "Mercado Aurora"),)),
    Stop("many_companies", ((("4",), "Mercado Aurora"), (("m",), "fica ativa")), chosen=False),
    Stop("csv_choose", ((("4",), "Mercado Aurora"), (("i",), "Colunas")), chosen=False),
    Stop("users", ((("5",), "parceiro"),), chosen=False),
    Stop("user_form", ((("5",), "parceiro"), (("e",), "Editar usuário")), chosen=False),
    Stop("health", ((("9",), "3 num incidente"),), also="down", chosen=False),
    Stop(
        "health_incident",
        ((("9",), "3 num incidente"), (("enter", "down"), "cobranca@")),
        also="down",
        chosen=False,
    ),
    Stop("audit", ((("0",), "empresa: cadastro"),), chosen=False),
    Stop("audit_entry", ((("0",), "empresa: cadastro"), (("enter",), "Como ficou")), chosen=False),
    Stop("confirm", ((("1",), "nfe@padaria"), (("x",), "Excluir a caixa"))),
    Stop("help", ((("1",), "nfe@padaria"), (("question_mark",), "Ajuda"))),
    Stop(
        "field_help",
        (
            (("1",), "nfe@padaria"),
            (("e",), "Editar caixa"),
            (("tab", "tab", "tab", "tab", "f1"), "Neste campo: Senha"),
        ),
    ),
    Stop("manual", ((("f6",), "Primeiros passos"), (tuple("matriz"), "As quatro maneiras"))),
    Stop("manual_chapter", ((("f6",), "Primeiros passos"), (("down", "enter"), "duas listas"))),
    Stop("wizard", (), chosen=False, empty=True),
    Stop(
        "first_steps",
        (
            (("C", "o", "n", "t", "a", "tab", "k", "1", "tab", "a", "n", "a"), "Conta"),
            (("f2",), "▸ A primeira empresa"),
            ((), "Falta fazer"),
        ),
        chosen=False,
        empty=True,
    ),
)
BESIDES = (
    Stop("agenda", ((("9",), "caixa"), (("v",), "Agenda das contas")), also="linked"),
    Stop("activity", ((("9",), "caixa"), (("m",), "Movimento por caixa")), also="down"),
    Stop("arrivals", ((("9",), "caixa"), (("p",), "Esperados e recebidos")), also="down"),
    Stop("bell_entry", ((("b",), "inativada"), (("down", "enter"), "E-mail recusado"))),
    Stop("bell_filter", ((("b",), "inativada"), (("f",), "Filtrar notificações"))),
    Stop("mailbox_notice", ((("b",), "inativada"), (("enter",), "e Abrir a caixa"))),
    Stop("palette", ((("ctrl+p",), "Auditoria"),)),
    Stop(
        "tour",
        ((("escape",), "F12 Visita guiada"), (("f12",), "Visita guiada 1")),
        False,
        also="tour",
    ),
    Stop("ways", ((("6",), "Boleto"), (("p",), "Caixas de envio ·"))),
    Stop(
        "choose_user",
        (
            (("3",), "fiscal@contabil"),
            (("n",), "Novo e-mail"),
            (("shift+tab", "right", "f8"), "Usuário que recebe"),
        ),
        also="told",
        chosen=False,
    ),
    Stop(
        "discover",
        (
            (("1",), "nfe@padaria"),
            (("n",), "Outro provedor"),
            (("2",), "Senha"),
            (("tab", "tab", *"nova@padaria.example"), "nova@padaria.example"),
            (("f6",), "● SMTP"),
        ),
    ),
    Stop(
        "rotate",
        (
            (("1",), "nfe@padaria"),
            (("e",), "Editar caixa"),
            (("tab", "tab", "tab", "tab", *"novidade", "f2"), "A mesma conta"),
        ),
        also="twice",
    ),
    Stop(
        "other_account",
        (
            ((), "1 caixa parada"),
            (("1",), "▲ Inativada"),
            (("down", "down", "l"), "FBLWKDAZA"),
            (("f3",), "Outra conta ·"),
        ),
        also="linked",
    ),
    Stop("sender_name", ((("1",), "· e muda o nome"), (("e",), "InvoiCy Mail ·")), also="relayed"),
    Stop(
        "choose_owner",
        ((("8",), "De outra empresa: 2"), (("v",), "O documento cita")),
        also="shared",
    ),
    Stop(
        "csv_plan",
        ((("4",), "Mercado Aurora"), (("i",), "empresas.csv"), (("enter",), "1 com erro")),
        also="table",
        chosen=False,
    ),
    Stop(
        "progress",
        (
            (("2",), "faturas@contabil"),
            (("space", "down", "space", "x"), "Excluir 2 servidores?"),
            (("left", "enter"), "1 recusado."),
        ),
        chosen=False,
    ),
)
"""Dialogs that have no picture."""


async def go(console: Console, stop: Stop) -> None:
    """Walk to ``stop``, as a person would, and wait until it is whole."""
    if stop.empty:
        await console.in_front("Wizard")
    else:
        await console.at_home()
        await console.shows("🔔 3")
    if stop.chosen:
        await console.press("c")
        await console.shows("Padaria São João", "Mercado Aurora")
        await console.type("padaria")
        await console.until(lambda: "Mercado Aurora" not in console.text, "the filtered list")
        await console.press("enter")
        await console.until(lambda: "▸ Padaria São João" in console.lines[0], "the company")
    for keys, words in stop.steps:
        await console.press(*keys)
        await console.shows(words)
    await console.settled()


class _Demonstration(DemoApp):
    """Over the sample instead of a world of its own."""

    CSS_PATH = str(Path(tui_app.__file__).with_name("app.tcss"))

    def __init__(self, settings: Settings) -> None:
        super().__init__(cast(Demo, SimpleNamespace(settings=settings)))
        self._with_jobs = False

    def open_office(self) -> Office:
        return CarteiroApp.open_office(self)


def over_sample(home: Path, stop: Stop) -> CarteiroApp:
    """The console over what ``stop`` asks for, jobs off."""
    shutil.copytree(_filled(None if stop.empty else stop.also), home, dirs_exist_ok=True)
    settings = _settings(home)
    if stop.also == "table":
        exchange.place(settings, "empresas.csv").write_text(TABLE, "utf-8")
    return (
        _Demonstration(settings) if stop.also == "tour" else CarteiroApp(settings, with_jobs=False)
    )


@cache
def _filled(also: str | None) -> Path:
    """A state folder with a migrated database and the sample in it, to be copied; None: no sample."""
    home = Path(_folder().name) / f"home-{also}"
    home.mkdir(mode=0o700)
    store = open_store(_settings(home))
    if also is not None:
        with store.writing() as session:
            sample.fill(session, also)
    store.close()
    return home


@cache
def _folder() -> TemporaryDirectory[str]:
    """Gone with the process."""
    return TemporaryDirectory(prefix="sample-")


def _settings(home: Path) -> Settings:
    return Settings(
        home=home,
        database_url=f"sqlite:///{home / 'carteiro.db'}",
        hostname="carteiro.example",
        microsoft_client_id=CLIENT_ID,
    )
