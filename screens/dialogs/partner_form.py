"""InvoiCy Mail do parceiro: the relay by which its companies' e-mails leave (R14)."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, ClassVar

from textual.app import App
from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.record_form import RecordForm
from screens.dialogs.server_fields import limit_fields
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.form import Form
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.health import testable
from services.health.accounts import Account
from services.language import _, later, ngettext
from services.registry import limits, relay
from services.registry.protocols import default_port
from services.registry.relay import PartnerView
from services.registry.relay_form import NAMES
from services.store.models import Function
from services.wire.addresses import valid_address, valid_host, valid_port

_FIELD_OF = {option: name for name, option in NAMES.items()}
_RELAY_FIELDS = (
    *NAMES.values(), "password", "active", "verify_certificate", "timeout", *limits.NAMES
)  # fmt: skip
_SECURITY = "starttls"
_MENDED_BY = {"authenticate": "relay_user"}
"""Fields of a mailbox that this form asks for otherwise."""


def fields(*, editing: bool) -> list[FieldSpec]:
    """The relay's fields, and the switch for new companies."""
    return [
        FieldSpec(
            "relay_host",
            _("Endereço SMTP"),
            validate=valid_host,
            placeholder="smtp.relay.com.br",
        ),
        FieldSpec("relay_port", _("Porta"), kind="integer", validate=valid_port),
        FieldSpec(
            "relay_security",
            _("Conexão SSL"),
            kind="choice",
            choices=(("tls", "SSL/TLS"), ("starttls", "STARTTLS"), ("none", _("sem"))),
        ),
        FieldSpec("relay_user", _("Usuário"), help=_("Vazio: o relay não pede usuário nem senha.")),
        FieldSpec(
            "password",
            _("Senha"),
            kind="password",
            placeholder=_("vazio mantém a atual") if editing else "",
        ),
        FieldSpec(
            "relay_email",
            _("E-mail do remetente"),
            validate=valid_address,
            help=_("Vazio: o usuário, se for um endereço."),
        ),
        FieldSpec("active", _("Relay ativo"), kind="switch"),
        FieldSpec("auto_invoicy_mail", _("Ativar em empresas novas"), kind="switch"),
        FieldSpec("verify_certificate", _("Validar certificado"), kind="switch", advanced=True),
        FieldSpec("timeout", _("Tempo limite (s)"), kind="integer", advanced=True),
        *limit_fields(),
    ]


async def show_partner(app: App[Any], desk: Desk, field: str | None = None) -> None:
    """Open the form on the relay as it is now, at ``field`` if a test named one; call it from a
    worker. A refusal is told."""
    try:
        view = await desk.ask(relay.view)
    except CarteiroError as e:
        notify_safe(app, e.message, "error")
    else:
        await app.push_screen_wait(PartnerForm(desk, view).at(field))


class PartnerForm(RecordForm[PartnerView]):
    """Change the relay and whether new companies use it; F5 tests what stands on the screen."""

    DEFAULT_CSS = """
    PartnerForm #uses { height: auto; padding: 0 0 0 2; color: $text-muted; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("partner_form.test", "f5", later("Testar E-mail"), "test", order=2),
        Command(
            "partner_form.remove",
            "f8",
            later("Excluir relay"),
            "remove",
            order=3,
            when=lambda form: form.has_relay,
        ),
    )
    record: PartnerView
    rules: ClassVar[str] = "partner"

    def __init__(self, desk: Desk, view: PartnerView) -> None:
        super().__init__(desk, fields(editing=view.relay is not None), _values(view), view)

    @property
    def has_relay(self) -> bool:
        """True when there is a saved relay."""
        return self.record.relay is not None

    def title_words(self) -> str:
        return _("InvoiCy Mail do parceiro · {name}").format(name=self.record.name)

    def below(self) -> Iterable[Widget]:
        yield Foreign(_uses(self.record), block=True, id="uses")

    def on_mount(self) -> None:
        """What waits is said at once."""
        self.tell(self.record.why_waits or "")

    async def refresh_live(self) -> None:
        """For how many companies it is on, and how the relay does, as others change it."""
        self.query_one("#uses", Foreign).show(_uses(await self.now()))

    def on_form_changed(self, message: Form.Changed) -> None:
        """The usual port goes with the security, unless somebody has chosen another."""
        if message.name == "relay_security":
            usual = {default_port(Function.SEND, s) for s in ("tls", "starttls", "none")}
            if self.form.values()["relay_port"] in usual:
                port = default_port(Function.SEND, str(message.value))
                self.form.set_value("relay_port", port, by_hand=True)

    async def save(self) -> PartnerView:
        auto = bool(self.form.values()["auto_invoicy_mail"])
        changes = {} if self._no_relay_wanted else self._relay()
        return await self.desk.do(relay.save, changes, auto, version=self.record.version)

    async def now(self) -> PartnerView:
        return await self.desk.ask(relay.view)

    def values_of(self, record: PartnerView) -> Mapping[str, Value]:
        return _values(record)

    @property
    def _no_relay_wanted(self) -> bool:
        """True when there is none and nothing of one was typed: only the switch is to be saved."""
        values, first = self.form.values(), _values(self.record)
        return not self.has_relay and all(values[name] == first[name] for name in _RELAY_FIELDS)

    def _relay(self) -> dict[str, Any]:
        """What stands on the screen, as changes of the relay."""
        values = self.form.values()
        changes: dict[str, Any] = {
            _FIELD_OF.get(name, name): values[name] for name in _RELAY_FIELDS
        }
        # Without a user there is no login, and what was typed as its password is not kept.
        changes["authenticate"] = bool(changes["username"])
        if not changes["password"] or not changes["authenticate"]:
            del changes["password"]
        changes["timeout"] = 30 if changes["timeout"] is None else changes["timeout"]
        return changes

    def action_test(self) -> None:
        """Testar E-mail with the values on the screen, saved or not (R8, R14)."""
        if self.form.check():
            run_newest(self, "test", self._test)

    async def _test(self) -> None:
        tested, changes = self.form.values(), self._relay()
        saved = self.has_relay and not self.form.changed

        def load() -> Awaitable[Account]:
            return self.desk.ask(testable.of_relay, changes, self.desk.settings)

        title = str(changes["email"] or changes["username"] or "")
        test = EmailTest(self.desk, title, Function.SEND, load, True)
        field = await self.app.push_screen_wait(test)
        if test.passed and saved:
            await self.desk.do(testable.relay_passed)
        self.follow(test, field, tested)

    def mend(self, field: str) -> None:
        name = field.removeprefix("smtp_")
        super().mend(_MENDED_BY.get(name, NAMES.get(name, name)))

    def action_remove(self) -> None:
        """Remove the relay, after a question."""
        run_newest(self, "remove", self._remove)

    async def _remove(self) -> None:
        text = _("O endereço e a senha do relay são excluídos.")
        if not await self.app.push_screen_wait(
            Confirm(_("Excluir o relay do InvoiCy Mail?"), text, danger=True)
        ):
            return
        try:
            left = await self.desk.do(relay.clear_relay, version=self.record.version)
        except CarteiroError as e:
            self.refuse(e)
        else:
            self.dismiss(left)


def _uses(view: PartnerView) -> str:
    """For whom it is on, and how the relay does."""
    lines = [
        ngettext(
            "{n} empresa com o InvoiCy Mail ativo",
            "{n} empresas com o InvoiCy Mail ativo",
            view.companies_on,
        ).format(n=grouped(view.companies_on))
        if view.companies_on
        else _("Nenhuma empresa com o InvoiCy Mail ativo")
    ]
    if view.relay is not None and view.relay.health_reason:
        lines.append(_("Último erro: {why}").format(why=view.relay.health_reason))
    return "\n".join(lines)


def _values(view: PartnerView) -> dict[str, Value]:
    relay = view.relay
    if relay is None:
        return {
            "relay_host": "", "relay_port": default_port(Function.SEND, _SECURITY),
            "relay_security": _SECURITY, "relay_user": "", "password": "", "relay_email": "",
            "active": True, "auto_invoicy_mail": view.auto_invoicy_mail,
            "verify_certificate": True, "timeout": 30, **dict.fromkeys(limits.NAMES),
        }  # fmt: skip
    return {
        "relay_host": relay.host, "relay_port": relay.port, "relay_security": relay.security,
        "relay_user": relay.username if relay.authenticate else "", "password": "",
        "relay_email": relay.email, "active": relay.active,
        "auto_invoicy_mail": view.auto_invoicy_mail,
        "verify_certificate": relay.verify_certificate, "timeout": relay.timeout,
        **{name: getattr(relay, name) for name in limits.NAMES},
    }  # fmt: skip
