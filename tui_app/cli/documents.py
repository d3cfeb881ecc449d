"""``document``."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screens.check_lines import check_lines
from screens.dates import amount, price, quantity
from services.fiscal.cnpj import masked
from services.fiscal.labels import kind_words
from services.language import _, ngettext
from tui_app.cli import arguments, check_document, send_document
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions
from tui_app.cli.progress import progress

if TYPE_CHECKING:
    from services.fiscal.contents import Contents
    from services.reading.documents import DocumentView
    from services.reading.finding import Filters


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    actions = Actions(group)
    several = actions.add(
        "list",
        _("os documentos importados, o mais novo primeiro"),
        "carteiro document list --company 11222333000181 --period 11/2026 --json",
        _list,
    )
    _add_filters(several)
    several.add_argument("--most", type=arguments.count, metavar="N", help=_("só os N mais novos"))
    total = actions.add(
        "total",
        _("quantos documentos, e a soma dos totais"),
        "carteiro document total --kind nfe --period 2026",
        _total,
    )
    _add_filters(total)
    show = actions.add("show", _("um documento"), "carteiro document show 12 --json", _show)
    arguments.add_id(show, "carteiro document list")
    show.add_argument("--xml", action="store_true", help=_("só o XML, como chegou"))
    export = actions.add(
        "export",
        _("grava os XML em uma pasta, ou em um arquivo que termina em .zip"),
        "carteiro document export notas.zip --company 11222333000181 --period 11/2026",
        _export,
    )
    export.add_argument(
        "folder",
        metavar=_("PASTA|ARQUIVO.zip"),
        help=_("a pasta é criada quando não existe; o arquivo não pode existir"),
    )
    _add_filters(export)
    check_document.add_to(actions)
    send_document.add_to(actions)


def _add_filters(parser: ArgumentParser) -> None:
    arguments.add_company(parser, _("só os desta empresa"))
    parser.add_argument("--kind", metavar=_("TIPO"), help=_("só os deste tipo, por exemplo nfe"))
    parser.add_argument(
        "--access-key", metavar=_("CHAVE"), help=_("só o desta chave de acesso, de 44 dígitos")
    )
    parser.add_argument(
        "--period",
        metavar=_("PERÍODO"),
        help=_("quando foi emitido: 11/2026, 01/11/2026..15/11/2026 ou 7d, os últimos sete dias"),
    )
    parser.add_argument(
        "--filter", metavar=_("TEXTO"), help=_("chave, CNPJ, número ou nome, palavra por palavra")
    )


def _filters(context: Context) -> Filters:
    from services.reading.finding import Filters
    from services.reading.period import period

    args = context.args
    return Filters(
        company_id=context.company_id(args.company),
        kind=args.kind or "",
        access_key=args.access_key or "",
        period=period(args.period or ""),
        text=args.filter or "",
    )


def _list(context: Context) -> None:
    from services.reading import documents

    wanted = context.ask(documents.ids, filters=_filters(context), most=context.args.most)
    found = context.rows(documents.rows, wanted)
    context.out.give(
        [_json(document) for document in found],
        lambda: context.out.table(
            (
                "Id",
                _("Empresa"),
                _("Tipo"),
                _("Chave de acesso"),
                _("Emitente"),
                _("Emitido"),
                _("Total"),
            ),
            (
                (
                    d.id,
                    d.company_nickname,
                    _kind(d),
                    d.access_key,
                    d.issuer_name,
                    d.issued_at,
                    amount(d.total),
                )
                for d in found
            ),
            _("Nenhum documento importado"),
        ),
    )


def _kind(document: DocumentView) -> str:
    words = kind_words(document.kind, document.event_id)
    return f"{words}, {_('cancelado')}" if document.cancelled else words


def _total(context: Context) -> None:
    from services.reading import documents

    found = context.ask(documents.totals, filters=_filters(context))
    context.out.give(
        {
            "count": found.count,
            "total": found.amount,
            "cancelled": found.cancelled,
            "cancelled_total": found.cancelled_amount,
        },
        lambda: context.out.facts(
            (
                (_("Documentos"), found.count),
                (_("Soma"), amount(found.amount)),
                (_("Dos quais cancelados"), found.cancelled),
                (_("Soma dos cancelados"), amount(found.cancelled_amount)),
            )
        ),
    )


def _show(context: Context) -> None:
    from services.fiscal.contents import contents, pretty
    from services.reading import documents

    found = context.ask(documents.view, context.args.id)
    xml = context.ask(documents.xml, context.args.id)
    if context.args.xml:
        context.out.give(
            {"id": found.id, "xml": pretty(xml)}, lambda: context.out.block(pretty(xml))
        )
        return
    inside = contents(xml)
    context.out.give(
        {**_json(found), "parties": inside.parties, "items": inside.items},
        lambda: _tell(context, found, inside),
    )


def _tell(context: Context, found: DocumentView, inside: Contents) -> None:
    context.out.facts(
        (
            ("Id", found.id),
            (_("Empresa"), f"{found.company_nickname} ({masked(found.company)})"),
            (_("Tipo"), kind_words(found.kind, found.event_id)),
            (_("Chave de acesso"), found.access_key),
            *((party.words, party.line) for party in inside.parties),
            (_("Emitido"), found.issued_at),
            (_("Total"), amount(found.total)),
            (_("Importado"), moment(found.imported_at)),
            (_("Mensagem"), found.uidl),
            *check_lines(found),
        )
    )
    if inside.items:
        context.out.table(
            ("#", _("Item"), _("Quantidade"), _("Valor")),
            (
                (item.number, item.name, quantity(item.quantity), price(item.value))
                for item in inside.items
            ),
            "",
        )
    if inside.more_items:
        context.out.say(
            ngettext("e mais {n} item", "e mais {n} itens", inside.more_items).format(
                n=inside.more_items
            )
        )


def _export(context: Context) -> None:
    from services.reading import documents, exporting

    path = Path(context.args.folder)
    ids = context.ask(documents.ids, filters=_filters(context), descending=False)
    where = exporting.goal(path)
    with progress(_("Exportando")) as show:
        names = exporting.save(
            lambda some: context.ask(exporting.put, where, some), where, ids, show
        )
    words = ngettext("{n} documento gravado", "{n} documentos gravados", len(names))
    whole = isinstance(where, exporting.Archive)
    context.out.give(
        {
            "files": [str(path)] if whole else [str(path / name) for name in names],
            "count": len(names),
        },
        lambda: context.out.say(words.format(n=len(names))),
    )


def _json(found: DocumentView) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in found.__dataclass_fields__}
    told["source"] = {"mailbox_id": found.mailbox_id, "uidl": found.uidl}
    return told
