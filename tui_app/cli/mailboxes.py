"""``mailbox``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from services.errors import Invalid
from services.language import _
from tui_app.cli import account_options, arguments, mailbox_imports
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions

if TYPE_CHECKING:
    from services.registry.mailboxes import MailboxView

_PROTOCOL = {"send": "smtp", "read": "pop"}


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
    arguments.add_company(add, required=True)
    add.add_argument(
        "--function", required=True, choices=("send", "read"), help=_("send: envio; read: leitura")
    )
    add.add_argument("--inactive", action="store_true", help=_("cadastra sem usar ainda"))
    account_options.add_options(add, required=True)
    several = actions.add(
        "list",
        _("lista as caixas de uma empresa"),
        "carteiro mailbox list --company 11222333000181 --function send --json",
        _list,
    )
    arguments.add_company(several, required=True)
    several.add_argument(
        "--function", choices=("send", "read"), help=_("send: envio; read: leitura")
    )
    several.add_argument(
        "--status", choices=("active", "inactive"), help=_("só as ativas ou só as inativas")
    )
    edit = actions.add(
        "edit",
        _("altera uma caixa; o que não for dito fica como está"),
        "carteiro mailbox edit 3 --inactive",
        _edit,
        user=False,
    )
    arguments.add_id(edit, "carteiro mailbox list")
    arguments.add_state(edit)
    account_options.add_options(edit, required=False)
    remove = actions.add(
        "remove",
        _("desvincula a caixa; sem outra empresa, o servidor também é excluído"),
        "carteiro mailbox remove 3",
        _remove,
    )
    arguments.add_id(remove, "carteiro mailbox list")
    test = actions.add(
        "test", _("testa a comunicação, passo a passo"), "carteiro mailbox test 3 --json", _test
    )
    arguments.add_id(test, "carteiro mailbox list")
    for name, line, run in (
        ("pause", _("pausa o envio já, até que alguém o retome"), _pause),
        ("resume", _("retoma o envio, também de uma pausa por cota"), _resume),
    ):
        turned = actions.add(name, line, f"carteiro mailbox {name} 3", run)
        arguments.add_id(turned, "carteiro mailbox list")
    move = actions.add(
        "move",
        _("muda a ordem em que as caixas de envio são tentadas"),
        "carteiro mailbox move 3 0",
        _move,
    )
    arguments.add_id(move, "carteiro mailbox list")
    move.add_argument(
        "position",
        type=int,
        metavar=_("POSIÇÃO"),
        help=_("0 é a primeira a ser tentada (position no --json)"),
    )
    mailbox_imports.build(actions)


def _values(context: Context, function: str) -> dict[str, Any]:
    """What was told, by the names of the draft; errors come back under the option's name."""
    values = account_options.told(context)
    own = _PROTOCOL[function]
    for protocol in account_options.PROTOCOLS:
        for what in ("host", "port", "security"):
            option = f"{protocol}_{what}"
            if protocol == own:
                context.args.field_names[what] = option
                if option in values:
                    values[what] = values.pop(option)
            elif option in values:
                raise Invalid(
                    _("--{option} não serve a uma caixa desta função").format(
                        option=option.replace("_", "-")
                    ),
                    field=option,
                )
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
                _("Cópia de"),
            ),
            (
                (
                    m.id,
                    names[m.function],
                    m.nickname,
                    m.email,
                    f"{m.host}:{m.port} {m.security}",
                    m.active,
                    account_options.state_words(m),
                    _origin(m),
                )
                for m in found
            ),
            _("Nenhuma caixa: cadastre com carteiro mailbox add"),
        ),
    )


def _origin(mailbox: MailboxView) -> str:
    """Of what it is a copy, and that the two no longer say the same."""
    if mailbox.origin is None:
        return ""
    label = mailbox.origin.label
    return f"{_('≠ origem')} · {label}" if mailbox.origin.drifted else label


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


def _move(context: Context) -> None:
    from services.registry import mailboxes

    args = context.args
    context.do(mailboxes.move, args.id, args.position)
    moved = context.ask(mailboxes.view, args.id)
    context.out.give(
        moved,
        lambda: context.out.say(
            _("Caixa {id}: agora é a {place}ª da lista").format(
                id=moved.id, place=moved.position + 1
            )
        ),
    )


def _pause(context: Context) -> None:
    from services.registry import pausing

    made = context.do(pausing.pause, context.args.id)
    _tell(context, made, _("Caixa {id} em pausa: nada sai por {email} até que alguém a retome"))


def _resume(context: Context) -> None:
    from services.registry import pausing

    made = context.do(pausing.resume, context.args.id)
    _tell(context, made, _("Caixa {id} retomada: {email}"))


def _test(context: Context) -> int:
    from services.health import testable
    from services.registry import mailboxes
    from tui_app.cli.testing import run_test

    view = context.ask(mailboxes.view, context.args.id)
    account = context.ask(testable.of_mailbox, view.id, context.settings)
    status = run_test(context, account, view.function)
    if status == 0:
        context.do(testable.mailbox_passed, view.id)
    return status


def _tell(context: Context, mailbox: MailboxView, words: str) -> None:
    context.out.give(
        mailbox, lambda: context.out.say(words.format(id=mailbox.id, email=mailbox.email))
    )
