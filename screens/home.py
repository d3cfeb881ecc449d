"""Painel de Controle: the first screen, with where to go and what is going on."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from screens.desk import Desk
from screens.frame import FOLD_BELOW, FramedScreen
from screens.widgets.panel import place_lines
from services.language import _


class HomeScreen(FramedScreen):
    """What the program can do, by digit; painted before anything else is loaded."""

    key = "home"
    DEFAULT_CSS = """
    HomeScreen .group { padding: 1 0 0 0; color: $text-muted; }
    HomeScreen .title { text-style: bold; color: $text-primary; }
    HomeScreen #state { padding: 1 0; }
    HomeScreen.wide Home .place { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._state = Static(
            desk.opening or _("Abrindo o banco de dados…"), id="state", markup=False
        )

    @classmethod
    def title_words(cls) -> str:
        return _("Painel de Controle")

    def help_words(self) -> str:
        return _(
            "Escolha uma tela pelo número. 'c' escolhe a empresa, 'b' abre as notificações, "
            "Ctrl+P procura qualquer ação."
        )

    def body(self) -> Iterable[Widget]:
        yield Home(self._state)

    def on_resize(self, event: events.Resize) -> None:
        """The places stand in the panel where there is room for it."""
        self.set_class(event.size.width >= FOLD_BELOW, "wide")

    async def refresh_live(self) -> None:
        from services.notifications.bell import unread_count
        from services.outbox.views import counts
        from services.reading.documents import total_count

        unread = await self.desk.ask(unread_count)
        by_state = await self.desk.ask(counts)
        waiting = by_state.get("queued", 0) + by_state.get("deferred", 0)
        documents = await self.desk.ask(total_count)
        self._state.update(
            "\n".join(
                (
                    _("{n} notificações não lidas").format(n=unread),
                    _("{n} e-mails na fila de envio").format(n=waiting),
                    _("{n} documentos importados").format(n=documents),
                )
            )
        )


class Home(VerticalScroll, can_focus=True):
    """The body of the first screen."""

    def __init__(self, state: Static) -> None:
        super().__init__()
        self._state = state

    def compose(self) -> ComposeResult:
        yield Static("Carteiro", classes="title", markup=False)
        yield self._state
        yield from place_lines()
