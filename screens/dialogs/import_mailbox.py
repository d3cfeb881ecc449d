"""*Importar da Matriz* and *do Parceiro*: what goes and what comes, before it happens (R6)."""

from __future__ import annotations

import logging
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command
from screens.dates import day
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.help import Helped
from screens.dialogs.register_way import name_of
from screens.widgets.fields import FieldSpec
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError, Conflict, Invalid, InvalidFields
from services.language import _, later, ngettext
from services.registry import imports
from services.registry.companies import CompanyView
from services.registry.imports import Preview
from services.registry.mailboxes import MailboxView
from services.registry.origins import HEADQUARTERS

log = logging.getLogger(__name__)


def security_words(security: str) -> str:
    """How a connection is made safe, in words."""
    return {"tls": "TLS", "starttls": "STARTTLS", "none": _("sem TLS")}.get(security, security)


class ImportMailbox(Helped, ModalScreen[MailboxView | None]):
    """Shows a :class:`Preview` and asks for the sender name; gives the copy, or None when left."""

    DEFAULT_CSS = """
    ImportMailbox .side { height: auto; max-height: 8; scrollbar-size-vertical: 1; padding: 0 1; }
    ImportMailbox #goes { border: round $error; border-title-color: $text-error; }
    ImportMailbox #comes { border: round $success; border-title-color: $text-success; }
    ImportMailbox Form { height: auto; margin: 1 0 0 0; }
    ImportMailbox #told { height: auto; color: $text-error; display: none; }
    ImportMailbox #told.-shown { display: block; }
    ImportMailbox #after { margin: 1 0 0 0; color: $foreground 75%; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("import_mailbox.do", "f2,ctrl+s", later("Importar"), "do", order=1),
        Command("import_mailbox.leave", "escape", later("Voltar"), "leave", order=2),
    )
    rules: ClassVar[str] = "import"

    def __init__(self, desk: Desk, company: CompanyView, kind: str, preview: Preview) -> None:
        super().__init__()
        self.desk = desk
        self.company = company
        self._kind = kind
        self._preview = preview
        self.form = Form(
            [FieldSpec("sender_name", _("Nome do remetente"), required=True)],
            {"sender_name": preview.comes.sender_name},
        )

    def title_words(self) -> str:
        return f"{name_of(self._kind)} · {self.company.nickname}"

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self.title_words(), classes="dialog-title")
            yield Foreign(id="told", block=True)
            with VerticalScroll(classes="side", id="goes", can_focus=False):
                yield Foreign(block=True, id="goes-words")
            with VerticalScroll(classes="side", id="comes", can_focus=False):
                yield Foreign(block=True, id="comes-words")
            yield self.form
            yield Foreign(id="after", block=True)
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        seen = self._preview
        goes = self.query_one("#goes", VerticalScroll)
        goes.border_title = ngettext(
            "Sai {n} caixa de envio", "Saem {n} caixas de envio", len(seen.removed)
        ).format(n=len(seen.removed))
        goes.display = bool(seen.removed)
        self.query_one("#goes-words", Foreign).show(
            "\n".join(f"− {_of(view)}" for view in seen.removed)
        )
        self.query_one("#comes", VerticalScroll).border_title = _("Entra uma cópia")
        comes = seen.comes
        security = security_words(comes.security)
        login = comes.username if comes.authenticate else _("sem autenticação")
        self.query_one("#comes-words", Foreign).show(
            f"+ {comes.nickname} <{comes.email}>\n  {comes.host}:{comes.port} {security} · {login}"
        )
        self.query_one("#after", Foreign).show(
            _(
                "Os e-mails na fila saem pela cópia. Até {until} a importação pode ser desfeita; "
                "aqui só o nome do remetente pode mudar."
            ).format(until=day(seen.undo_until))
        )

    def _tell(self, words: str) -> None:
        told = self.query_one("#told", Foreign)
        told.show(words)
        told.set_class(bool(words), "-shown")

    def action_do(self) -> None:
        """Import; a refusal is shown here and nothing is changed."""
        if self.form.check():
            run_newest(self, "import", self._do)

    async def _do(self) -> None:
        self._tell("")
        service = imports.from_headquarters if self._kind == HEADQUARTERS else imports.from_partner
        try:
            made = await self.desk.do(
                service,
                self.company.id,
                self._preview.comes.id,
                str(self.form.values()["sender_name"] or ""),
                seen=self._preview.seen,
            )
        except InvalidFields as e:
            self.form.show_errors(e.errors)
        except Conflict as e:
            await self._look_again(e)
        except CarteiroError as e:
            self._refuse(e)
        except Exception:
            log.exception("import failed")
            self._tell(_("Ocorreu uma falha interna; os detalhes estão no log"))
        else:
            self.dismiss(made)

    def _refuse(self, error: CarteiroError) -> None:
        if error.field in self.form.values():
            self.form.show_errors([Invalid(error.message, field=error.field)])
        else:
            self._tell(error.message)

    async def _look_again(self, conflict: Conflict) -> None:
        """Somebody changed the mailboxes: show what would go now; the name typed stays."""
        self._tell(conflict.message)
        try:
            self._preview = await self.desk.ask(
                imports.preview, self.company.id, self._kind, self._preview.comes.id
            )
        except CarteiroError as e:
            self._tell(f"{conflict.message}\n{e.message}")
        else:
            self._show()

    def action_leave(self) -> None:
        """Leave; a typed name is not lost without a question."""
        if self.form.typed:
            run_newest(self, "leave", self._leave)
        else:
            self.dismiss(None)

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(
            Confirm(_("Sair sem importar?"), _("O que foi digitado se perde."), danger=True)
        ):
            self.dismiss(None)


def _of(view: MailboxView) -> str:
    others = len(view.companies) - 1
    stays = ""
    if others > 0:
        stays = " · " + ngettext(
            "continua com {n} outra empresa", "continua com {n} outras empresas", others
        ).format(n=others)
    return f"{view.nickname} <{view.email}>{stays}"
