"""The one thing that a company changes of its sending while InvoiCy Mail is on: the name (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from screens.desk import Desk
from screens.dialogs.record_form import RecordForm
from screens.widgets.fields import FieldSpec, Value
from services.language import _
from services.registry import invoicy_mail
from services.registry.companies import CompanyView
from services.registry.invoicy_mail import CompanyRelay


class SenderName(RecordForm[CompanyRelay]):
    """Change the name in From; the address is the relay's."""

    record: CompanyRelay
    rules: ClassVar[str] = "sender"

    def __init__(self, desk: Desk, company: CompanyView, view: CompanyRelay) -> None:
        specs = [
            FieldSpec("address", _("E-mail"), kind="readonly"),
            FieldSpec(
                "sender_name",
                _("Nome do remetente"),
                placeholder=company.legal_name,
                help=_("Vazio: a razão social."),
            ),
        ]
        super().__init__(desk, specs, self.values_of(view), view)
        self.company = company

    def title_words(self) -> str:
        return _("InvoiCy Mail · {name}").format(name=self.company.nickname)

    async def save(self) -> CompanyRelay:
        name = str(self.form.values()["sender_name"] or "")
        return await self.desk.do(
            invoicy_mail.set_sender_name, self.company.id, name, version=self.record.version
        )

    async def now(self) -> CompanyRelay:
        return await self.desk.ask(invoicy_mail.view, self.company.id)

    def values_of(self, record: CompanyRelay) -> Mapping[str, Value]:
        return {"address": record.address or "", "sender_name": record.sender_name}
