"""The form of a company: what the main job needs of it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError, Invalid, InvalidFields
from services.fiscal.cnpj import parse
from services.language import _
from services.registry import companies
from services.registry.companies import CompanyDraft, CompanyView


def _cnpj(text: str) -> None:
    parse(text)


def fields(*, editing: bool) -> list[FieldSpec]:
    """The company's fields."""
    return [
        FieldSpec(
            "cnpj", "CNPJ", kind="readonly" if editing else "text", required=True, validate=_cnpj
        ),
        FieldSpec("nickname", _("Apelido"), required=True),
        FieldSpec("legal_name", _("Razão social"), required=True),
        FieldSpec("headquarters", _("CNPJ da matriz"), help=_("Só para filiais.")),
        FieldSpec(
            "notification_email", _("E-mail para notificações"), help=_("Vários: separe com ;")
        ),
        FieldSpec("document_import", _("Importação de Documentos"), kind="switch"),
        FieldSpec("invoicy_mail", "InvoiCy Mail", kind="switch"),
        FieldSpec("may_register", _("Pode cadastrar caixas"), kind="switch"),
    ]


class CompanyForm(Commanded, ModalScreen[CompanyView | None]):
    """Register or change a company; gives the saved view, or None when left."""

    DEFAULT_CSS = "CompanyForm Form { height: auto; max-height: 1fr; }"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("company_form.save", "f2,ctrl+s", _("Salvar"), "save", order=1),
        Command("company_form.leave", "escape", _("Voltar"), "leave", order=2),
    )

    def __init__(self, desk: Desk, view: CompanyView | None = None) -> None:
        super().__init__()
        self.desk = desk
        self.view = view
        self.form = Form(fields(editing=view is not None), _values(view))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(
                _("Nova empresa") if self.view is None else _("Editar empresa"),
                classes="dialog-title",
            )
            yield self.form
            yield Foreign(id="refusal", classes="error")
        yield KeyLine()

    def action_save(self) -> None:
        """Save; a refusal is shown beside its field."""
        if self.form.check():
            self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        values: dict[str, Any] = self.form.values()
        try:
            if self.view is None:
                draft = CompanyDraft(
                    **{**values, "headquarters": values["headquarters"] or None,
                       "notification_email": values["notification_email"] or None}
                )  # fmt: skip
                saved = await self.desk.do(companies.add, draft)
            else:
                changes = {k: v for k, v in values.items() if k != "cnpj"}
                saved = await self.desk.do(
                    companies.edit, self.view.id, changes, version=self.view.version
                )
        except InvalidFields as e:
            self.form.show_errors(e.errors)
        except Invalid as e:
            self.form.show_errors([e])
        except CarteiroError as e:
            self.query_one("#refusal", Foreign).show(e.message)
        else:
            self.dismiss(saved)

    def action_leave(self) -> None:
        """Leave; typed changes are not lost without a question."""
        if self.form.changed:
            self.run_worker(self._leave(), group="leave", exclusive=True, exit_on_error=False)
        else:
            self.dismiss(None)

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(
            Confirm(_("Sair sem salvar?"), _("O que foi digitado se perde."), danger=True)
        ):
            self.dismiss(None)


def _values(view: CompanyView | None) -> dict[str, Value]:
    if view is None:
        return {
            "cnpj": "", "nickname": "", "legal_name": "", "headquarters": "",
            "notification_email": "", "document_import": True, "invoicy_mail": False,
            "may_register": True,
        }  # fmt: skip
    return {
        "cnpj": view.cnpj, "nickname": view.nickname, "legal_name": view.legal_name,
        "headquarters": view.headquarters or "", "notification_email": view.notification_email or "",
        "document_import": view.document_import, "invoicy_mail": view.invoicy_mail,
        "may_register": view.may_register,
    }  # fmt: skip
