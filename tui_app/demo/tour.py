"""The guided tour: a card over the screen that it speaks of, and the keys to try there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.commands import Command, Commanded, declared
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from services.language import _, later
from services.safe_text import safe
from tui_app.demo.names import PASSWORD
from tui_app.demo.world import DYING, FULL
from tui_app.keys import key_words

_WIDTH = 76
_KEY_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Step:
    """What is told over a screen, and the commands (by id) to try there, in words of the step's."""

    screen: str
    title: str
    text: str
    keys: tuple[tuple[str, str], ...]


def steps() -> list[Step]:
    """The tour, from the first screen to the bell."""
    return [
        Step(
            "home",
            _("Bem-vindo à demonstração"),
            _(
                "Um parceiro com 40 empresas, servidores de e-mail e a entrada da Microsoft, tudo "
                "dentro deste programa: nada sai desta máquina, e nada fica quando você sair. "
                "Documentos chegam e e-mails saem enquanto você olha."
            ),
            (("tour.next", _("continua a visita")), ("demo.tour", _("abre esta visita de novo"))),
        ),
        Step(
            "home",
            _("Para onde ir"),
            _("Tudo se faz pelo teclado. Os números levam às telas."),
            (
                ("app.company", _("escolhe a empresa")),
                ("app.palette", _("procura qualquer ação pelo nome")),
                ("app.help", _("as teclas e a ajuda de cada tela")),
            ),
        ),
        Step(
            "mailboxes",
            _("As caixas de uma empresa"),
            _("Por onde ela envia e o que se lê para ela. Tab passa de uma lista à outra."),
            (
                ("mailboxes.test", _("testa a caixa, passo a passo")),
                ("mailboxes.new", _("cadastra outra, de quatro maneiras")),
                ("app.recipients", _("quem recebe as notificações da empresa")),
            ),
        ),
        Step(
            "documents",
            _("Documentos chegam"),
            _(
                "A cada poucos segundos um fornecedor manda uma NF-e; ela é lida, conferida e "
                "importada para a empresa certa. Enter abre o documento, '/' filtra a lista."
            ),
            (("app.documents", _("volta a esta tela")),),
        ),
        Step(
            "outbox",
            _("E-mails saem"),
            _(
                "A caixa {full} logo atinge o limite diário do provedor: fica em pausa, e as "
                "empresas dela passam a enviar pela caixa seguinte. Enter diz por onde saiu cada "
                "e-mail e o que o servidor respondeu."
            ).format(full=FULL),
            (("outbox.retry", _("tenta de novo o que falhou")),),
        ),
        Step(
            "health",
            _("O que não está bem"),
            _(
                "As caixas paradas, desde quando, por quê, que empresas atingem e quantos e-mails "
                "esperam. O número delas está sempre no canto superior direito. Uma tem a senha "
                "errada: a certa, como em todas aqui, é {password}."
            ).format(password=PASSWORD),
            (
                ("health.retest", _("testa todas; as que passam voltam ao uso")),
                ("health.edit", _("corrige a caixa sob o cursor")),
            ),
        ),
        Step(
            "health",
            _("Uma conta Microsoft é inativada"),
            _(
                "Um minuto depois do início a Microsoft recusa {email}, e ela aparece aqui. "
                "Escolha-a e vincule de novo: nesta demonstração o código é aceito sozinho em "
                "poucos segundos, o teste passa, e a caixa volta ao uso."
            ).format(email=DYING),
            (("health.relink", _("vincula de novo a caixa sob o cursor")),),
        ),
        Step(
            "bell",
            _("O sino conta tudo"),
            _("Enter leva à causa. Agora é com você: mude, teste, exclua o que quiser."),
            (
                ("bell.mark_all", _("marca todas como lidas")),
                ("demo.tour", _("abre esta visita de novo")),
                ("app.quit", _("sai, e a demonstração some")),
            ),
        ),
    ]


class TourCard(Commanded, ModalScreen[int | None]):
    """One step; gives how many steps to go on or back, None when it is dismissed.

    It goes away for any key but its own, and that key does what it does on the screen beneath.
    """

    CSS = "TourCard { align: center bottom; }"
    DEFAULT_CSS = """
    TourCard { background: $background 0%; }
    TourCard > Vertical {
        width: 76; max-width: 100%; height: auto; margin: 0 0 1 0;
        background: $surface; border: round $warning; padding: 0 1;
    }
    TourCard .title { text-style: bold; color: $text-warning; }
    TourCard .text { height: auto; }
    TourCard .try { height: auto; padding: 1 0 0 0; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("tour.next", "right,enter,space", later("Próximo"), "next", order=1, palette=False),
        Command(
            "tour.previous",
            "left,backspace",
            later("Anterior"),
            "previous",
            order=2,
            palette=False,
            when=lambda card: card.at > 0,
        ),
        Command("tour.leave", "escape,q", later("Dispensar"), "leave", order=3, palette=False),
    )

    def __init__(self, step: Step, at: int, count: int, own_keys: Mapping[str, str]) -> None:
        """``own_keys`` are the person's, by command id."""
        super().__init__()
        self._own_keys = own_keys
        self.step, self.at, self.count = step, at, count

    def compose(self) -> ComposeResult:
        with Vertical():
            title = _("Visita guiada {n} de {count}: {title}")
            yield Foreign(
                title.format(n=self.at + 1, count=self.count, title=self.step.title),
                classes="title",
            )
            yield Foreign(self.step.text, block=True, classes="text")
            yield Static(self._keys(), classes="try", markup=False)
        yield KeyLine()

    def _keys(self) -> Content:
        lines = []
        for command_id, words in self.step.keys:
            key = self._key_of(command_id)
            pad = " " * max(_KEY_WIDTH - cell_len(key), 1)
            first, *more = wrap(safe(words), _WIDTH - _KEY_WIDTH - 4)
            lines.append(Content.assemble((f"{key}{pad}", "bold $text-accent"), first))
            lines += [Content(" " * _KEY_WIDTH + line) for line in more]
        return Content("\n").join(lines)

    def _key_of(self, command_id: str) -> str:
        keys = self._own_keys.get(command_id) or declared[command_id].key
        return key_words(Binding(keys.partition(",")[0], ""))

    def on_key(self, event: Key) -> None:
        """A key that is not the tour's own is tried at once, where the card stood."""
        own = {key for command in self.VERBS for key in command.key.split(",")}
        if event.key not in own:
            event.stop()
            self.dismiss(None)
            self.app.call_after_refresh(self.app.simulate_key, event.key)

    def action_next(self) -> None:
        """On."""
        self.dismiss(1)

    def action_previous(self) -> None:
        """Back."""
        self.dismiss(-1)

    def action_leave(self) -> None:
        """Enough for now."""
        self.dismiss(None)
