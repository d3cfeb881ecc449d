"""What the form of an e-mail server asks, in the mission's order, and its values (R5, R17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screens.widgets.fields import FieldSpec, Value
from services.errors import Invalid
from services.language import _
from services.registry import limits
from services.registry.protocols import DEFAULT_PORTS, functions_of
from services.registry.server_form import ServerDraft
from services.registry.server_views import ServerView
from services.store.models import Function, Kind
from services.wire.addresses import valid_address, valid_host, valid_port

Values = Mapping[str, Value]
PLACES = {Function.SEND: "smtp", Function.READ: "pop"}
_USUAL = {"smtp": "starttls", "pop": "tls"}
_MOST_DAYS = 3_650


def sends(values: Values) -> bool:
    """Does the kind on the form send?"""
    return Function.SEND in functions_of(str(values["kind"]))


def reads(values: Values) -> bool:
    """Does the kind on the form read?"""
    return Function.READ in functions_of(str(values["kind"]))


def fields(*, editing: bool) -> list[FieldSpec]:
    """The fields; the partner key is asked once, when the server is registered (R22)."""
    return [
        FieldSpec(
            "kind",
            _("Tipo"),
            kind="choice",
            help=_("Ambos: a mesma conta envia e é lida, para todas as empresas vinculadas."),
            choices=(
                (Kind.SEND, _("Envio")),
                (Kind.READ, _("Leitura")),
                (Kind.BOTH, _("Ambos")),
            ),
        ),
        FieldSpec("nickname", _("Apelido da caixa"), required=True),
        FieldSpec("sender_name", _("Nome do remetente"), required=True, visible_when=sends),
        FieldSpec(
            "email",
            _("E-mail"),
            required=True,
            validate=valid_address,
            placeholder="nfe@parceiro.com.br",
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
        FieldSpec(
            "partner_key",
            _("Chave de parceiro"),
            kind="readonly" if editing else "text",
            required=not editing,
            help=_("A chave do seu próprio parceiro."),
        ),
        FieldSpec("active", _("Caixa ativa"), kind="switch"),
        *place_fields("smtp", visible_when=sends),
        *place_fields("pop", visible_when=reads),
        FieldSpec("authenticate", _("Autenticação"), kind="switch", advanced=True),
        FieldSpec("verify_certificate", _("Validar certificado"), kind="switch", advanced=True),
        FieldSpec("timeout", _("Tempo limite (s)"), kind="integer", advanced=True),
        *limit_fields(visible_when=sends),
        FieldSpec(
            "delete_after",
            _("Excluir do servidor"),
            kind="choice",
            advanced=True,
            visible_when=reads,
            choices=(
                ("import", _("após importar")),
                ("days", _("após alguns dias")),
                ("never", _("nunca")),
            ),
        ),
        FieldSpec(
            "delete_days",
            _("Dias no servidor"),
            kind="integer",
            advanced=True,
            required=True,
            validate=_days,
            visible_when=lambda values: reads(values) and values["delete_after"] == "days",
        ),
    ]


def place_fields(protocol: str, **more: Any) -> list[FieldSpec]:
    """Host, port and security of "smtp" or "pop", all advanced."""
    name = protocol.upper()
    return [
        FieldSpec(
            f"{protocol}_host",
            _("Endereço {p}").format(p=name),
            advanced=True,
            required=True,
            validate=valid_host,
            **more,
        ),
        FieldSpec(
            f"{protocol}_port",
            _("Porta {p}").format(p=name),
            kind="integer",
            advanced=True,
            required=True,
            validate=valid_port,
            **more,
        ),
        FieldSpec(
            f"{protocol}_security",
            _("Conexão SSL {p}").format(p=name),
            kind="choice",
            advanced=True,
            choices=(("tls", "SSL/TLS"), ("starttls", "STARTTLS"), ("none", _("sem"))),
            **more,
        ),
    ]


def limit_fields(**more: Any) -> list[FieldSpec]:
    """The limits of a sending mailbox (R34), all advanced; empty ones are the provider's."""
    usual = _("o do provedor; 0: sem limite")
    return [
        FieldSpec(name, label, kind="integer", advanced=True, placeholder=usual, **more)
        for name, label in (
            ("most_connections", _("Conexões")),
            ("most_per_minute", _("E-mails/minuto")),
            ("most_per_day", _("E-mails/dia")),
        )
    ]


def _days(text: str) -> None:
    if not 1 <= int(text) <= _MOST_DAYS:
        raise Invalid(_("De 1 a {most} dias").format(most=_MOST_DAYS), field="delete_days")


def values_of(view: ServerView | None, partner: str) -> dict[str, Value]:
    """The form's values: of a saved server, or those that a new one begins with."""
    values: dict[str, Value] = {
        "kind": Kind.SEND, "nickname": "", "sender_name": "", "email": "", "username": "",
        "password": "", "partner_key": "", "active": True, "authenticate": True,
        "verify_certificate": True, "timeout": 30, "delete_after": "import", "delete_days": 30,
        **dict.fromkeys(limits.NAMES),
    }  # fmt: skip
    for function, protocol in PLACES.items():
        usual = _USUAL[protocol]
        values |= {
            f"{protocol}_host": "",
            f"{protocol}_port": DEFAULT_PORTS[function][usual],
            f"{protocol}_security": usual,
        }
    if view is not None:
        values |= {name: getattr(view, name) for name in saved_names(view)}
        values["partner_key"] = f"✓ {partner}"
        if view.delete_after.isdigit():
            values |= {"delete_after": "days", "delete_days": int(view.delete_after)}
    return values


def saved_names(view: ServerView) -> set[str]:
    """The fields that somebody has chosen already: all that the saved server has a value for."""
    names = {spec.name for spec in fields(editing=True)}
    names -= {"password", "partner_key", "delete_days"}
    return {name for name in names if getattr(view, name) not in (None, "")}


def draft_of(values: Values) -> ServerDraft:
    """What is on the form."""
    told: dict[str, Any] = dict(values)
    days = told.pop("delete_days")
    for name in ("username", "password", "smtp_host", "pop_host"):
        told[name] = told[name] or None
    for name in ("nickname", "sender_name", "email", "partner_key"):
        told[name] = told[name] or ""
    told["timeout"] = 30 if told["timeout"] is None else told["timeout"]
    if told["delete_after"] == "days":
        told["delete_after"] = str(days)
    return ServerDraft(**told)


def changes_of(values: Values) -> dict[str, Any]:
    """The same as changes of a saved server; an empty password keeps the stored one."""
    draft = draft_of(values)
    changes = {name: getattr(draft, name) for name in ServerDraft.__dataclass_fields__}
    del changes["partner_key"]
    changes["username"] = draft.username or draft.email
    for function, protocol in PLACES.items():
        if function not in functions_of(draft.kind):
            for part in ("host", "port", "security"):
                del changes[f"{protocol}_{part}"]
    return changes
