"""``server``: the partner's e-mail servers (R15-R22)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from services.language import _
from tui_app.cli import account_options, arguments, links, rotation
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions

if TYPE_CHECKING:
    from services.registry.server_views import ServerView


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    add = actions.add(
        "add",
        _("cadastra um servidor de e-mail do parceiro"),
        "carteiro server add --kind both --nickname Notas --sender-name Contábil \\\n"
        "    --email notas@contabil.example --partner-key CHAVE --password-stdin \\\n"
        "    --smtp-host smtp.contabil.example --pop-host pop.contabil.example < senha.txt",
        _add,
        user=False,
    )
    _kind(add, required=True)
    add.add_argument(
        "--partner-key", required=True, metavar=_("CHAVE"), help=_("a chave do parceiro")
    )
    add.add_argument("--inactive", action="store_true", help=_("cadastra sem usar ainda"))
    account_options.add_options(add, required=True)
    edit = actions.add(
        "edit",
        _("altera um servidor; o que não for dito fica como está"),
        "carteiro server edit 3 --smtp-port 587 --smtp-security starttls",
        _edit,
        user=False,
    )
    arguments.add_id(edit, "carteiro server list")
    _kind(edit, required=False)
    edit.add_argument("--partner-key", metavar=_("CHAVE"), help=_("a chave do parceiro"))
    arguments.add_state(edit)
    account_options.add_options(edit, required=False)
    remove = actions.add(
        "remove",
        _("exclui um servidor que nenhuma empresa usa"),
        "carteiro server remove 3",
        _remove,
    )
    arguments.add_id(remove, "carteiro server list")
    links.build(actions)
    several = actions.add(
        "list",
        _("os servidores de e-mail do parceiro"),
        "carteiro server list --company padaria --status active --json",
        _list,
    )
    several.add_argument(
        "--cnpj", default="", metavar="CNPJ", help=_("CNPJ de uma empresa vinculada, ou parte dele")
    )
    several.add_argument(
        "--company", default="", metavar=_("TEXTO"), help=_("apelido de uma empresa vinculada")
    )
    several.add_argument("--email", default="", metavar=_("TEXTO"), help=_("parte do endereço"))
    several.add_argument(
        "--user-nickname",
        default="",
        metavar=_("TEXTO"),
        help=_("apelido de quem cadastrou, ou de um usuário de uma empresa vinculada"),
    )
    several.add_argument(
        "--status", choices=("active", "inactive"), help=_("só os ativos ou só os inativos")
    )
    test = actions.add(
        "test", _("testa a comunicação, passo a passo"), "carteiro server test 3 --json", _test
    )
    arguments.add_id(test, "carteiro server list")
    for name, line, run in (
        ("pause", _("pausa o envio já, até que alguém o retome"), _pause),
        ("resume", _("retoma o envio, também de uma pausa por cota"), _resume),
    ):
        turned = actions.add(name, line, f"carteiro server {name} 3", run)
        arguments.add_id(turned, "carteiro server list")
    rotation.build(actions)


def _kind(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--kind",
        required=required,
        choices=("send", "read", "both"),
        help=_("send: envio; read: leitura; both: ambos"),
    )


def _add(context: Context) -> None:
    from services.registry import servers

    args = context.args
    values = {"sender_name": ""} | account_options.told(context)
    draft = servers.ServerDraft(
        kind=args.kind, partner_key=args.partner_key, active=not args.inactive, **values
    )
    _tell(context, context.do(servers.add, draft), _("Servidor {id} cadastrado: {email}"))


def _edit(context: Context) -> None:
    from services.registry import servers

    args = context.args
    changes = account_options.told(context)
    decided = {"kind": args.kind, "partner_key": args.partner_key, "active": args.active}
    changes |= {name: value for name, value in decided.items() if value is not None}
    made = context.do(servers.edit, args.id, changes)
    _tell(context, made, _("Servidor {id} alterado: {email}"))


def _remove(context: Context) -> None:
    from services.registry import servers

    number = context.args.id
    context.do(servers.remove, number)
    context.out.give(
        {"id": number, "removed": True},
        lambda: context.out.say(_("Servidor {id} excluído").format(id=number)),
    )


def _list(context: Context) -> None:
    from services.registry import servers

    args = context.args
    filters = servers.Filters(args.cnpj, args.company, args.email, args.user_nickname)
    found = context.ask(servers.list_servers, filters=filters, status=args.status)
    kinds = {"send": _("envio"), "read": _("leitura"), "both": _("ambos")}
    context.out.give(
        found,
        lambda: context.out.table(
            ("Id", _("Tipo"), _("Apelido"), _("E-mail"), _("Ativo"), _("Situação"), _("Empresas")),
            (
                (
                    s.id,
                    kinds[s.kind],
                    s.nickname,
                    s.email,
                    s.active,
                    account_options.state_words(s),
                    s.companies_count,
                )
                for s in found
            ),
            _("Nenhum servidor de e-mail: cadastre com carteiro server add")
            if filters == servers.Filters() and args.status is None
            else _("Nenhum servidor de e-mail com estes filtros"),
        ),
    )


def _pause(context: Context) -> None:
    from services.registry import pausing

    made = context.do(pausing.pause_server, context.args.id)
    _tell(context, made, _("Servidor {id} em pausa: nada sai por {email} até que alguém o retome"))


def _resume(context: Context) -> None:
    from services.registry import pausing

    made = context.do(pausing.resume_server, context.args.id)
    _tell(context, made, _("Servidor {id} retomado: {email}"))


def _test(context: Context) -> int:
    from services.health import testable
    from services.registry import servers
    from tui_app.cli.testing import run_test

    server = context.ask(servers.view, context.args.id)
    account = context.ask(testable.of_server, server.id, context.settings)
    status = run_test(context, account, server.kind)
    if status == 0:
        context.do(testable.server_passed, server.id)
    return status


def _tell(context: Context, server: ServerView, words: str) -> None:
    context.out.give(
        server, lambda: context.out.say(words.format(id=server.id, email=server.email))
    )
