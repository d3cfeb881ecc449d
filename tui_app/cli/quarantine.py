"""``quarantine`` and ``receipt``."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions, act

if TYPE_CHECKING:
    from services.reading.extract import Extracted
    from services.reading.problems import Problem
    from services.reading.quarantine import QuarantineView

_PAGE = 500


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    if name == "receipt":
        act(group, "carteiro receipt 35261111222333000181550010000000011000000017 --json", _receipt)
        group.add_argument("word", metavar=_("CHAVE|UIDL|ID"))
        return
    actions = Actions(group)
    actions.add("list", _("o que espera decisão"), "carteiro quarantine list --json", _list)
    for action, line, run in (
        ("show", _("um item, com o motivo"), _show),
        ("retry", _("tenta importar de novo"), _retry),
        ("reject", _("rejeita: não será importado"), _reject),
    ):
        parser = actions.add(action, line, f"carteiro quarantine {action} 4", run)
        parser.add_argument("id", type=int, metavar="ID")


def _list(context: Context) -> None:
    from services.reading import quarantine

    wanted = context.ask(quarantine.ids)
    found: list[QuarantineView] = []
    for start in range(0, len(wanted), _PAGE):
        page = list(wanted[start : start + _PAGE])
        by_id = context.ask(quarantine.rows, page)
        found += [by_id[i] for i in page if i in by_id]
    context.out.give(
        found,
        lambda: context.out.table(
            ("Id", _("Quando"), _("Caixa"), _("Motivo"), _("Parte"), _("Assunto")),
            ((q.id, q.created_at, q.email, q.reason, q.part, q.subject) for q in found),
            _("Nada em quarentena"),
        ),
    )


def _show(context: Context) -> None:
    from services.reading import quarantine

    _give(context, context.ask(quarantine.view, context.args.id))


def _reject(context: Context) -> None:
    from services.reading import quarantine

    _give(context, context.do(quarantine.reject, context.args.id))


def _retry(context: Context) -> None:
    from services.reading import quarantine
    from services.reading.extractor import Extractor

    number = context.args.id
    raw = context.ask(quarantine.message, number)

    async def extract() -> Extracted | Problem:
        extractor = Extractor()
        try:
            return (await extractor.extract_many([raw]))[0]
        finally:
            await extractor.close()

    extracted = asyncio.run(extract())
    done = context.do(quarantine.retry, number, extracted)
    documents = sum(done.documents.values())
    context.out.give(
        {"id": number, "documents": documents, "quarantined": done.quarantined},
        lambda: context.out.say(
            _("Importados: {documents}; ainda em quarentena: {held}").format(
                documents=documents, held=done.quarantined
            )
        ),
    )


def _give(context: Context, found: QuarantineView) -> None:
    context.out.give(
        found,
        lambda: context.out.facts(
            (
                ("Id", found.id),
                (_("Estado"), found.state),
                (_("Motivo"), f"{found.reason} {found.detail}"),
                (_("Parte"), found.part),
                (_("Caixa"), found.email),
                (_("Assunto"), found.subject),
                (_("Remetente"), found.sender),
                (_("Tamanho"), found.size),
                (_("Quando"), found.created_at),
            )
        ),
    )


def _receipt(context: Context) -> None:
    from services.reading import receipts

    found = context.ask(receipts.receipts, context.args.word)

    def tell() -> None:
        for receipt in found:
            context.out.facts(
                (
                    ("Id", receipt.id),
                    ("UIDL", receipt.uidl),
                    (_("Assunto"), receipt.subject),
                    (_("Remetente"), receipt.sender),
                    (_("Recebida"), moment(receipt.fetched_at)),
                    (_("Registrada"), moment(receipt.committed_at)),
                    (_("Apagada do servidor"), moment(receipt.deleted_at)),
                    *(
                        (f"{item.kind} {item.access_key}", f"{item.outcome} {item.company or ''}")
                        for item in receipt.found
                    ),
                )
            )

    context.out.give(found, tell)
