"""First run: the partner and the first user, before the first steps and instead of an empty screen."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.help import Helped
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError, Invalid, InvalidFields
from services.language import _, later
from services.registry import people

_COMMAND = "carteiro init --partner … --partner-key … --user …"


class Wizard(Helped, ModalScreen[bool]):
    """Makes partner and first user in one transaction; gives False when left."""

    DEFAULT_CSS = "Wizard Form { height: auto; max-height: 1fr; }"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("wizard.save", "f2,ctrl+s", later("Começar"), "save", order=1),
        Command("wizard.leave", "escape", later("Sair"), "leave", order=2),
    )
    rules: ClassVar[str] = "wizard"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        values: dict[str, Value] = {"partner": "", "partner_key": "", "nickname": "", "email": ""}
        self.form = Form(
            [
                FieldSpec("partner", _("Nome do parceiro"), required=True),
                FieldSpec("partner_key", _("Chave de parceiro"), required=True),
                FieldSpec("nickname", _("Seu apelido"), required=True),
                FieldSpec("email", _("Seu e-mail")),
            ],
            values,
        )

    def title_words(self) -> str:
        return _("Bem-vindo ao Carteiro")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self.title_words(), classes="dialog-title")
            yield Foreign(
                _(
                    "Esta instalação ainda não tem parceiro. Informe-o e quem é você: a conta do "
                    "sistema em uso fica ligada ao seu usuário. Depois vêm a primeira empresa, a "
                    "primeira caixa e o primeiro e-mail. F1 explica cada campo."
                ),
                classes="hint",
            )
            yield Foreign(f"{_('Pela linha de comando:')} {_COMMAND}", classes="hint")
            yield self.form
            yield Foreign(id="refusal", classes="error")
        yield KeyLine()

    def action_save(self) -> None:
        """Make them."""
        if self.form.check():
            run_newest(self, "save", self._save)

    def action_leave(self) -> None:
        """Leave the program; what was typed is not lost without a question."""
        if self.form.typed:
            run_newest(self, "leave", self._leave)
        else:
            self.dismiss(False)

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(
            Confirm(_("Sair sem começar?"), _("O que foi digitado se perde."), danger=True)
        ):
            self.dismiss(False)

    async def _save(self) -> None:
        values: dict[str, Any] = self.form.values()
        try:
            await self.desk.office.do(
                people.initialise,
                partner=values["partner"],
                partner_key=values["partner_key"],
                nickname=values["nickname"],
                email=values["email"] or None,
            )
        except InvalidFields as e:
            self.form.show_errors(e.errors)
        except Invalid as e:
            self.form.show_errors([e])
        except CarteiroError as e:
            self.query_one("#refusal", Foreign).show(e.message)
        else:
            self.dismiss(True)
