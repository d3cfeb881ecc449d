"""``company switch``, ``import`` and ``export``: many companies at once."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.fiscal.cnpj import is_valid, masked
from services.language import _, ngettext
from tui_app.cli import given_file
from tui_app.cli.context import Context
from tui_app.cli.output import yes_no
from tui_app.cli.parser import Actions, UsageError
from tui_app.cli.progress import progress
from tui_app.cli.stopping import Interrupted, between_pieces, interrupted

if TYPE_CHECKING:
    from services.registry.bulk import BulkOutcome
    from services.registry.company_csv import Applied, Line, Plan

_SWITCHES = ("document_import", "invoicy_mail", "may_register", "silence_notice")
_AT_ONCE = 500


def build(actions: Actions) -> None:
    """The actions on many companies of the group ``company``."""
    switch = actions.add(
        "switch",
        _("liga ou desliga extensões de muitas empresas"),
        "carteiro company switch --document-import on --filter padaria",
        _switch,
    )
    switches(switch)
    which = switch.add_argument_group(_("quais empresas"))
    which.add_argument("companies", metavar="CNPJ", nargs="*", help=_("com ou sem máscara"))
    which.add_argument("--all", action="store_true", help=_("todas"))
    which.add_argument("--filter", metavar=_("TEXTO"), help=_("CNPJ ou parte do nome"))
    bring = actions.add(
        "import",
        _("cadastra e altera empresas a partir de um arquivo CSV"),
        "carteiro company import empresas.csv --dry-run\n"
        "  carteiro company export modelo.csv       "
        + _("um arquivo com todas as colunas, para começar"),
        _import,
    )
    bring.add_argument(
        "file",
        metavar=_("ARQUIVO.csv"),
        help=_("colunas separadas por ; , ou TAB; - lê a entrada padrão"),
    )
    bring.add_argument(
        "--dry-run", action="store_true", help=_("mostra o que faria, sem alterar nada")
    )
    bring.add_argument(
        "--skip-errors",
        action="store_true",
        help=_("importa as linhas certas mesmo que outras tenham erro"),
    )
    take = actions.add(
        "export",
        _("grava as empresas em um arquivo CSV"),
        "carteiro company export empresas.csv",
        _export,
    )
    take.add_argument("file", metavar=_("ARQUIVO.csv"), help=_("o arquivo a gravar"))
    take.add_argument("--filter", default="", metavar=_("TEXTO"), help=_("CNPJ ou parte do nome"))
    take.add_argument("--force", action="store_true", help=_("sobrescreve o arquivo, se existe"))


def switches(parser: ArgumentParser) -> None:
    """The options of what a company may have on or off."""
    for name, words in zip(
        _SWITCHES,
        (
            _("extensão Importação de Documentos"),
            _("extensão InvoiCy Mail"),
            _("usuários da empresa podem cadastrar caixas"),
            _("aviso de 30 dias sem documentos e de silêncio fora do comum"),
        ),
        strict=True,
    ):
        parser.add_argument(f"--{name.replace('_', '-')}", choices=("on", "off"), help=words)


def switched(context: Context) -> dict[str, Any]:
    """What those options told."""
    told = vars(context.args)
    return {name: told[name] == "on" for name in _SWITCHES if told[name] is not None}


def on_off(word: str | None) -> bool | None:
    """The value of an option that may be absent."""
    return None if word is None else word == "on"


def _switch(context: Context) -> int:
    from services.registry import bulk

    changes = switched(context)
    if not changes:
        raise UsageError(
            _("Informe o que ligar ou desligar (veja {command} --help)").format(
                command="carteiro company switch"
            )
        )
    wanted = _chosen(context)
    done = bulk.BulkOutcome()
    with between_pieces() as stop, progress(_("Alterando empresas")) as show:
        for some in bulk.pieces(wanted, _AT_ONCE):
            stop()
            done += context.do(bulk.switch, some, changes)
            show(done.changed + done.same + len(done.refused), len(wanted))
    context.out.give(done, lambda: _tell_switched(context, done))
    return 1 if done.refused else 0


def _chosen(context: Context) -> Sequence[int]:
    from services.registry import companies

    args = context.args
    ways = bool(args.companies) + args.all + (args.filter is not None)
    if ways != 1 or args.filter == "":
        raise UsageError(_("diga quais empresas: --all, --filter TEXTO ou os CNPJs"))
    if args.companies:
        return [context.company(cnpj).id for cnpj in args.companies]
    return context.ask(companies.ids, filter=args.filter or "", sort="cnpj")


def _tell_switched(context: Context, done: BulkOutcome) -> None:
    context.out.say(
        ngettext("{n} empresa alterada", "{n} empresas alteradas", done.changed).format(
            n=done.changed
        )
        + "; "
        + ngettext("{n} já estava assim", "{n} já estavam assim", done.same).format(n=done.same)
    )
    for refusal in done.refused:
        context.out.say(f"{refusal.nickname or refusal.company_id}: {refusal.why}")


def _import(context: Context) -> int:
    from services.registry import company_csv

    args = context.args
    data = _read(args.file)
    with progress(_("Conferindo linhas")) as show:
        planned = context.ask(company_csv.plan, data, progress=show)
    done = company_csv.Applied()
    wrong = planned.counts["error"]
    held_back = args.dry_run or (wrong and not args.skip_errors)
    if not held_back:
        done = _apply(context, planned)
    lines = _with_outcome(planned, done)
    failed = wrong + len(done.errors)
    counted = {
        "added": planned.counts["add"] if args.dry_run else done.added,
        "changed": planned.counts["edit"] if args.dry_run else done.changed,
        "same": planned.counts["same"],
        "errors": failed,
    }
    context.out.give(
        {"lines": [_plain(line) for line in lines], **counted, "dry_run": args.dry_run},
        lambda: _tell_imported(context, lines, counted),
    )
    return 1 if failed else 0


def _apply(context: Context, planned: Plan) -> Applied:
    from services.registry import company_csv

    done = company_csv.Applied()
    total = planned.counts["add"] + planned.counts["edit"]
    try:
        with between_pieces() as stop, progress(_("Importando empresas")) as show:
            for chunk in company_csv.chunks(planned, skip_errors=True):
                stop()
                show(done.added + done.changed + len(done.errors), total)
                done += context.do(company_csv.apply, chunk)
    except (KeyboardInterrupt, Exception) as e:
        if interrupted(e):
            words = _(
                "{n} de {total} linhas já foram importadas; importe o arquivo de novo para o resto"
            )
            raise Interrupted(words.format(n=done.added + done.changed, total=total)) from e
        raise
    return done


def _with_outcome(planned: Plan, done: Applied) -> list[Line]:
    failed = {line.number: line for line in done.errors}
    return [failed.get(line.number, line) for line in planned.lines]


def _plain(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "action": line.action,
        "cnpj": line.cnpj,
        "nickname": line.nickname,
        "changes": {
            name: {"before": before, "after": after}
            for name, (before, after) in line.changes.items()
        },
        "errors": [{"field": field, "message": message} for field, message in line.errors],
    }


def _tell_imported(context: Context, lines: list[Line], counted: dict[str, int]) -> None:
    args = context.args
    for line in lines:
        if line.action == "error" or (args.dry_run and line.action != "same"):
            for words in _words(line):
                context.out.say(
                    _("Linha {number}: {words}").format(number=line.number, words=words)
                )
    added, changed = counted["added"], counted["changed"]
    same, errors = counted["same"], counted["errors"]
    context.out.say(
        ", ".join(
            (
                ngettext("{n} nova", "{n} novas", added).format(n=added),
                ngettext("{n} alterada", "{n} alteradas", changed).format(n=changed),
                ngettext("{n} já estava assim", "{n} já estavam assim", same).format(n=same),
                ngettext("{n} com erro", "{n} com erro", errors).format(n=errors),
            )
        )
    )
    if args.dry_run:
        context.out.say(_("Nada foi alterado: foi só uma conferência"))
    elif errors and not args.skip_errors and not added and not changed:
        context.out.say(
            _("Nada foi importado: corrija o arquivo, ou use --skip-errors para importar as demais")
        )


def _words(line: Line) -> list[str]:
    who = f"{masked(line.cnpj) if is_valid(line.cnpj) else line.cnpj} {line.nickname}".strip()
    if line.action == "error":
        return [f"{who}: {message}" if who else message for _field, message in line.errors]
    if line.action == "add":
        return [_("{who}: nova").format(who=who)]
    return [
        f"{who}: {name}: {_shown(before)} → {_shown(after)}"
        for name, (before, after) in line.changes.items()
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return yes_no(value)
    return str(value) if value else "—"


def _read(name: str) -> bytes:
    from services.store.exchange import MOST_BYTES

    return given_file.read(name, "file", MOST_BYTES + 1, dash=True)


def _export(context: Context) -> None:
    from services.registry import companies, company_export

    args = context.args
    wanted = context.ask(companies.ids, filter=args.filter, sort="cnpj")
    with progress(_("Gravando empresas")) as show:
        count = context.ask(
            company_export.save, Path(args.file), force=args.force, ids=wanted, progress=show
        )
    context.out.give(
        {"file": args.file, "companies": count},
        lambda: context.out.say(
            ngettext(
                "{n} empresa gravada em {path}", "{n} empresas gravadas em {path}", count
            ).format(n=count, path=args.file)
        ),
    )
