"""Painel de Controle: the groups of the mission, by digit, by arrow or by mouse."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from services.language import _


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the panel: the digit that jumps to it and the screen's key."""

    digit: str
    key: str
    words: str


def places() -> list[tuple[str, list[Place]]]:
    """Groups and their places, in the mission's order."""
    return [
        (
            _("Empresa"),
            [
                Place("1", "mailboxes", _("Caixas de E-mail")),
            ],
        ),
        (
            _("Operação"),
            [
                Place("2", "outbox", _("Fila de envio")),
                Place("3", "documents", _("Documentos")),
                Place("b", "bell", _("Notificações")),
            ],
        ),
    ]


class PlaceLine(Static):
    """One clickable line of the panel."""

    def __init__(self, place: Place, *, here: bool) -> None:
        super().__init__(
            f" {place.digit}  {place.words}", markup=False, classes="here" if here else ""
        )
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
        for group, members in places():
            yield Static(group, classes="group", markup=False)
            for place in members:
                yield PlaceLine(place, here=place.key == self._here)
