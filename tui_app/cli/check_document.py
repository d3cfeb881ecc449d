"""``document check``: the checks of documents made again."""

from __future__ import annotations

from services.language import _, ngettext
from tui_app.cli import arguments
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, UsageError


def add_to(actions: Actions) -> None:
    """The action and its options."""
    group = actions.add(
        "check",
        _("confere de novo: chave, esquema, assinatura, certificado, cadeia, protocolo"),
        "carteiro document check --all\n  carteiro document check 12 13 --json",
        _check,
    )
    arguments.add_id(group, "carteiro document list", nargs="*")
    group.add_argument(
        "--all", action="store_true", help=_("todos os documentos que você vê; pode demorar")
    )


def _check(context: Context) -> None:
    from services.jobs.checking import check_documents
    from services.reading import documents, rechecking

    wanted: list[int] = context.args.ids
    if bool(wanted) == context.args.all:
        raise UsageError(_("Informe os documentos ou --all"))
    ids = list(context.ask(documents.ids)) if context.args.all else wanted
    asked = 0
    for start in range(0, len(ids), rechecking.AT_ONCE):
        asked += context.do(rechecking.check_again, ids[start : start + rechecking.AT_ONCE])
    checked = context.run(
        check_documents(context.office.store, context.settings.trusted_issuers_file)
    )
    context.out.give(
        {"asked": asked, "checked": checked},
        lambda: context.out.say(
            ngettext("{n} documento conferido", "{n} documentos conferidos", checked).format(
                n=checked
            )
            if checked or not asked
            else _("Outro processo está conferindo: o resultado muda quando ele chegar a eles")
        ),
    )
