"""What comes before the sign-in when a Microsoft account is linked as a new mailbox (R4, R44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.microsoft_fields import account_of_values, identity_fields, own_error
from screens.dialogs.record_form import RecordForm
from screens.dialogs.server_fields import PLACES, place_fields, reads, sends
from screens.dialogs.sign_in import SignIn
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.form import Form
from services.errors import InvalidFields
from services.health import linking
from services.language import _, later
from services.registry import microsoft
from services.registry.companies import CompanyView
from services.registry.microsoft import WORK, Link, MicrosoftDraft
from services.registry.protocols import DEFAULT_PORTS, ENDPOINT, default_port
from services.store.models import Kind
from services.wire.addresses import valid_address


@dataclass(frozen=True, slots=True)
class Linked:
    """The e-mail server that was registered, and what it was linked for."""

    server_id: int
    link: Link


class MicrosoftForm(RecordForm[Linked | None]):
    """Asks, plans, and lets sign in; gives what was registered, or None when left.

    ``company`` None registers a server of the partner's own; ``kind`` is what it is for at first.
    """

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("microsoft_form.go", "f2,ctrl+s", later("Entrar na conta"), "save", order=1),
    )
    rules: ClassVar[str] = "microsoft"

    def __init__(self, desk: Desk, company: CompanyView | None, kind: str) -> None:
        self.company = company
        super().__init__(desk, _fields(company), _values(company, kind))

    def title_words(self) -> str:
        title = _("Vincular conta Microsoft")
        return title if self.company is None else f"{title} · {self.company.nickname}"

    def help_words(self) -> str:
        """What happens here, and what after it."""
        return _(
            "A caixa entra pela conta Microsoft, sem senha guardada. Preencha o endereço e siga "
            "com F2: a tela seguinte mostra um código, ou um endereço, para entrar na conta. Só "
            "depois que a pessoa certa entrou a caixa é salva, e o teste começa."
        )

    def on_mount(self) -> None:
        """Show where Microsoft's servers are."""
        self._prefill_later()

    # Going on.

    async def save(self) -> Linked | None:
        draft, company_id = self.draft(), None if self.company is None else self.company.id
        try:
            link = await self.desk.ask(microsoft.plan, company_id, draft)
        except InvalidFields as e:
            raise InvalidFields([own_error(each, self.form.values()) for each in e.errors]) from e
        sign_in = SignIn(
            self.desk,
            link,
            lambda _link, signed: self.desk.do(
                linking.register, company_id, draft, signed, self.desk.settings
            ),
        )
        server_id = await self.app.push_screen_wait(sign_in)
        if server_id is None and sign_in.refusal is not None:
            raise sign_in.refusal
        return None if server_id is None else Linked(server_id, link)

    async def saved(self, record: Linked | None) -> None:
        """After a sign-in that was left the form is still there."""
        if record is not None:
            self.dismiss(record)

    def draft(self) -> MicrosoftDraft:
        """What is on the form; a place of which nobody typed a part is Microsoft's usual one."""
        values: dict[str, Any] = self.form.values()
        places = {
            f"{protocol}_{part}": (values[f"{protocol}_{part}"] or None)
            for protocol in PLACES.values()
            if any(self.form.is_by_hand(f"{protocol}_{part}") for part in ENDPOINT)
            for part in ENDPOINT
        }
        return MicrosoftDraft(
            kind=values["kind"],
            email=values["email"] or "",
            account=account_of_values(values),
            delegate=values["delegate"] or "",
            nickname=values["nickname"] or "",
            sender_name=values["sender_name"] or "",
            delete_after=values["delete_after"],
            **places,
        )

    # What is known of the address.

    def on_form_changed(self, message: Form.Changed) -> None:
        """The address tells the kind of account (R44), and where earlier ones of it were (R18)."""
        if message.name == "email":
            email = str(message.value or "")
            if "@" in email:
                self.form.set_value("account", microsoft.account_of(email))
        if message.name in ("email", "kind"):
            self._prefill_later()
        for function, protocol in PLACES.items():
            security = f"{protocol}_security"
            if message.name == security and self.form.is_by_hand(security):
                self.form.set_value(f"{protocol}_port", default_port(function, str(message.value)))

    def _prefill_later(self) -> None:
        run_newest(self, "prefill", self._prefill)

    async def _prefill(self) -> None:
        values = self.form.values()
        found = await self.desk.ask(
            microsoft.prefill, str(values["kind"]), str(values["email"] or "")
        )
        for name, value in found.items():
            self.form.set_value(name, value)


def _fields(company: CompanyView | None) -> list[FieldSpec]:
    kinds = [(Kind.SEND, _("envio"))]
    if company is None or company.document_import:
        kinds += [(Kind.READ, _("leitura")), (Kind.BOTH, _("ambos"))]
    return [
        FieldSpec(
            "email",
            _("E-mail"),
            required=True,
            validate=valid_address,
            placeholder="nfe@empresa.com.br",
        ),
        FieldSpec("kind", _("Para"), kind="choice", choices=kinds),
        *identity_fields(),
        FieldSpec("nickname", _("Apelido da caixa"), help=_("Vazio: o próprio e-mail.")),
        FieldSpec(
            "sender_name",
            _("Nome do remetente"),
            help=_("O nome que quem recebe vê. Vazio: o nome da empresa, ou do parceiro."),
            placeholder="" if company is None else company.sender_name or company.legal_name,
            visible_when=sends,
        ),
        *place_fields("smtp", visible_when=sends),
        *place_fields("pop", visible_when=reads),
        FieldSpec(
            "delete_after",
            _("Excluir do servidor"),
            kind="choice",
            advanced=True,
            visible_when=reads,
            choices=(
                ("import", _("após importar")),
                ("30", _("após 30 dias")),
                ("never", _("nunca")),
            ),
        ),
    ]


def _values(company: CompanyView | None, kind: str) -> Mapping[str, Value]:
    values: dict[str, Value] = {
        "email": "", "kind": kind, "account": WORK, "tenant": "", "delegate": "", "nickname": "",
        "sender_name": "", "delete_after": "import",
    }  # fmt: skip
    for function, protocol in PLACES.items():
        security = "starttls" if protocol == "smtp" else "tls"
        values |= {
            f"{protocol}_host": "",
            f"{protocol}_port": DEFAULT_PORTS[function][security],
            f"{protocol}_security": security,
        }
    return values
