"""``read`` and ``document``."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.errors import Refused
from services.language import _, ngettext
from services.safe_text import safe
from tui_app.cli import send_document
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, act

if TYPE_CHECKING:
    from services.reading.documents import DocumentView
    from services.reading.tick import ReadSummary

_PAGE = 500


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    if name == "read":
        act(group, "carteiro read --mailbox 3", _read)
        group.add_argument("--mailbox", type=int, metavar="ID", help=_("só esta caixa de leitura"))
        group.add_argument(
            "--dry-run",
            action="store_true",
            help=_("mostra, mensagem por mensagem, o que aconteceria; não apaga nem importa nada"),
        )
        return
    actions = Actions(group)
    several = actions.add(
        "list",
        _("os documentos importados, o mais novo primeiro"),
        "carteiro document list --company 11222333000181 --json",
        _list,
    )
    several.add_argument("--company", metavar="CNPJ")
    several.add_argument("--kind", metavar=_("TIPO"), help=_("por exemplo, nfe"))
    several.add_argument("--access-key", metavar=_("CHAVE"))
    show = actions.add("show", _("um documento"), "carteiro document show 12 --json", _show)
    show.add_argument("id", type=int, metavar="ID")
    export = actions.add(
        "export", _("grava os XML em uma pasta"), "carteiro document export ./xml", _export
    )
    export.add_argument("folder", metavar=_("PASTA"))
    export.add_argument("--company", metavar="CNPJ")
    send_document.add_to(actions)


def _read(context: Context) -> int:
    from services.reading.tick import Reader
    from services.registry import mailboxes

    wanted = context.args.mailbox
    if wanted is not None:
        views = [context.ask(mailboxes.view, wanted)]
        if views[0].function != "read":
            raise Refused(_("A caixa {id} é de envio").format(id=wanted), field="mailbox")
        if not views[0].active:
            raise Refused(_("A caixa {id} está inativa").format(id=wanted), field="mailbox")
    else:
        ids = context.ask(mailboxes.ids, function="read", status="active")
        views = list(context.ask(mailboxes.rows, ids).values())
    if context.args.dry_run:
        from tui_app.cli.rehearsing import rehearse

        return rehearse(context, views)
    servers = {view.server_id for view in views}

    async def read() -> ReadSummary:
        reader = Reader(context.office.store, context.settings)
        try:
            return await reader.run_due(server_ids=servers)
        finally:
            await asyncio.shield(reader.close())

    summary = context.run(read())
    context.out.give(
        {
            "mailboxes": summary.mailboxes,
            "messages": summary.messages,
            "documents": summary.documents,
            "quarantined": summary.quarantined,
            "failures": [{"email": email, "why": safe(why)} for email, why in summary.failures],
        },
        lambda: _tell(context, summary),
    )
    return 1 if summary.failures else 0


def _tell(context: Context, summary: ReadSummary) -> None:
    context.out.facts(
        (
            (_("Caixas lidas"), summary.mailboxes),
            (_("Mensagens novas"), summary.messages),
            (_("Documentos importados"), summary.documents),
            (_("Em quarentena"), summary.quarantined),
        )
    )
    for email, why in summary.failures:
        context.out.say(f"{email}: {why}")


def _list(context: Context) -> None:
    from services.reading import documents

    args = context.args
    wanted = context.ask(
        documents.ids,
        company_id=context.company(args.company).id if args.company else None,
        kind=args.kind,
        access_key=args.access_key,
    )
    found: list[DocumentView] = []
    for start in range(0, len(wanted), _PAGE):
        page = list(wanted[start : start + _PAGE])
        by_id = context.ask(documents.rows, page)
        found += [by_id[i] for i in page if i in by_id]
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
                    d.kind,
                    d.access_key,
                    d.issuer_name,
                    d.issued_at,
                    d.total,
                )
                for d in found
            ),
            _("Nenhum documento importado"),
        ),
    )


def _show(context: Context) -> None:
    from services.reading import documents

    found = context.ask(documents.view, context.args.id)
    context.out.give(
        _json(found),
        lambda: context.out.facts(
            (
                ("Id", found.id),
                (_("Empresa"), f"{found.company_nickname} ({found.company})"),
                (_("Tipo"), found.kind),
                (_("Chave de acesso"), found.access_key),
                (_("Emitente"), f"{found.issuer_name} ({found.issuer_cnpj})"),
                (_("Destinatário"), f"{found.recipient_name} ({found.recipient_cnpj})"),
                (_("Emitido"), found.issued_at),
                (_("Total"), found.total),
                (_("Conferências"), ", ".join(f"{k}: {v}" for k, v in found.checks.items() if v)),
                (_("Importado"), found.imported_at),
                (_("Mensagem"), found.uidl),
            )
        ),
    )


def _export(context: Context) -> None:
    from services.reading import documents

    args = context.args
    company_id = context.company(args.company).id if args.company else None
    files = context.ask(documents.export, Path(args.folder), company_id=company_id)
    words = ngettext("{n} documento gravado", "{n} documentos gravados", len(files))
    context.out.give(
        {"files": [str(file) for file in files]},
        lambda: context.out.say(words.format(n=len(files))),
    )


def _json(found: DocumentView) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in found.__dataclass_fields__}
    told["source"] = {"mailbox_id": found.mailbox_id, "uidl": found.uidl}
    return told
