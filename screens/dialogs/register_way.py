"""The four ways to register a mailbox, the closed ones with their reason (R2, R3, R4, R11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from services.language import _, later
from services.registry.ways import Way


def name_of(key: str) -> str:
    """A way in the mission's words."""
    return {
        "microsoft": _("Vincular conta Microsoft"),
        "other": _("Outro provedor"),
        "headquarters": _("Importar da Matriz"),
        "partner": _("Importar do Parceiro"),
    }.get(key, key)


def _what_for(key: str) -> str:
    return {
        "microsoft": _("Entra com a conta, sem senha guardada"),
        "other": _("Preenche endereço, senha e servidor; F5 testa antes de salvar"),
        "headquarters": _("Troca as caixas de envio por uma cópia da caixa da matriz"),
        "partner": _("Troca as caixas de envio por uma cópia de uma caixa do parceiro"),
    }.get(key, "")


class WayLine(Vertical, can_focus=True):
    """One way: its digit and name, and below what it does, or why it is closed."""

    DEFAULT_CSS = """
    WayLine { height: auto; padding: 0 1; margin: 0 0 1 0; }
    WayLine .name { text-style: bold; }
    WayLine .words { padding: 0 0 0 3; color: $foreground 75%; }
    WayLine.closed .name { text-style: none; color: $foreground 55%; }
    WayLine.closed .words { color: $text-warning; }
    WayLine:focus { background: $primary 30%; }
    WayLine:focus .name { color: $foreground; }
    WayLine:nocolor:focus .name, WayLine:ansi:focus .name { text-style: reverse; }
    """

    class Chosen(Message):
        """A click on the way."""

        def __init__(self, way: Way) -> None:
            super().__init__()
            self.way = way

    def __init__(self, digit: int, way: Way) -> None:
        super().__init__(classes="" if way.allowed else "closed")
        self.way = way
        self._digit = digit

    def compose(self) -> ComposeResult:
        closed = "" if self.way.allowed else f"  ({_('indisponível aqui')})"
        yield Foreign(f"{self._digit}  {name_of(self.way.key)}{closed}", classes="name")
        yield Foreign(
            _what_for(self.way.key) if self.way.allowed else self.way.why, classes="words"
        )

    def on_click(self) -> None:
        """Choose it."""
        self.post_message(self.Chosen(self.way))


class RegisterWay(Commanded, ModalScreen[str | None]):
    """Gives the key of the way that was chosen, or None when left."""

    DEFAULT_CSS = """
    RegisterWay VerticalScroll { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WayLine"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "register_way.take", "enter,space", later("Escolher"), "take", order=1, palette=False
        ),
        Command("register_way.first", "1", "1", "pick(0)", palette=False),
        Command("register_way.second", "2", "2", "pick(1)", palette=False),
        Command("register_way.third", "3", "3", "pick(2)", palette=False),
        Command("register_way.fourth", "4", "4", "pick(3)", palette=False),
        Command("register_way.down", "down,j", later("Próxima"), "go(1)", palette=False),
        Command("register_way.up", "up,k", later("Anterior"), "go(-1)", palette=False),
        Command("register_way.leave", "escape,q", later("Voltar"), "dismiss(None)", order=2),
    )

    def __init__(self, title: str, ways: Sequence[Way]) -> None:
        super().__init__()
        self._title = title
        self._lines = [WayLine(digit, way) for digit, way in enumerate(ways, 1)]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self._title, classes="dialog-title")
            yield Foreign()
            with VerticalScroll(can_focus=False):
                yield from self._lines
        yield KeyLine()

    def on_mount(self) -> None:
        """Stand on the first way that is open."""
        first = next((line for line in self._lines if line.way.allowed), self._lines[0])
        first.focus()

    def action_go(self, steps: int) -> None:
        """To the next or previous way; the reason of a closed one can be read there too."""
        at = self._at
        self._lines[(at + steps) % len(self._lines)].focus()

    def action_take(self) -> None:
        """Choose the way under the cursor."""
        self._take(self._lines[self._at].way)

    def action_pick(self, number: int) -> None:
        """Choose a way by its digit."""
        if number < len(self._lines):
            self._lines[number].focus()
            self._take(self._lines[number].way)

    def on_way_line_chosen(self, message: WayLine.Chosen) -> None:
        """Choose by mouse."""
        self._take(message.way)

    @property
    def _at(self) -> int:
        return next((n for n, line in enumerate(self._lines) if line.has_focus), 0)

    def _take(self, way: Way) -> None:
        if way.allowed:
            self.dismiss(way.key)
        else:
            notify_safe(self.app, way.why, "warning")
