"""``read``."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from services.errors import Refused
from services.language import _
from services.safe_text import safe
from tui_app.cli import arguments, held
from tui_app.cli.context import Context
from tui_app.cli.parser import act

if TYPE_CHECKING:
    from services.reading.due import Held
    from services.reading.tick import ReadSummary


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    act(group, "carteiro read --mailbox 3", _read)
    group.add_argument(
        "--mailbox", type=arguments.row_id, metavar="ID", help=_("só esta caixa de leitura")
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help=_("mostra, mensagem por mensagem, o que aconteceria; não exclui nem importa nada"),
    )


def _read(context: Context) -> int:
    from services.reading import due
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
        views = context.rows(mailboxes.rows, ids)
    if context.args.dry_run:
        from tui_app.cli.rehearsing import rehearse

        return rehearse(context, views)
    servers = {view.server_id for view in views}

    async def read() -> tuple[ReadSummary, list[Held]]:
        reader = Reader(context.office.store, context.settings)
        try:
            done = await reader.run_due(server_ids=servers)
            return done, await context.office.ask(due.held, server_ids=servers)
        finally:
            await asyncio.shield(reader.close())

    summary, left = context.run(read())
    context.out.give(
        {
            "mailboxes": summary.mailboxes,
            "messages": summary.messages,
            "documents": summary.documents,
            "quarantined": summary.quarantined,
            "held": left,
            "failures": [{"email": email, "why": safe(why)} for email, why in summary.failures],
        },
        lambda: _tell(context, summary),
    )
    held.say(context, left)
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
