"""Painel de Controle: the groups of the mission, by digit, by arrow or by mouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from services.language import _, later, said

WIDTH = 24


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the panel: the digit that jumps to it and the screen's key.

    ``partner_only`` places are not shown to company users, whom the services refuse them (R53).
    """

    digit: str
    key: str
    message: str
    partner_only: bool = False

    @property
    def words(self) -> str:
        """The screen's name, in the language in force."""
        return said(self.message)


def places() -> list[tuple[str, list[Place]]]:
    """Groups and their places, in the mission's order; a digit stays with its screen."""
    return [
        (
            _("Empresa"),
            [
                Place("1", "mailboxes", later("Caixas de E-mail")),
            ],
        ),
        (
            _("Configurações do Parceiro – Gerenciamento"),
            [
                Place("2", "servers", later("Servidores de E-mail"), partner_only=True),
                Place(
                    "3",
                    "notification_emails",
                    later("E-mails para Notificações"),
                    partner_only=True,
                ),
                Place("4", "companies", later("Empresas"), partner_only=True),
                Place("5", "users", later("Usuários"), partner_only=True),
            ],
        ),
        (
            _("Operação"),
            [
                Place("6", "outbox", later("Fila de envio")),
                Place("7", "documents", later("Documentos")),
                Place("8", "quarantine", later("Quarentena")),
                Place("9", "health", later("Saúde")),
                Place("0", "audit", later("Auditoria"), partner_only=True),
                Place("b", "bell", later("Notificações")),
            ],
        ),
    ]


def partners_own() -> frozenset[str]:
    """The keys of the screens that only partner users have."""
    return frozenset(p.key for _group, members in places() for p in members if p.partner_only)


class PlaceLine(Static):
    """One clickable line of the panel."""

    def __init__(self, place: Place, *, here: bool, width: int) -> None:
        # A name that needs two lines keeps its digit to itself.
        words = fill(
            place.words, width, initial_indent=f" {place.digit}  ", subsequent_indent=" " * 4
        )
        super().__init__(words, markup=False, classes="here" if here else "")
        self.place = place

    def on_click(self) -> None:
        """Go there."""
        self.post_message(Panel.Chosen(self.place.key))


class Panel(VerticalScroll, can_focus=False):
    """The panel at the left edge."""

    DEFAULT_CSS = """
    Panel { width: 26; height: 1fr; background: $panel; scrollbar-size-vertical: 0; }
    Panel .title { padding: 0 1; text-style: bold; color: $text-primary; }
    Panel .group { padding: 1 1 0 1; color: $text-muted; }
    Panel PlaceLine { padding: 0 1; }
    Panel PlaceLine:hover { background: $boost; }
    Panel PlaceLine.here { background: $primary 30%; text-style: bold; }
    Panel PlaceLine.here:ansi { text-style: reverse; }
    """

    class Chosen(Message):
        """Somebody wants to go to a screen."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def compose(self) -> ComposeResult:
        yield Static(_("Painel de Controle"), classes="title", markup=False)
        yield from place_lines(here=self._here, width=WIDTH)


def place_lines(here: str = "", width: int = 72) -> Iterator[Static]:
    """Every group's title and its places, in lines of ``width`` cells at most.

    Those of the partner carry a class to hide them by.
    """
    for group, members in places():
        title = Static(group, classes="group place", markup=False)
        title.set_class(all(place.partner_only for place in members), "partner-only")
        yield title
        for place in members:
            line = PlaceLine(place, here=place.key == here, width=width)
            line.add_class("place")
            line.set_class(place.partner_only, "partner-only")
            yield line
