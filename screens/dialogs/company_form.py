"""The form of a company."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from screens.background import run_beside
from screens.desk import Desk
from screens.dialogs.record_form import RecordForm
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.form import Form
from services.errors import Invalid
from services.fiscal.cnpj import masked, parse
from services.language import _
from services.registry import companies, relay
from services.registry.companies import CompanyDraft, CompanyView
from services.wire.addresses import split_addresses


def fields(*, editing: bool) -> list[FieldSpec]:
    """The company's fields."""
    return [
        FieldSpec(
            "cnpj", "CNPJ", kind="readonly" if editing else "text", required=True, validate=parse
        ),
        FieldSpec("nickname", _("Apelido"), required=True),
        FieldSpec("legal_name", _("Razão social"), required=True),
        FieldSpec("headquarters", _("CNPJ da matriz"), help=_("Só para filiais."), validate=parse),
        FieldSpec(
            "notification_email",
            _("E-mail para notificações"),
            help=_("Vários: separe com ;"),
            validate=_addresses,
        ),
        FieldSpec("document_import", _("Importação de Documentos"), kind="switch"),
        FieldSpec("invoicy_mail", "InvoiCy Mail", kind="switch"),
        FieldSpec(
            "sender_name",
            _("Nome do remetente"),
            help=_("O nome com que o InvoiCy Mail envia; vazio: a razão social."),
            visible_when=lambda values: bool(values["invoicy_mail"]),
        ),
        FieldSpec("may_register", _("Pode cadastrar caixas"), kind="switch"),
        FieldSpec(
            "silence_notice",
            _("Aviso de silêncio"),
            kind="switch",
            help=_("Quando nada chega por mais tempo que o de costume, ou por 30 dias."),
            visible_when=lambda values: bool(values["document_import"]),
        ),
    ]


def _addresses(text: str) -> None:
    _good, bad = split_addresses(text)
    if bad:
        raise Invalid("; ".join(why for _piece, why in bad))


def label_of(name: str) -> str:
    """A field of companies as the form calls it."""
    return next((spec.label for spec in fields(editing=False) if spec.name == name), name)


class CompanyForm(RecordForm[CompanyView]):
    """Register or change a company."""

    rules: ClassVar[str] = "company"

    def __init__(self, desk: Desk, view: CompanyView | None = None) -> None:
        super().__init__(desk, fields(editing=view is not None), _values(view), view)
        self._no_relay = ""

    def on_mount(self) -> None:
        """What is typed at once is not to wait for the partner's setting."""
        if self.desk.actor.is_partner:
            run_beside(self, "begin", self._begin)

    async def _begin(self) -> None:
        """A new company begins with InvoiCy Mail as the partner has set it (R14)."""
        partner = await self.desk.ask(relay.view)
        self._no_relay = partner.why_not or ""
        if self.record is None:
            self.form.rebase({"invoicy_mail": partner.auto_invoicy_mail})
        self._warn()

    def on_form_changed(self, message: Form.Changed) -> None:
        """InvoiCy Mail on, and no relay to send by: that is said before it is saved."""
        if message.name == "invoicy_mail":
            self._warn()

    def _warn(self) -> None:
        self.tell(self._no_relay if self.form.values()["invoicy_mail"] else "")

    def title_words(self) -> str:
        return _("Nova empresa") if self.record is None else _("Editar empresa")

    async def save(self) -> CompanyView:
        values: dict[str, Any] = self.form.values()
        for name in ("headquarters", "notification_email"):
            values[name] = values[name] or None
        if self.record is None:
            return await self.desk.do(companies.add, CompanyDraft(**values))
        del values["cnpj"]
        return await self.desk.do(
            companies.edit, self.record.id, values, version=self.record.version
        )

    async def now(self) -> CompanyView:
        assert self.record is not None
        return await self.desk.ask(companies.view, self.record.id)

    def values_of(self, record: CompanyView) -> Mapping[str, Value]:
        return _values(record)


def _values(view: CompanyView | None) -> dict[str, Value]:
    if view is None:
        return {
            "cnpj": "", "nickname": "", "legal_name": "", "headquarters": "",
            "notification_email": "", "document_import": True, "invoicy_mail": False,
            "may_register": True, "sender_name": "", "silence_notice": True,
        }  # fmt: skip
    return {
        "cnpj": masked(view.cnpj), "nickname": view.nickname, "legal_name": view.legal_name,
        "headquarters": masked(view.headquarters) if view.headquarters else "",
        "notification_email": view.notification_email or "",
        "document_import": view.document_import, "invoicy_mail": view.invoicy_mail,
        "may_register": view.may_register, "sender_name": view.sender_name,
        "silence_notice": view.silence_notice,
    }  # fmt: skip
