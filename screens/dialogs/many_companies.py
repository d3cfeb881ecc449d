"""One switch for many companies: which of them, which switch, on or off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command
from screens.dialogs.help import Helped
from screens.widgets.fields import FieldSpec
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from screens.widgets.numbers import grouped
from services.language import _, later, ngettext

MARKED, LISTED = "marked", "listed"


@dataclass(frozen=True, slots=True)
class Switching:
    """What the person decided: the companies, the switch and its new state."""

    companies: Sequence[int]
    field: str
    on: bool


def switch_words(field: str) -> str:
    """A switch of companies as people call it."""
    return {
        "document_import": _("Importação de Documentos"),
        "invoicy_mail": "InvoiCy Mail",
        "may_register": _("Pode cadastrar caixas"),
        "silence_notice": _("Aviso de silêncio"),
    }[field]


class ManyCompanies(Helped, ModalScreen[Switching | None]):
    """Gives what is to be switched, or None. ``marked`` may be empty; ``listed`` are all found.

    ``no_relay`` is what to say to who switches InvoiCy Mail on while the relay cannot be used.
    """

    DEFAULT_CSS = """
    ManyCompanies Form { height: auto; }
    ManyCompanies #sum { padding: 1 0 0 2; color: $text-warning; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("many_companies.go", "f2,ctrl+s", later("Aplicar"), "go", order=1),
        Command("many_companies.leave", "escape", later("Voltar"), "dismiss(None)", order=2),
    )
    rules: ClassVar[str] = "many"

    def __init__(
        self,
        marked: Sequence[int],
        listed: Sequence[int],
        *,
        filtered: str,
        no_relay: str | None = None,
    ) -> None:
        super().__init__()
        self._no_relay = no_relay
        self._companies = {MARKED: marked, LISTED: listed}
        every = _("todas as listadas") if filtered else _("todas as empresas")
        scopes = [(LISTED, f"{every} ({grouped(len(listed))})")]
        if marked:
            scopes.insert(0, (MARKED, _("as marcadas ({n})").format(n=grouped(len(marked)))))
        self._form = Form(
            [
                FieldSpec("scope", _("Empresas"), kind="choice", choices=scopes),
                FieldSpec(
                    "field",
                    _("Alterar"),
                    kind="choice",
                    choices=[
                        (name, switch_words(name))
                        for name in (
                            *("invoicy_mail", "document_import"),
                            *("may_register", "silence_notice"),
                        )
                    ],
                ),
                FieldSpec("on", _("Ativar"), kind="switch"),
            ],
            {"on": True},
        )

    def title_words(self) -> str:
        return _("Alterar em lote")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self.title_words(), classes="dialog-title")
            yield self._form
            yield Foreign(id="sum", block=True)
        yield KeyLine()

    def on_mount(self) -> None:
        self._show_sum()

    def on_form_changed(self) -> None:
        """Another choice: another sentence."""
        self._show_sum()

    @property
    def _chosen(self) -> Switching:
        values = self._form.values()
        return Switching(
            self._companies[str(values["scope"])], str(values["field"]), bool(values["on"])
        )

    def _show_sum(self) -> None:
        chosen = self._chosen
        n = len(chosen.companies)
        if chosen.on:
            words = ngettext(
                "{name} fica ativa em {n} empresa.", "{name} fica ativa em {n} empresas.", n
            )
        else:
            words = ngettext(
                "{name} fica desativada em {n} empresa.",
                "{name} fica desativada em {n} empresas.",
                n,
            )
        words = words.format(name=switch_words(chosen.field), n=grouped(n))
        if chosen.on and chosen.field == "invoicy_mail" and self._no_relay is not None:
            words += f"\n{self._no_relay}"
        self.query_one("#sum", Foreign).show(words)

    def action_go(self) -> None:
        """Decide."""
        if self._chosen.companies:
            self.dismiss(self._chosen)
