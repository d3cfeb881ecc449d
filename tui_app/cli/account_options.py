"""The options that mailboxes and e-mail servers share, and the words for how one is doing."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import TYPE_CHECKING, Any

from services.language import _
from tui_app.cli.context import Context, password_line, whole_number

if TYPE_CHECKING:
    from services.registry.mailboxes import MailboxView
    from services.registry.server_views import ServerView

PROTOCOLS = ("smtp", "pop")
_TEXTS = ("nickname", "sender_name", "email", "username", "delete_after")


def add_options(parser: ArgumentParser, *, required: bool) -> None:
    """The fields of the form; ``required`` where there is nothing yet to leave as it is."""
    parser.add_argument("--nickname", required=required, help=_("apelido da caixa"))
    parser.add_argument("--sender-name", help=_("nome do remetente"))
    parser.add_argument("--email", required=required, help=_("endereço da caixa"))
    parser.add_argument("--user", dest="username", help=_("usuário; em geral o próprio e-mail"))
    parser.add_argument(
        "--password-stdin", action="store_true", help=_("lê a senha da entrada padrão, uma linha")
    )
    for protocol in PROTOCOLS:
        parser.add_argument(f"--{protocol}-host", metavar="H")
        parser.add_argument(f"--{protocol}-port", metavar="P")
        parser.add_argument(f"--{protocol}-security", choices=("tls", "starttls", "none"))
    parser.add_argument(
        "--auth", action=BooleanOptionalAction, default=None, help=_("autenticação")
    )
    parser.add_argument(
        "--verify-certificate",
        action=BooleanOptionalAction,
        default=None,
        help=_("validação do certificado"),
    )
    parser.add_argument("--timeout", metavar=_("SEGUNDOS"))
    parser.add_argument(
        "--delete-after",
        metavar=_("import|never|DIAS"),
        help=_("quando apagar do servidor o que foi lido"),
    )


def add_state(parser: ArgumentParser) -> None:
    """``--active`` or ``--inactive``, for what exists already."""
    state = parser.add_mutually_exclusive_group()
    state.add_argument("--active", action="store_const", const=True, default=None, dest="active")
    state.add_argument("--inactive", action="store_const", const=False, dest="active")


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
    return {name: value for name, value in values.items() if value is not None}


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
        or account.health_reason
        or names.get(account.health, account.health)
    )
