"""``mailbox import-from-headquarters`` and ``-partner``, ``undo-import``, ``resync``."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from services.errors import Refused
from services.language import _, ngettext
from tui_app.cli import arguments
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions

if TYPE_CHECKING:
    from services.registry.imports import Preview
    from services.registry.mailbox_views import MailboxView
    from services.registry.undoing import Undone


def build(actions: Actions) -> None:
    """The actions and their options."""
    for kind, line, example in (
        (
            "headquarters",
            _("troca as caixas de envio da filial por uma cópia da caixa da matriz"),
            "carteiro mailbox import-from-headquarters --company 11222333000262 --yes",
        ),
        (
            "partner",
            _("troca as caixas de envio da empresa por uma cópia de uma caixa do parceiro"),
            "carteiro mailbox import-from-partner --company 11222333000181 --server 3 --yes",
        ),
    ):
        action = actions.add(f"import-from-{kind}", line, example, _import)
        arguments.add_company(action, required=True)
        action.add_argument(
            "--server",
            type=arguments.row_id,
            metavar="ID",
            required=kind == "partner",
            help=_("o servidor de e-mail a copiar: veja {command}").format(
                command="carteiro server list"
            ),
        )
        action.add_argument(
            "--sender-name", metavar=_("NOME"), help=_("nome do remetente; sem ele, o da origem")
        )
        action.add_argument("--yes", action="store_true", help=_("importa sem perguntar"))
        action.set_defaults(kind=kind)
    undo = actions.add(
        "undo-import",
        _("traz de volta o que a última importação tirou, até 30 dias depois"),
        "carteiro mailbox undo-import --company 11222333000262",
        _undo,
    )
    arguments.add_company(undo, required=True)
    resync = actions.add(
        "resync",
        _("iguala uma cópia à origem, nos valores e na senha"),
        "carteiro mailbox resync 7",
        _resync,
    )
    arguments.add_id(resync, "carteiro mailbox list")


def _import(context: Context) -> int | None:
    from services.registry import imports

    args = context.args
    company = context.company(args.company)
    seen = context.ask(imports.preview, company.id, args.kind, args.server)
    if not args.yes and not _agreed(context, seen):
        context.out.say(_("Nada foi alterado."))
        return 1
    service = imports.from_headquarters if args.kind == "headquarters" else imports.from_partner
    made = context.do(service, company.id, seen.comes.id, args.sender_name, seen=seen.seen)
    gone = [view.email for view in seen.removed]
    context.out.give(
        {**_plain(made), "removed": gone, "undo_until": seen.undo_until},
        lambda: context.out.say(
            _(
                "Caixa {id} importada: {email}. Até {until} a importação pode ser desfeita com "
                "carteiro mailbox undo-import --company {cnpj}"
            ).format(id=made.id, email=made.email, until=moment(seen.undo_until), cnpj=company.cnpj)
        ),
    )
    return None


def _agreed(context: Context, seen: Preview) -> bool:
    """Show what would happen and ask; refused where nobody is there to answer."""
    say = context.out.say
    if seen.removed:
        say(_("Sai:"))
    for view in seen.removed:
        say(f"  {view.nickname} <{view.email}>")
    comes = seen.comes
    say(_("Entra, como cópia:"))
    say(f"  {comes.nickname} <{comes.email}>  {comes.host}:{comes.port} {comes.security}")
    name = context.args.sender_name
    say(_("  Nome do remetente: {name}").format(name=comes.sender_name if name is None else name))
    say(_("Pode ser desfeito até {until}.").format(until=moment(seen.undo_until)))
    if context.out.as_json or not sys.stdin.isatty():
        count = len(seen.removed)
        raise Refused(
            ngettext(
                "A importação retira {n} caixa de envio: confira e repita com --yes",
                "A importação retira {n} caixas de envio: confira e repita com --yes",
                count,
            ).format(n=count),
            field="yes",
        )
    sys.stdout.write(_("Importar? [s/N] "))
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("s", "sim", "y", "yes")


def _undo(context: Context) -> None:
    from services.registry import undoing

    company = context.company(context.args.company)
    done = context.do(undoing.undo, company.id)

    def tell() -> None:
        for view in done.back:
            context.out.say(_("Caixa {id} de volta: {email}").format(id=view.id, email=view.email))
        if not done.back:
            context.out.say(_("Não havia caixa a trazer de volta"))
        context.out.say(_of_copy(done))

    context.out.give(done, tell)


def _of_copy(done: Undone) -> str:
    """What became of the copy."""
    from services.registry.undoing import Fate

    return {
        Fate.GOES: _("A cópia saiu e foi excluída"),
        Fate.CHANGED: _("A cópia tinha sido alterada à mão e continua em Servidores de E-mail"),
        Fate.SHARED: _("A cópia saiu desta empresa e continua com outras"),
        Fate.UNLINKED: _("A cópia já não era desta empresa e continua como está"),
        Fate.GONE: _("A cópia já tinha sido excluída"),
    }[done.copy]


def _resync(context: Context) -> None:
    from services.registry import copying

    number = context.args.id
    changes = context.ask(copying.differences, number)
    made = context.do(copying.resync, number)
    names = [change.field for change in changes]
    words = (
        _("Caixa {id} sincronizada com {origin}: {fields}")
        if names
        else _("Caixa {id} já está igual a {origin}")
    )
    context.out.give(
        {**_plain(made), "changed": names},
        lambda: context.out.say(
            words.format(
                id=made.id,
                origin=made.origin.label if made.origin is not None else "",
                fields=", ".join(names),
            )
        ),
    )


def _plain(view: MailboxView) -> dict[str, Any]:
    return {field.name: getattr(view, field.name) for field in fields(view)}
