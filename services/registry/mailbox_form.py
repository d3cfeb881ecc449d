"""What a mailbox form holds, what it means by default, and what of it is wrong (R5, R18)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import Invalid
from services.language import _
from services.registry import access
from services.registry.access import Actor
from services.registry.fields import Form
from services.safe_text import has_control
from services.store.models import EmailServer, Function, Kind, Mailbox
from services.wire.addresses import valid_address, valid_host
from services.wire.presets import preset_for, preset_of_host

SECURITIES = ("tls", "starttls", "none")
DEFAULT_PORTS = {
    Function.SEND: {"tls": 465, "starttls": 587, "none": 25},
    Function.READ: {"tls": 995, "starttls": 110, "none": 110},
}
PROTOCOL = {Function.SEND: "smtp", Function.READ: "pop"}
_STARTTLS_PORTS = (110, 587)
_MOST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class MailboxDraft:
    """What a person fills in (R5); None means "as usual for this address".

    ``timeout`` in seconds; ``delete_after`` is ``import``, ``never`` or a number of days (R38);
    ``password`` None keeps the one that is stored.
    """

    function: str
    nickname: str
    sender_name: str
    email: str
    username: str | None = None
    password: str | None = None
    active: bool = True
    host: str | None = None
    port: int | None = None
    security: str | None = None
    authenticate: bool = True
    verify_certificate: bool = True
    timeout: int = 30
    delete_after: str = "import"

    def __repr__(self) -> str:
        """Without the password: drafts end in tracebacks and logs."""
        return f"MailboxDraft({self.function!r}, {self.nickname!r}, {self.email!r})"


@dataclass(frozen=True, slots=True)
class Clean:
    """A form without errors; everything decided but the password, which may stay as it is."""

    nickname: str
    sender_name: str
    email: str
    username: str
    password: str | None
    active: bool
    host: str
    port: int
    security: str
    authenticate: bool
    verify_certificate: bool
    timeout: int
    delete_after: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"Clean({self.nickname!r}, {self.email!r}, {self.host!r})"


def default_port(function: str, security: str) -> int:
    """The usual port of a function under "tls", "starttls" or "none"."""
    ports = DEFAULT_PORTS[Function(function)]
    return ports.get(security, ports["tls"])


def prefill(
    session: Session, actor: Actor, function: str, email: str, host: str | None = None
) -> dict[str, Any]:
    """The values of :class:`MailboxDraft` that this address most likely needs (R18).

    Those of the server registered last for the same host (or, without ``host``, for an address of
    the same domain), otherwise the preset of the host's or the address's provider; empty when
    neither knows. Nothing is looked up outside this machine, and nothing is a secret.
    """
    protocol = PROTOCOL[Function(function)]
    row = _same_host(session, actor, protocol, email, host)
    if row is not None:
        return {
            "host": getattr(row, f"{protocol}_host"),
            "port": getattr(row, f"{protocol}_port"),
            "security": getattr(row, f"{protocol}_security"),
            "authenticate": row.authenticate,
            "verify_certificate": row.verify_certificate,
            "timeout": row.timeout,
        }
    preset = preset_of_host(host) if host else preset_for(email)
    if preset is None:
        return {}
    place = preset.smtp if protocol == "smtp" else preset.pop
    known: dict[str, Any] = {"username": preset.username(email)}
    if place is not None:
        known |= {"host": place.host, "port": place.port, "security": place.security}
    return known


def _same_host(
    session: Session, actor: Actor, protocol: str, email: str, host: str | None
) -> EmailServer | None:
    """The newest such server; company users learn only from their own (R53)."""
    column = EmailServer.smtp_host if protocol == "smtp" else EmailServer.pop_host
    query = select(EmailServer).where(
        EmailServer.partner_id == actor.partner_id,
        EmailServer.kind != Kind.RELAY,
        column.is_not(None),
    )
    if host:
        query = query.where(func.lower(column) == host.strip().lower())
    else:
        domain = email.rpartition("@")[2].strip().lower()
        if not domain:
            return None
        query = query.where(func.lower(EmailServer.email).endswith(f"@{domain}", autoescape=True))
    if actor.company_ids is not None:
        query = query.where(EmailServer.mailboxes.any(access.among(actor, Mailbox.company_id)))
    return session.scalar(query.order_by(EmailServer.id.desc()).limit(1))


def with_defaults(session: Session, actor: Actor, draft: MailboxDraft) -> MailboxDraft:
    """``draft`` with what was left open filled in; a value of the person's is never replaced."""
    known: dict[str, Any] = {}
    if not draft.host and not has_control(draft.email):
        known = prefill(session, actor, draft.function, draft.email)
    security = draft.security
    if security is None:
        if draft.port is not None:
            security = "starttls" if draft.port in _STARTTLS_PORTS else "tls"
        else:
            security = known.get("security", "tls")
    port = draft.port
    if port is None:
        same = security == known.get("security")
        port = known["port"] if same else default_port(draft.function, security)
    return replace(
        draft,
        username=draft.username or known.get("username") or draft.email,
        host=draft.host or known.get("host"),
        port=port,
        security=security,
    )


def check(draft: MailboxDraft, *, password_kept: bool) -> Clean:
    """The form without errors, or ``InvalidFields`` with every one of them (R5).

    ``password_kept`` says that a password is stored already, so that none need be given.
    """
    form = Form()
    nickname = form.text("nickname", _("Apelido da caixa"), draft.nickname, 60)
    sender_name = form.text(
        "sender_name",
        _("Nome do remetente"),
        draft.sender_name,
        200,
        required=draft.function == Function.SEND,
    )
    email = form.checked("email", _("E-mail"), draft.email, valid_address) or ""
    username = form.text(
        "username", _("Usuário"), draft.username, 254, required=draft.authenticate is not False
    )
    password = form.secret(
        "password",
        _("Senha"),
        draft.password,
        required=draft.authenticate is not False and not password_kept,
    )
    host_label = _("Servidor SMTP") if draft.function == Function.SEND else _("Servidor POP")
    if draft.host:
        host = form.checked("host", host_label, draft.host, valid_host) or ""
    else:
        host = ""
        form.refuse("host", _("{label}: informe o endereço do servidor").format(label=host_label))
    clean = Clean(
        nickname=nickname,
        sender_name=sender_name,
        email=email,
        username=username,
        password=password,
        active=form.flag("active", _("Caixa ativa"), draft.active),
        host=host,
        port=form.whole("port", _("Porta"), draft.port, 1, 65_535),
        security=form.one_of("security", _("Segurança"), draft.security, SECURITIES),
        authenticate=form.flag("authenticate", _("Autenticação"), draft.authenticate),
        verify_certificate=form.flag(
            "verify_certificate", _("Validar certificado"), draft.verify_certificate
        ),
        timeout=form.whole("timeout", _("Tempo limite (segundos)"), draft.timeout, 1, 600),
        delete_after=_delete_after(form, draft.delete_after),
    )
    form.done()
    return clean


def _delete_after(form: Form, value: str) -> str:
    word = str(value).strip()
    if word in ("import", "never"):
        return word
    if word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= _MOST_DAYS:
        return str(int(word))
    form.refuse(
        "delete_after",
        _("Apagar do servidor: import, never ou o número de dias (1 a {most})").format(
            most=_MOST_DAYS
        ),
    )
    return "import"


def keep_password_at_home(actor: Actor, host_before: str, clean: Clean) -> None:
    """A stored password never goes to another host at the word of a company user.

    Raises :class:`Invalid` naming the password: whoever changes the host types it again.
    """
    moved = clean.host.lower() != host_before.lower()
    if moved and clean.authenticate and clean.password is None and not actor.is_partner:
        raise Invalid(
            _("Senha: digite-a de novo, porque o endereço do servidor mudou"), field="password"
        )
