"""The form of a mailbox by *Outro provedor* (R5), for sending or for reading."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs import copy_fields
from screens.dialogs.confirm import Confirm
from screens.dialogs.discover import Place, discover_into
from screens.dialogs.email_test import EmailTest, mend
from screens.dialogs.guidance import GuidanceDialog
from screens.dialogs.rotate import offer_rotation
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError, Conflict, Invalid, InvalidFields
from services.language import _
from services.registry import mailbox_form, mailboxes
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft, MailboxView
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
        FieldSpec("timeout", _("Timeout (s)"), kind="integer", advanced=True),
    ]
    if function is Function.READ:
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


class MailboxForm(Commanded, ModalScreen[MailboxView | None]):
    """Register or change one mailbox; gives the saved view, or None when left."""

    DEFAULT_CSS = """
    MailboxForm Form { height: auto; max-height: 65vh; }
    MailboxForm #origin { padding: 0 0 1 0; }
    MailboxForm FieldRow Foreign.control { padding: 0 1; }
    MailboxForm #guidance { height: auto; max-height: 2; color: $text-warning; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("mailbox_form.save", "f2,ctrl+s", _("Salvar"), "save", order=1),
        Command("mailbox_form.test", "f5", _("Testar E-mail"), "test", order=2),
        Command(
            "mailbox_form.discover",
            "f6",
            _("Procurar servidor"),
            "discover",
            _("Procura o servidor no DNS: daqui saem só perguntas de DNS sobre o domínio"),
            order=3,
            when=lambda d: not d.is_copy,
        ),
        Command(
            "mailbox_form.guidance",
            "f7",
            _("Orientação"),
            "guidance",
            _("O que o provedor deste e-mail pede: senha de app, POP, vincular a conta"),
            order=4,
        ),
        Command("mailbox_form.leave", "escape", _("Voltar"), "leave", order=5),
    )

    def __init__(
        self, desk: Desk, company: CompanyView, function: Function, view: MailboxView | None = None
    ) -> None:
        super().__init__()
        self.desk = desk
        self.company = company
        self.function = function
        self.view = view
        specs, values = self._asked(view)
        self.form = Form(specs, values, made_by_hand=values if view is not None else ())

    @property
    def is_copy(self) -> bool:
        """Only the sender name and the switch of a copy can be changed here (R6)."""
        return self.view is not None and self.view.origin is not None

    def _asked(self, view: MailboxView | None) -> tuple[list[FieldSpec], dict[str, Value]]:
        specs = fields(self.function, editing=view is not None)
        values = _values(self.function, view)
        if view is not None and view.origin is not None:
            return copy_fields.of_copy(specs, values)
        return specs, values

    def compose(self) -> ComposeResult:
        what = _("caixa de envio") if self.function is Function.SEND else _("caixa de leitura")
        title = _("Nova {what}") if self.view is None else _("Editar {what}")
        with Vertical(classes="dialog"):
            yield Foreign(
                f"{title.format(what=what)} · {self.company.nickname}", classes="dialog-title"
            )
            if self.view is not None and self.view.origin is not None:
                yield Foreign(copy_fields.words(self.view.origin), classes="hint", id="origin")
            yield self.form
            yield Foreign(block=True, id="guidance")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show_line()

    def on_form_changed(self, message: Form.Changed) -> None:
        """Address and host tell the provider: fill what nobody has typed (R18), say what it asks."""
        if message.name in ("email", "host"):
            self._show_line()
        if message.name == "email" or (message.name == "host" and self.form.is_by_hand("host")):
            self.run_worker(self._prefill(), group="prefill", exclusive=True, exit_on_error=False)
        elif message.name == "security" and self.form.is_by_hand("security"):
            port = mailbox_form.default_port(self.function, str(message.value))
            self.form.set_value("port", port)

    def _show_line(self) -> None:
        """One line of what the provider asks; F7 shows the whole (R51)."""
        if self.is_copy:
            return
        line = guidance.line_for(self._email, self._host, mailbox_form.PROTOCOL[self.function])
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
        self.run_worker(
            discover_into(self.app, self.form, [Place(mailbox_form.PROTOCOL[self.function])]),
            group="discover",
            exclusive=True,
            exit_on_error=False,
        )

    def action_guidance(self) -> None:
        """The guidance, at the provider of the address (R51)."""
        found = guidance.for_address(self._email, self._host, mailbox_form.PROTOCOL[self.function])
        self.app.push_screen(GuidanceDialog(found[0].key if found else None))

    def action_save(self) -> None:
        """Save; every refusal is shown beside its field and nothing typed is lost."""
        if self.form.check():
            self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        draft = self.draft()
        try:
            if self.view is None:
                saved = await self.desk.do(mailboxes.add, self.company.id, draft)
            else:
                saved = await self.desk.do(
                    mailboxes.edit,
                    self.view.id,
                    self._changes(draft),
                    version=self.view.version,
                )
        except InvalidFields as e:
            self.form.show_errors(e.errors)
        except Invalid as e:
            self.form.show_errors([e])
        except Conflict as e:
            await self._changed_meanwhile(e)
        except CarteiroError as e:
            self.query_one("#guidance", Foreign).show(e.message)
        else:
            if self.view is not None and draft.password:
                await offer_rotation(self.app, self.desk, saved.server_id, draft.password)
            self.dismiss(saved)

    def _changes(self, draft: MailboxDraft) -> dict[str, Any]:
        if self.is_copy:
            return {name: getattr(draft, name) for name in copy_fields.CHANGEABLE}
        return changes_of(self.function, draft)

    async def _changed_meanwhile(self, conflict: Conflict) -> None:
        """Somebody else saved first: show it, keep what was typed, and save over it only if asked."""
        assert self.view is not None
        now = await self.desk.ask(mailboxes.view, self.view.id)
        theirs = self._asked(now)[1]
        mine = self._asked(self.view)[1]
        differs = [n for n in theirs if theirs[n] != mine[n]]
        text = conflict.message + "\n" + "\n".join(f"{n}: {theirs[n]}" for n in differs)
        if await self.app.push_screen_wait(
            Confirm(
                _("Outra pessoa alterou esta caixa"),
                text + "\n" + _("Salvar a sua versão por cima?"),
                danger=True,
            )
        ):
            self.view = now
            await self._save()

    def draft(self) -> MailboxDraft:
        """What is on the screen now."""
        values: dict[str, Any] = self.form.values()
        if self.view is not None and self.is_copy:
            own = {name: values[name] for name in copy_fields.CHANGEABLE}
            values = {**_values(self.function, self.view), **own}
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
            timeout=values["timeout"] or 30,
            delete_after=values.get("delete_after") or "import",
        )

    def action_test(self) -> None:
        """Testar E-mail with the values on the screen, saved or not (R8)."""
        if self.form.check():
            self.run_worker(self._test(), group="test", exclusive=True, exit_on_error=False)

    async def _test(self) -> None:
        field = await self.app.push_screen_wait(
            EmailTest.of_draft(self.desk, self.draft(), self.view.id if self.view else None)
        )
        if field is not None:
            mend(self.form, field)

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


def _values(function: Function, view: MailboxView | None) -> dict[str, Value]:
    if view is None:
        security = "starttls" if function is Function.SEND else "tls"
        return {
            "nickname": "", "sender_name": "", "email": "", "username": "", "password": "",
            "active": True, "host": "", "port": mailbox_form.default_port(function, security),
            "security": security, "authenticate": True, "verify_certificate": True,
            "timeout": 30, "delete_after": "import",
        }  # fmt: skip
    return {
        "nickname": view.nickname, "sender_name": view.sender_name, "email": view.email,
        "username": view.username, "password": "", "active": view.active, "host": view.host,
        "port": view.port, "security": view.security, "authenticate": view.authenticate,
        "verify_certificate": view.verify_certificate, "timeout": view.timeout,
        "delete_after": view.delete_after,
    }  # fmt: skip


def changes_of(function: Function, draft: MailboxDraft) -> dict[str, Any]:
    """The draft as changes; an empty password keeps the one that is kept."""
    names = ["nickname", "email", "username", "active", *ADVANCED]
    if function is Function.SEND:
        names.remove("delete_after")
        names.append("sender_name")
    changes = {name: getattr(draft, name) for name in names}
    if draft.password is not None:
        changes["password"] = draft.password
    return changes
