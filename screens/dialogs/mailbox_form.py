"""The form of a mailbox by *Outro provedor* (R5), for sending or for reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs import copy_fields
from screens.dialogs.discover import Place, discover_into
from screens.dialogs.email_test import EmailTest
from screens.dialogs.guidance import GuidanceDialog
from screens.dialogs.linking import can_relink, relink
from screens.dialogs.microsoft_fields import completed, has_account, of_account
from screens.dialogs.record_form import RecordForm
from screens.dialogs.rotate import offer_rotation
from screens.dialogs.server_fields import limit_fields
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.inactivated import Inactivated
from services.errors import CarteiroError
from services.health import testable
from services.language import _, later
from services.registry import limits, mailbox_form, mailboxes
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.registry.protocols import PROTOCOL, default_port
from services.store.models import Function
from services.wire import guidance
from services.wire.addresses import valid_address, valid_host, valid_port

ADVANCED = (
    "host",
    "port",
    "security",
    "authenticate",
    "verify_certificate",
    "timeout",
    "delete_after",
)


def fields(function: Function, *, editing: bool) -> list[FieldSpec]:
    """The fields in the mission's order (R5)."""
    protocol = "SMTP" if function is Function.SEND else "POP"
    made = [
        FieldSpec("nickname", _("Apelido da caixa"), required=True),
        FieldSpec("sender_name", _("Nome do remetente"), required=True),
        FieldSpec(
            "email", _("E-mail"), required=True, validate=_address, placeholder="nfe@empresa.com.br"
        ),
        FieldSpec("username", _("Usuário"), help=_("Vazio: o próprio e-mail.")),
        FieldSpec(
            "password",
            _("Senha"),
            kind="password",
            required=not editing,
            required_when=lambda values: bool(values["authenticate"]),
            placeholder=_("vazio mantém a atual") if editing else "",
        ),
        FieldSpec("active", _("Caixa ativa"), kind="switch"),
        FieldSpec(
            "host",
            _("Endereço {p}").format(p=protocol),
            advanced=True,
            validate=_host,
            required=True,
        ),
        FieldSpec("port", _("Porta"), kind="integer", advanced=True, validate=_port, required=True),
        FieldSpec(
            "security",
            _("Conexão SSL"),
            kind="choice",
            advanced=True,
            choices=(("tls", "SSL/TLS"), ("starttls", "STARTTLS"), ("none", _("sem"))),
        ),
        FieldSpec("authenticate", _("Autenticação"), kind="switch", advanced=True),
        FieldSpec("verify_certificate", _("Validar certificado"), kind="switch", advanced=True),
        FieldSpec("timeout", _("Tempo limite (s)"), kind="integer", advanced=True),
    ]
    if function is Function.SEND:
        made += limit_fields()
    else:
        del made[1]
        made.append(
            FieldSpec(
                "delete_after",
                _("Excluir do servidor"),
                kind="choice",
                advanced=True,
                choices=(
                    ("import", _("após importar")),
                    ("30", _("após 30 dias")),
                    ("never", _("nunca")),
                ),
            )
        )
    return made


def _address(text: str) -> None:
    valid_address(text)


def _host(text: str) -> None:
    valid_host(text)


def _port(text: str) -> None:
    valid_port(text)


class MailboxForm(RecordForm[MailboxView]):
    """Register or change one mailbox; gives the saved view, or None when left."""

    DEFAULT_CSS = """
    MailboxForm Form { max-height: 65vh; }
    MailboxForm.-telling Form { max-height: 45vh; }
    MailboxForm #told { max-height: 6; }
    MailboxForm #origin { padding: 0 0 1 0; }
    MailboxForm FieldRow Foreign.control { padding: 0 1; }
    MailboxForm #guidance { height: auto; max-height: 2; color: $text-warning; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("mailbox_form.test", "f5", later("Testar E-mail"), "test", order=2),
        Command(
            "mailbox_form.discover",
            "f6",
            later("Procurar servidor"),
            "discover",
            later("Procura o servidor no DNS: daqui saem só consultas de DNS sobre o domínio"),
            order=3,
            when=lambda d: not d.is_copy,
        ),
        Command(
            "mailbox_form.guidance",
            "f7",
            later("Orientação"),
            "guidance",
            later("O que o provedor deste e-mail pede: senha de aplicativo, POP, vincular a conta"),
            order=4,
        ),
        Command(
            "mailbox_form.relink",
            "f3",
            later("Vincular de novo"),
            "relink",
            later(
                "Entra de novo na conta Microsoft; o teste que passa põe a caixa de volta em uso"
            ),
            order=2,
            when=lambda form: can_relink(form.record),
        ),
    )
    rules: ClassVar[str] = "mailbox"

    def __init__(
        self, desk: Desk, company: CompanyView, function: Function, view: MailboxView | None = None
    ) -> None:
        self.company = company
        self.function = function
        self._inactivated = Inactivated("F3")
        super().__init__(desk, *_asked(function, view), view)

    @property
    def is_copy(self) -> bool:
        """Only the sender name and the switch of a copy can be changed here (R6)."""
        return self.record is not None and self.record.origin is not None

    def title_words(self) -> str:
        what = _("caixa de envio") if self.function is Function.SEND else _("caixa de leitura")
        title = _("Nova {what}") if self.record is None else _("Editar {what}")
        return f"{title.format(what=what)} · {self.company.nickname}"

    def above(self) -> Iterable[Widget]:
        yield self._inactivated
        if self.record is not None and self.record.origin is not None:
            yield Foreign(copy_fields.words(self.record.origin), classes="hint", id="origin")

    def below(self) -> Iterable[Widget]:
        yield Foreign(block=True, id="guidance")

    def on_mount(self) -> None:
        """Say what the provider asks, of a saved address too, and what stands in the way."""
        self._show_line()
        self._inactivated.tell(self.record)

    # Saving.

    async def save(self) -> MailboxView:
        draft = self.draft()
        if self.record is None:
            return await self.desk.do(mailboxes.add, self.company.id, draft)
        if self.is_copy:
            changes = {name: getattr(draft, name) for name in copy_fields.CHANGEABLE}
        else:
            changes = changes_of(self.function, draft)
            if not self.form.has("password"):
                del changes["username"], changes["authenticate"]
        return await self.desk.do(
            mailboxes.edit, self.record.id, changes, version=self.record.version
        )

    async def now(self) -> MailboxView:
        assert self.record is not None
        return await self.desk.ask(mailboxes.view, self.record.id)

    def values_of(self, record: MailboxView) -> Mapping[str, Value]:
        return _asked(self.function, record)[1]

    async def saved(self, record: MailboxView) -> None:
        """The dialog closes, after a new password was offered to the other registrations.

        A new one that was tested before it was saved is not to be tested again.
        """
        if self.record is None and self.proven:
            with suppress(CarteiroError):
                await self.desk.do(testable.mailbox_passed, record.id)
        password = self.draft().password
        if self.record is not None and password:
            await offer_rotation(self.app, self.desk, record.server_id, password)
        self.dismiss(record)

    # What is known of the address.

    def on_form_changed(self, message: Form.Changed) -> None:
        """Address and host tell the provider: fill what nobody has typed (R18), say what it asks."""
        if message.name in ("email", "host"):
            self._show_line()
        if message.name == "email" or (message.name == "host" and self.form.is_by_hand("host")):
            run_newest(self, "prefill", self._prefill)
        elif message.name == "security" and self.form.is_by_hand("security"):
            port = default_port(self.function, str(message.value))
            self.form.set_value("port", port)

    def _show_line(self) -> None:
        """One line of what the provider asks; F7 shows the whole (R51)."""
        if self.is_copy or has_account(self.record):
            return
        line = guidance.line_for(self._email, self._host, PROTOCOL[self.function])
        self.query_one("#guidance", Foreign).show(
            _("{line} · F7 mostra como").format(line=line) if line else ""
        )

    async def _prefill(self) -> None:
        # What goes with a host that was typed is known by that host alone.
        host = self._host if self.form.is_by_hand("host") else None
        if host is None and "@" not in self._email:
            return
        found = await self.desk.ask(mailbox_form.prefill, self.function, self._email, host)
        for name, value in found.items():
            self.form.set_value(name, value)

    @property
    def _email(self) -> str:
        return str(self.form.values()["email"] or "")

    @property
    def _host(self) -> str | None:
        return str(self.form.values()["host"] or "") or None

    def action_discover(self) -> None:
        """Procurar servidor: on request only, by DNS questions about the domain (R18)."""
        run_newest(
            self, "discover", discover_into, self.app, self.form, [Place(PROTOCOL[self.function])]
        )

    def action_guidance(self) -> None:
        """The guidance, at the provider of the address (R51)."""
        found = guidance.for_address(self._email, self._host, PROTOCOL[self.function])
        self.app.push_screen(GuidanceDialog(found[0].key if found else None))

    # Testing.

    def draft(self) -> MailboxDraft:
        """What is on the screen now."""
        values: dict[str, Any] = self.form.values()
        if self.record is not None and self.is_copy:
            own = {name: values[name] for name in copy_fields.CHANGEABLE}
            values = {**_values(self.function, self.record), **own}
        values = completed(values, self.record)
        return MailboxDraft(
            function=self.function,
            nickname=values["nickname"] or "",
            sender_name=values.get("sender_name") or "",
            email=values["email"] or "",
            username=values["username"] or values["email"],
            password=values["password"] or None,
            active=values["active"],
            host=values["host"] or None,
            port=values["port"],
            security=values["security"],
            authenticate=values["authenticate"],
            verify_certificate=values["verify_certificate"],
            timeout=30 if values["timeout"] is None else values["timeout"],
            delete_after=values.get("delete_after") or "import",
            **{name: values.get(name) for name in limits.NAMES},
        )

    def action_test(self) -> None:
        """Testar E-mail with the values on the screen, saved or not (R8)."""
        if self.form.check():
            run_newest(self, "test", self._test)

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49); what was typed here stays."""
        run_newest(self, "test", self._relink)

    async def _relink(self) -> None:
        assert self.record is not None
        if await relink(self.app, self.desk, self.record.server_id):
            await self.take_over()
            self._inactivated.tell(self.record)

    async def _test(self) -> None:
        record_id = self.record.id if self.record else None
        tested = self.form.values()
        test = EmailTest.of_draft(self.desk, self.draft(), record_id)
        self.follow(test, await self.app.push_screen_wait(test), tested)


def _asked(
    function: Function, view: MailboxView | None
) -> tuple[list[FieldSpec], dict[str, Value]]:
    """Fields and values; of a copy most are only to be read (R6)."""
    specs = fields(function, editing=view is not None)
    values = _values(function, view)
    if view is not None and view.origin is not None:
        return copy_fields.of_copy(specs, values)
    return of_account(specs, values, view)


def _values(function: Function, view: MailboxView | None) -> dict[str, Value]:
    if view is None:
        security = "starttls" if function is Function.SEND else "tls"
        return {
            "nickname": "", "sender_name": "", "email": "", "username": "", "password": "",
            "active": True, "host": "", "port": default_port(function, security),
            "security": security, "authenticate": True, "verify_certificate": True,
            "timeout": 30, "delete_after": "import", **dict.fromkeys(limits.NAMES),
        }  # fmt: skip
    return {
        "nickname": view.nickname, "sender_name": view.sender_name, "email": view.email,
        "username": view.username, "password": "", "active": view.active, "host": view.host,
        "port": view.port, "security": view.security, "authenticate": view.authenticate,
        "verify_certificate": view.verify_certificate, "timeout": view.timeout,
        "delete_after": view.delete_after,
        **{name: getattr(view, name) for name in limits.NAMES},
    }  # fmt: skip


def changes_of(function: Function, draft: MailboxDraft) -> dict[str, Any]:
    """The draft as changes; an empty password keeps the one that is kept."""
    names = ["nickname", "email", "username", "active", *ADVANCED]
    if function is Function.SEND:
        names.remove("delete_after")
        names += ["sender_name", *limits.NAMES]
    changes = {name: getattr(draft, name) for name in names}
    if draft.password is not None:
        changes["password"] = draft.password
    return changes
