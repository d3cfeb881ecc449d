"""``mailbox``."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import TYPE_CHECKING, Any

from services.errors import Invalid
from services.language import _
from tui_app.cli.context import Context, password_line, whole_number
from tui_app.cli.parser import Actions

if TYPE_CHECKING:
    from services.registry.mailboxes import MailboxView

_PROTOCOL = {"send": "smtp", "read": "pop"}
_TEXTS = ("nickname", "sender_name", "email", "username", "delete_after")


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    add = actions.add(
        "add",
        _("cadastra uma caixa de envio ou de leitura"),
        "carteiro mailbox add --company 11222333000181 --function send --nickname Notas \\\n"
        '    --sender-name "Padaria São João" --email notas@padaria.example --password-stdin \\\n'
        "    --smtp-host smtp.padaria.example --smtp-port 587 --smtp-security starttls < senha.txt",
        _add,
        user=False,
    )
    add.add_argument("--company", required=True, metavar="CNPJ")
    add.add_argument(
        "--function", required=True, choices=("send", "read"), help=_("envio ou leitura")
    )
    add.add_argument("--inactive", action="store_true", help=_("não usar ainda"))
    _options(add, required=True)
    several = actions.add(
        "list",
        _("lista as caixas de uma empresa"),
        "carteiro mailbox list --company 11222333000181 --function send --json",
        _list,
    )
    several.add_argument("--company", required=True, metavar="CNPJ")
    several.add_argument("--function", choices=("send", "read"), help=_("envio ou leitura"))
    several.add_argument("--status", choices=("active", "inactive"), help=_("ativas ou inativas"))
    edit = actions.add(
        "edit",
        _("altera uma caixa; o que não for dito fica como está"),
        "carteiro mailbox edit 3 --inactive",
        _edit,
        user=False,
    )
    edit.add_argument("id", type=int, metavar="ID")
    state = edit.add_mutually_exclusive_group()
    state.add_argument("--active", action="store_const", const=True, default=None, dest="active")
    state.add_argument("--inactive", action="store_const", const=False, dest="active")
    _options(edit, required=False)
    remove = actions.add(
        "remove",
        _("desvincula a caixa; sem outra empresa, o servidor também é excluído"),
        "carteiro mailbox remove 3",
        _remove,
    )
    remove.add_argument("id", type=int, metavar="ID")
    test = actions.add(
        "test", _("testa a comunicação, passo a passo"), "carteiro mailbox test 3 --json", _test
    )
    test.add_argument("id", type=int, metavar="ID")


def _options(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--nickname", required=required, help=_("apelido da caixa"))
    parser.add_argument("--sender-name", help=_("nome do remetente"))
    parser.add_argument("--email", required=required, help=_("endereço da caixa"))
    parser.add_argument("--user", dest="username", help=_("usuário; em geral o próprio e-mail"))
    parser.add_argument(
        "--password-stdin", action="store_true", help=_("lê a senha da entrada padrão, uma linha")
    )
    for protocol in ("smtp", "pop"):
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


def _values(context: Context, function: str) -> dict[str, Any]:
    """What was told, by the names of the draft; errors come back under the option's name."""
    told = vars(context.args)
    protocol = _PROTOCOL[function]
    context.args.field_names.update(
        {what: f"{protocol}_{what}" for what in ("host", "port", "security")}
    )
    for what in ("host", "port", "security"):
        other = f"{'pop' if protocol == 'smtp' else 'smtp'}_{what}"
        if told[other] is not None:
            raise Invalid(
                _("--{option} não serve a uma caixa desta função").format(
                    option=other.replace("_", "-")
                ),
                field=other,
            )
    values: dict[str, Any] = {n: told[n] for n in _TEXTS if told[n] is not None}
    for what in ("host", "security"):
        if told[f"{protocol}_{what}"] is not None:
            values[what] = told[f"{protocol}_{what}"]
    port = whole_number(told[f"{protocol}_port"], f"{protocol}_port", _("Porta"))
    timeout = whole_number(told["timeout"], "timeout", _("Tempo limite (segundos)"))
    decided = {
        "port": port,
        "timeout": timeout,
        "authenticate": told["auth"],
        "verify_certificate": told["verify_certificate"],
    }
    values |= {name: value for name, value in decided.items() if value is not None}
    if told["password_stdin"]:
        values["password"] = password_line()
    return values


def _add(context: Context) -> None:
    from services.registry import mailboxes

    args = context.args
    values = {"sender_name": ""} | _values(context, args.function)
    company = context.company(args.company)
    draft = mailboxes.MailboxDraft(function=args.function, active=not args.inactive, **values)
    made = context.do(mailboxes.add, company.id, draft)
    _tell(context, made, _("Caixa {id} cadastrada: {email}"))


def _list(context: Context) -> None:
    from services.registry import mailboxes

    args = context.args
    found = context.ask(
        mailboxes.list_of, context.company(args.company).id, args.function, args.status
    )
    names = {"send": _("envio"), "read": _("leitura")}
    context.out.give(
        found,
        lambda: context.out.table(
            (
                "Id",
                _("Função"),
                _("Apelido"),
                _("E-mail"),
                _("Servidor"),
                _("Ativa"),
                _("Situação"),
            ),
            (
                (
                    m.id,
                    names[m.function],
                    m.nickname,
                    m.email,
                    f"{m.host}:{m.port} {m.security}",
                    m.active,
                    m.inactive_reason or m.health_reason or m.health,
                )
                for m in found
            ),
            _("Nenhuma caixa: cadastre com carteiro mailbox add"),
        ),
    )


def _edit(context: Context) -> None:
    from services.registry import mailboxes

    args = context.args
    before = context.ask(mailboxes.view, args.id)
    changes = _values(context, before.function)
    if args.active is not None:
        changes["active"] = args.active
    made = context.do(mailboxes.edit, args.id, changes)
    _tell(context, made, _("Caixa {id} alterada: {email}"))


def _remove(context: Context) -> None:
    from services.registry import mailboxes

    number = context.args.id
    server_too = context.do(mailboxes.remove, number)
    words = (
        _("Caixa {id} excluída, e o servidor de e-mail com ela")
        if server_too
        else _("Caixa {id} desvinculada; o servidor continua com outras empresas")
    )
    context.out.give(
        {"id": number, "removed": True, "server_removed": server_too},
        lambda: context.out.say(words.format(id=number)),
    )


def _test(context: Context) -> int:
    from services.health import testable
    from services.registry import mailboxes
    from tui_app.cli.testing import run_test

    view = context.ask(mailboxes.view, context.args.id)
    account = context.ask(testable.of_mailbox, view.id, context.settings)
    return run_test(context, account, view.function)


def _tell(context: Context, mailbox: MailboxView, words: str) -> None:
    context.out.give(
        mailbox, lambda: context.out.say(words.format(id=mailbox.id, email=mailbox.email))
    )
