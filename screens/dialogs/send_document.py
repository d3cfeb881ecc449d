"""Enviar por e-mail: a document again, to whom it names or to others, seen before it goes (R31)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.record_form import RecordForm
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from services.dispatch import queueing
from services.dispatch.placing import Plan, Queued
from services.dispatch.printing import print_once
from services.errors import CarteiroError
from services.fiscal.danfe import Danfe, is_installed
from services.fiscal.labels import kind_words
from services.language import _, later
from services.reading import documents
from services.reading.documents import DocumentView

log = logging.getLogger(__name__)


class SendDocument(RecordForm[Queued]):
    """Gives what was queued, or None when nothing was."""

    DEFAULT_CSS = """
    SendDocument #plan { height: auto; padding: 1 0 0 2; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("send_document.send", "f2,ctrl+s", later("Enviar"), "save", order=1),
    )
    rules: ClassVar[str] = "send_document"

    def __init__(self, desk: Desk, document: DocumentView) -> None:
        specs = [
            FieldSpec("document", _("Documento"), kind="readonly"),
            FieldSpec(
                "to",
                _("Destinatários"),
                placeholder=_("os endereços do documento"),
                help=_("Vazio: os endereços do documento. Outros: separados por ponto e vírgula."),
            ),
            FieldSpec(
                "danfe",
                _("Anexar DANFE"),
                kind="switch",
                visible_when=lambda _values: is_installed(),
            ),
        ]
        values = {"document": _name(document), "to": "", "danfe": is_installed()}
        super().__init__(desk, specs, values)
        self._document_id = document.id
        # The same dialog sends once, however often F2 is pressed (R35).
        self._once = secrets.token_hex(8)

    def title_words(self) -> str:
        return _("Enviar por e-mail")

    def help_words(self) -> str:
        return _(
            "O documento vai de novo, com o XML e o DANFE em anexo, pela caixa de envio da empresa "
            "emitente. Um documento de outro emitente é encaminhado pela empresa que o recebeu, a "
            "quem você informar. Antes de enviar, veja abaixo a quem vai e por qual caixa."
        )

    def below(self) -> Iterable[Widget]:
        yield Foreign(block=True, id="plan")

    def on_mount(self) -> None:
        """Show at once to whom it would go."""
        self._look()

    def on_form_changed(self, message: Form.Changed) -> None:
        """Other addresses, another plan."""
        self._look()

    async def refresh_live(self) -> None:
        """Somebody changed what the company sends by."""
        self._look()

    async def save(self) -> Queued:
        to, danfe = self._to(), Danfe(why="unasked" if is_installed() else "missing")
        await self.desk.ask(queueing.plan_stored, self._document_id, to)
        if self.form.values()["danfe"]:
            self.tell(_("Gerando o DANFE…"))
            (danfe,) = await print_once([await self.desk.ask(documents.xml, self._document_id)])
        return await self.desk.do(
            queueing.send_stored, self._document_id, danfe, to=to, key=self._once
        )

    def _to(self) -> list[str]:
        typed = str(self.form.values()["to"] or "").strip()
        return [typed] if typed else []

    def _look(self) -> None:
        run_newest(self, "plan", self._show_plan)

    async def _show_plan(self) -> None:
        shown = self.query_one("#plan", Foreign)
        try:
            shown.show(
                plan_words(await self.desk.ask(queueing.plan_stored, self._document_id, self._to()))
            )
        except CarteiroError as e:
            shown.show(f"▲ {e.message}")
        except Exception:
            log.exception("the plan of a document could not be made")
            shown.show(_("Ocorreu uma falha interna; os detalhes estão no log"))


def plan_words(plan: Plan) -> str:
    """To whom, to whom not, by what, and why it would wait."""
    lines = [_("Vai para {to}").format(to=", ".join(plan.recipients))]
    lines += [_("Fica de fora: {why}").format(why=why) for _address, why in plan.invalid]
    if plan.forwarded:
        lines.append(
            _("Nota de outro emitente: {company} a encaminha").format(company=plan.company_nickname)
        )
    if plan.by:
        words = _("Sai por {mailboxes}")
        if len(plan.by) > 1:
            words = _("Sai pela primeira que aceitar: {mailboxes}")
        lines.append(words.format(mailboxes=", ".join(plan.by)))
    if plan.why_waits:
        lines.append("▲ " + _("Espera na fila: {why}").format(why=plan.why_waits))
    if not is_installed():
        lines.append(_("Só o XML: o extra danfe não está instalado (./carteiro extra danfe)"))
    return "\n".join(lines)


def queued_words(queued: Queued) -> str:
    """What was done, for a toast."""
    told = _("Na fila de envio como e-mail {id}, para {to}").format(
        id=queued.id, to=", ".join(queued.plan.recipients)
    )
    if queued.plan.why_waits:
        told += "\n" + _("Espera na fila: {why}").format(why=queued.plan.why_waits)
    return f"{told}\n{queued.note}" if queued.note else told


def _name(document: DocumentView) -> Value:
    number = "" if document.number is None else str(document.number)
    return " ".join(filter(None, (kind_words(document.kind), number, document.issuer_name)))
