"""``send-document`` and ``document send``: fiscal documents by e-mail."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from services.language import _
from tui_app.cli import arguments, given_file
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, act

if TYPE_CHECKING:
    from services.dispatch.placing import Queued
    from services.fiscal.danfe import Danfe

_MOST_BYTES = 6 * 2**20


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(
        group,
        "carteiro send-document nota.xml\n"
        "  carteiro send-document nota.xml --to contador@escritorio.example --key segunda-via",
        _send_files,
    )
    group.add_argument(
        "files",
        nargs="+",
        metavar=_("ARQUIVO.xml"),
        help=_("XML autorizado de NF-e ou NFC-e; de vários, ou todos entram na fila ou nenhum"),
    )
    _options(group)


def add_to(actions: Actions) -> None:
    """``document send``: the same for what was imported."""
    group = actions.add(
        "send",
        _("envia documentos importados por e-mail"),
        "carteiro document send 12 --to contador@escritorio.example",
        _send_stored,
    )
    arguments.add_id(group, "carteiro document list", nargs="+")
    _options(group)


def _options(group: ArgumentParser) -> None:
    group.add_argument(
        "--to",
        action="append",
        default=[],
        metavar=_("E-MAIL"),
        help=_("em vez dos endereços que estão no documento; pode repetir"),
    )
    group.add_argument("--no-pdf", action="store_true", help=_("só o XML, sem o DANFE"))
    group.add_argument(
        "--key",
        metavar=_("CHAVE"),
        help=_(
            "uma palavra sua: com a mesma, o documento não sai de novo; com outra, sai outra vez"
        ),
    )


def _send_files(context: Context) -> None:
    from services.dispatch import queueing
    from services.dispatch.placing import Parcel

    args = context.args
    parcels = [
        Parcel(Path(name).name, given_file.read(name, "file", _MOST_BYTES)) for name in args.files
    ]
    context.ask(queueing.check, parcels, args.to)
    danfes = _danfes(context, [parcel.xml for parcel in parcels])
    parcels = [replace(parcel, danfe=danfe) for parcel, danfe in zip(parcels, danfes, strict=True)]
    _tell(context, context.do(queueing.send, parcels, to=args.to, key=args.key))


def _send_stored(context: Context) -> None:
    from services.dispatch import queueing
    from services.reading import documents

    args = context.args
    for document_id in args.ids:
        context.ask(queueing.plan_stored, document_id, args.to)
    danfes = _danfes(context, [context.ask(documents.xml, each) for each in args.ids])
    queued = [
        context.do(queueing.send_stored, document_id, danfe, to=args.to, key=args.key)
        for document_id, danfe in zip(args.ids, danfes, strict=True)
    ]
    _tell(context, queued)


def _danfes(context: Context, xmls: Sequence[bytes]) -> Sequence[Danfe]:
    from services.dispatch.printing import print_once
    from services.fiscal.danfe import Danfe

    if context.args.no_pdf:
        return [Danfe(why="unasked") for _xml in xmls]
    return asyncio.run(print_once(xmls))


def _tell(context: Context, queued: Sequence[Queued]) -> None:
    def say() -> None:
        for each in queued:
            _say(context, each)

    context.out.give([_row(each) for each in queued], say)


def _row(queued: Queued) -> dict[str, object]:
    plan = queued.plan
    return {
        "id": queued.id,
        "company": plan.company,
        "kind": plan.kind,
        "access_key": plan.access_key,
        "recipients": plan.recipients,
        "invalid": [{"address": address, "why": why} for address, why in plan.invalid],
        "mailboxes": plan.by,
        "danfe": queued.danfe,
        "note": queued.note,
        "waits": plan.why_waits,
        "duplicate": queued.duplicate,
    }


def _say(context: Context, queued: Queued) -> None:
    say, plan = context.out.say, queued.plan
    if queued.duplicate:
        say(
            _(
                "{key}: já está na fila como e-mail {id}; nada foi feito (outra --key envia de novo)"
            ).format(key=plan.access_key, id=queued.id)
        )
        return
    say(
        _("{key}: na fila como e-mail {id}, para {to}").format(
            key=plan.access_key, id=queued.id, to=", ".join(plan.recipients)
        )
    )
    for _address, why in plan.invalid:
        say(_("  fica de fora: {why}").format(why=why))
    if queued.note:
        say(f"  {queued.note}")
    if plan.why_waits:
        say(_("  espera na fila: {why}").format(why=plan.why_waits))
