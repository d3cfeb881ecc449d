"""A dialog of facts: name and value lines, and a block of text below."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from screens.background import run_beside
from screens.commands import Command, Commanded
from screens.widgets.facts import FactLines
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError
from services.language import _, later

log = logging.getLogger(__name__)
LATE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Facts:
    """What the dialog shows."""

    lines: Sequence[tuple[str, str]]
    text: str = ""


class Details(Commanded, ModalScreen[None]):
    """Shows what ``load`` brings."""

    DEFAULT_CSS = """
    Details .dialog { height: 90%; }
    Details #lines { height: auto; }
    Details #text { height: auto; padding: 1 0 0 0; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("details.leave", "escape,enter,q", later("Fechar"), "dismiss(None)", order=1),
    )

    def __init__(self, title: str, load: Callable[[], Awaitable[Facts]]) -> None:
        super().__init__()
        self._title = title
        self._load = load

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(self._title, classes="dialog-title")
            with VerticalScroll():
                yield FactLines(id="lines")
                yield Foreign(block=True, id="text")
        yield KeyLine()

    async def on_mount(self) -> None:
        """Read the facts; what takes long says so."""
        self._read = False
        self.set_timer(LATE_SECONDS, self._say_late)
        run_beside(self, "work", self._show)

    def _say_late(self) -> None:
        # A timer that is stopped may have sent its message already.
        if not self._read:
            self.query_one("#lines", FactLines).show(_("carregando…"))

    async def _show(self) -> None:
        lines = self.query_one("#lines", FactLines)
        try:
            facts = await self._load()
        except CarteiroError as e:
            lines.show(e.message)
            return
        except Exception:
            log.exception("details failed")
            lines.show(_("Ocorreu uma falha interna; os detalhes estão no log"))
            return
        finally:
            self._read = True
        lines.tell(facts.lines)
        self.query_one("#text", Foreign).show(facts.text)
