"""The two ways to sign in at Microsoft, as they are read: a code, an address to come back from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from screens.widgets.big_letters import big
from screens.widgets.foreign import Foreign
from screens.widgets.line_input import LineInput
from screens.widgets.qr import can_draw_blocks
from services import clock
from services.language import _
from services.safe_text import safe

if TYPE_CHECKING:
    from services.wire.entra import DeviceCode, PastedAddress

_PLAIN = re.compile(r"[A-Za-z0-9-]{4,40}|https://[!-~]{4,4000}")


def is_plain(text: str) -> bool:
    """Is it a code or an address, and nothing more? Other text goes to no clipboard or camera."""
    return _PLAIN.fullmatch(text) is not None


class CodeSheet(Vertical):
    """Where to go, the code in large letters, and how long it is good for."""

    DEFAULT_CSS = """
    CodeSheet { height: auto; }
    CodeSheet #uri { text-style: bold; color: $text-accent; padding: 0 0 1 0; }
    CodeSheet #code { color: $text-accent; height: auto; padding: 1 0 0 0; }
    """

    def compose(self) -> ComposeResult:
        yield Foreign(_("No navegador ou no celular, abra"))
        yield Foreign(id="uri")
        yield Foreign(id="plain")
        yield Static(id="code", markup=False)
        yield Foreign(id="left")

    def show(self, asked: DeviceCode, room: int) -> None:
        """Show the code in ``room`` columns."""
        self.query_one("#uri", Foreign).show(asked.verification_uri.removeprefix("https://"))
        words = _("e digite o código {code}").format(code=asked.user_code)
        self.query_one("#plain", Foreign).show(words)
        code = safe(asked.user_code, 40)
        letters = big(code, room) if can_draw_blocks() else " ".join(code)
        self.query_one("#code", Static).update(Content(letters))

    def count_down(self, asked: DeviceCode) -> None:
        """Show the time that is left."""
        seconds = max(0, round((asked.expires_at - clock.now()).total_seconds()))
        self.query_one("#left", Foreign).show(
            _("O código vale por mais {time}").format(time=f"{seconds // 60}:{seconds % 60:02}")
        )


class AddressSheet(Vertical):
    """What to do, and the field for the address where the browser ends."""

    DEFAULT_CSS = """
    AddressSheet { height: auto; }
    AddressSheet LineInput { margin: 0 0 1 0; }
    """

    def compose(self) -> ComposeResult:
        yield Foreign(
            _(
                "1. Abra o endereço abaixo em um navegador (F8 o copia) e entre.\n"
                "2. O navegador para em um endereço de localhost que não abre: é assim.\n"
                "3. Copie esse endereço inteiro da barra do navegador e cole-o aqui:"
            ),
            block=True,
        )
        yield LineInput(placeholder=_("cole aqui: http://localhost/?code=…"))

    @property
    def pasted(self) -> LineInput:
        """The field."""
        return self.query_one(LineInput)


class AddressLines(Static):
    """An address over several lines; a terminal that knows links opens it whole."""

    DEFAULT_CSS = """
    AddressLines { height: auto; color: $text-accent; padding: 1 0 0 0; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, asked: PastedAddress, room: int) -> None:
        """Show the address in ``room`` columns."""
        text = safe(asked.url, 4_000)
        width = max(room, 20)
        lines = "\n".join(text[at : at + width] for at in range(0, len(text), width))
        self.update(Content.styled(lines, Style(link=text) if is_plain(text) else ""))
