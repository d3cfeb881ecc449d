"""The options that mailboxes and e-mail servers share, and the words for how one is doing."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import TYPE_CHECKING, Any

from services.clock import now
from services.language import _
from tui_app.cli import arguments
from tui_app.cli.context import Context, password_line, whole_number
from tui_app.cli.output import moment

if TYPE_CHECKING:
    from services.registry.mailboxes import MailboxView
    from services.registry.server_views import ServerView

PROTOCOLS = ("smtp", "pop")
_LIMITS = {
    "connections": "most_connections",
    "per_minute": "most_per_minute",
    "per_day": "most_per_day",
}
_USUAL = "provider"
_TEXTS = ("nickname", "sender_name", "email", "username", "delete_after")


def add_options(parser: ArgumentParser, *, required: bool) -> None:
    """The fields of the form; ``required`` where there is nothing yet to leave as it is."""
    add_names(parser, required=required)
    parser.add_argument(
        "--user",
        dest="username",
        metavar=_("USUÁRIO"),
        help=_("usuário; em geral o próprio e-mail"),
    )
    arguments.add_password(parser)
    for protocol in PROTOCOLS:
        add_place(parser, protocol, protocol.upper())
    add_deletion(parser)
    add_connecting(parser)
    add_limits(parser)


def add_names(parser: ArgumentParser, *, required: bool) -> None:
    """What a mailbox is called, and its address."""
    parser.add_argument(
        "--nickname", metavar=_("APELIDO"), required=required, help=_("apelido da caixa")
    )
    parser.add_argument("--sender-name", metavar=_("NOME"), help=_("nome do remetente"))
    parser.add_argument(
        "--email", metavar=_("E-MAIL"), required=required, help=_("endereço da caixa")
    )


def add_place(parser: ArgumentParser, prefix: str, what: str) -> None:
    """Host, port and security of ``what``, a protocol or the relay."""
    parser.add_argument(
        f"--{prefix}-host", metavar=_("SERVIDOR"), help=_("servidor {what}").format(what=what)
    )
    parser.add_argument(
        f"--{prefix}-port", metavar=_("PORTA"), help=_("porta {what}").format(what=what)
    )
    parser.add_argument(
        f"--{prefix}-security",
        choices=("tls", "starttls", "none"),
        help=_("tls cifra desde o início, starttls depois da saudação, none nunca"),
    )


def add_connecting(parser: ArgumentParser) -> None:
    """How a server is talked to."""
    parser.add_argument(
        "--auth", action=BooleanOptionalAction, default=None, help=_("se entra com usuário e senha")
    )
    parser.add_argument(
        "--verify-certificate",
        action=BooleanOptionalAction,
        default=None,
        help=_("se o certificado do servidor tem de ser válido"),
    )
    parser.add_argument(
        "--timeout", metavar=_("SEGUNDOS"), help=_("quanto esperar por uma resposta do servidor")
    )


def add_deletion(parser: ArgumentParser) -> None:
    """When what was read goes from the server (R38)."""
    parser.add_argument(
        "--delete-after",
        metavar=_("import|never|DIAS"),
        help=_(
            "quando excluir do servidor o que foi lido: ao importar (import), nunca (never) ou "
            "tantos dias depois"
        ),
    )


def add_limits(parser: ArgumentParser) -> None:
    """How much may leave by it (R34)."""
    for option, words in (
        ("connections", _("conexões ao mesmo tempo, no envio")),
        ("per_minute", _("e-mails enviados por minuto")),
        ("per_day", _("e-mails enviados por dia")),
    ):
        parser.add_argument(
            f"--{option.replace('_', '-')}",
            metavar=f"N|{_USUAL}",
            help=_("{what}; 0: sem limite; provider: o limite do provedor").format(what=words),
        )


def told(context: Context) -> dict[str, Any]:
    """What was told, by the names of the server's draft."""
    args = vars(context.args)
    values: dict[str, Any] = {name: args[name] for name in _TEXTS}
    for protocol in PROTOCOLS:
        port = f"{protocol}_port"
        values |= {
            f"{protocol}_host": args[f"{protocol}_host"],
            port: whole_number(args[port], port, _("Porta")),
            f"{protocol}_security": args[f"{protocol}_security"],
        }
    values |= {
        "timeout": whole_number(args["timeout"], "timeout", _("Tempo limite (segundos)")),
        "authenticate": args["auth"],
        "verify_certificate": args["verify_certificate"],
    }
    if args["password_stdin"]:
        values["password"] = password_line()
    return {name: value for name, value in values.items() if value is not None} | limits_told(
        context
    )


def limits_told(context: Context) -> dict[str, int | None]:
    """The limits that were told; None goes back to the provider's."""
    values: dict[str, int | None] = {}
    for option, name in _LIMITS.items():
        context.args.field_names[name] = option
        typed = getattr(context.args, option)
        if typed is not None:
            values[name] = None if typed == _USUAL else whole_number(typed, option, option)
    return values


def _rest(account: MailboxView | ServerView) -> str:
    """Why nothing leaves by it for a while."""
    if account.paused_by is not None:
        return _("pausada por {who} desde {since}").format(
            who=account.paused_by, since=moment(account.paused_at)
        )
    if account.full_until is not None and account.full_until > now():
        return _("{why}; continua às {until}").format(
            why=account.full_reason, until=moment(account.full_until)
        )
    return ""


def state_words(account: MailboxView | ServerView) -> str:
    """How it is doing: the reason where there is one, otherwise in a word."""
    names = {
        "unknown": _("ainda sem uso"),
        "ok": _("funcionando"),
        "failing": _("com falhas"),
        "down": _("parada"),
    }
    return (
        account.inactive_reason
        or _rest(account)
        or account.health_reason
        or names.get(account.health, account.health)
    )
