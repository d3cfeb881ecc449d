"""``quarantine`` and ``receipt``."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from screens.widgets.status import word
from services.errors import NotFound, Refused
from services.fiscal.cnpj import masked
from services.fiscal.labels import kind_words
from services.language import _, ngettext
from tui_app.cli import arguments
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions, act

if TYPE_CHECKING:
    from services.reading.importing import Imported
    from services.reading.quarantine import QuarantineView
    from services.reading.taking_apart.findings import Preview


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    if name == "receipt":
        act(group, "carteiro receipt 35261111222333000181550010000000011000000017 --json", _receipt)
        group.add_argument(
            "word",
            metavar=_("CHAVE|UIDL|ID"),
            help=_(
                "a chave de acesso de um documento, o UIDL da mensagem no servidor, ou o Id de um "
                "recibo"
            ),
        )
        return
    actions = Actions(group)
    several = actions.add(
        "list", _("o que está em quarentena, e por quê"), "carteiro quarantine list --json", _list
    )
    several.add_argument(
        "--state",
        choices=("open", "resolved", "rejected", "all"),
        default="open",
        help=_("open: o que espera decisão, como sem a opção"),
    )
    several.add_argument(
        "--filter",
        default="",
        metavar=_("TEXTO"),
        help=_("palavras do motivo, do assunto, do remetente ou da caixa, ou um CNPJ"),
    )
    show = actions.add(
        "show", _("um item: o motivo e a mensagem"), "carteiro quarantine show 4", _show
    )
    arguments.add_id(show, "carteiro quarantine list")
    for action, line, run in (
        ("retry", _("tenta importar de novo"), _retry),
        ("reject", _("rejeita: não será importado"), _reject),
    ):
        parser = actions.add(action, line, f"carteiro quarantine {action} 4", run)
        arguments.add_id(parser, "carteiro quarantine list", nargs="+")
    link = actions.add(
        "link",
        _("vincula à caixa a empresa do documento, e importa"),
        "carteiro quarantine link 4 --company 11222333000181",
        _link,
    )
    arguments.add_id(link, "carteiro quarantine list")
    link.add_argument(
        "--company", metavar="CNPJ", help=_("qual, quando o documento cita mais de uma cadastrada")
    )


def _list(context: Context) -> None:
    from services.reading import quarantine

    state = None if context.args.state == "all" else context.args.state
    wanted = context.ask(quarantine.ids, state=state, filter=context.args.filter)
    found = context.rows(quarantine.rows, wanted)
    context.out.give(
        found,
        lambda: context.out.table(
            ("Id", _("Quando"), _("Caixa"), _("Motivo"), _("Parte"), _("Assunto")),
            ((q.id, q.created_at, q.email, q.explanation, q.part, q.subject) for q in found),
            _("Nada em quarentena"),
        ),
    )


def _show(context: Context) -> None:
    from services.reading import quarantine
    from services.reading.rereading import looked_into

    found = context.ask(quarantine.view, context.args.id)
    try:
        preview = context.run(looked_into(_Asker(context), found.id))
    except NotFound:
        preview = None
    told = {name: getattr(found, name) for name in found.__dataclass_fields__}
    context.out.give(
        {**told, "explanation": found.explanation, "hint": found.hint, "preview": preview},
        lambda: _tell(context, found, preview),
    )


def _tell(context: Context, found: QuarantineView, preview: Preview | None) -> None:
    context.out.facts(
        (
            ("Id", found.id),
            (_("Situação"), word("quarantined" if found.state == "open" else found.state)),
            (_("Motivo"), f"{found.explanation} {found.detail}"),
            (_("À espera"), found.hint),
            (_("Parte"), found.part),
            (_("Empresas"), ", ".join(f"{o.nickname} ({masked(o.cnpj)})" for o in found.owners)),
            (_("Caixa"), found.email),
            (_("Assunto"), found.subject),
            (_("Remetente"), found.sender),
            (_("Tamanho"), found.size),
            (_("Quando"), found.created_at),
        )
    )
    if preview is not None:
        context.out.table(
            (_("Parte"), _("Tipo"), _("Tamanho")),
            ((part.name, part.content_type, part.size) for part in preview.parts),
            "",
        )
        context.out.block(preview.text)


def _reject(context: Context) -> None:
    from services.reading import quarantine

    done = [context.do(quarantine.reject, number) for number in context.args.ids]
    context.out.give(
        done[0] if len(done) == 1 else done,
        lambda: context.out.say(
            ngettext("{n} rejeitado", "{n} rejeitados", len(done)).format(n=len(done))
        ),
    )


def _retry(context: Context) -> None:
    numbers: list[int] = context.args.ids
    _imported(context, numbers, context.run(_reread(context, numbers)))


def _link(context: Context) -> None:
    from services.reading import owning, quarantine

    item = context.ask(quarantine.view, context.args.id)
    company_id = context.company_id(context.args.company)
    freed = context.do(
        owning.link, item.id, _only_owner(item) if company_id is None else company_id
    )
    _imported(context, [item.id], context.run(_reread(context, freed)))


def _only_owner(item: QuarantineView) -> int:
    """The company that the document is of; refused where it may be another's."""
    if len(item.owners) == 1:
        return item.owners[0].company_id
    cnpjs = ", ".join(masked(owner.cnpj) for owner in item.owners) or _("nenhuma cadastrada")
    raise Refused(
        _("Informe --company; empresas no documento: {cnpjs}").format(cnpjs=cnpjs), field="company"
    )


async def _reread(context: Context, numbers: list[int]) -> Imported:
    from services.reading import quarantine
    from services.reading.importing import Imported
    from services.reading.rereading import reread
    from services.reading.taking_apart.extractor import Extractor

    asker, extractor, total = _Asker(context), Extractor(), Imported()
    items = [await asker.ask(quarantine.view, number) for number in numbers]
    # A message is read again whole, with all that it has in quarantine.
    once = {(item.inbound_id, item.state): item.id for item in items}
    try:
        for number in once.values():
            total.add(await reread(asker, extractor, number))
    finally:
        await extractor.close()
    return total


def _imported(context: Context, numbers: list[int], done: Imported) -> None:
    documents = sum(done.documents.values())
    told: dict[str, Any] = {"documents": documents, "quarantined": done.quarantined}
    context.out.give(
        {"id": numbers[0], **told} if len(numbers) == 1 else {"ids": numbers, **told},
        lambda: context.out.say(
            _("Importados: {documents}; ainda em quarentena: {held}").format(
                documents=documents, held=done.quarantined
            )
        ),
    )


class _Asker:
    """The services in the name of the person who gave the command."""

    def __init__(self, context: Context) -> None:
        self._office, self._actor = context.office, context.actor

    async def ask(self, service: Callable[..., Any], *args: Any) -> Any:
        return await self._office.ask(service, self._actor, *args)

    async def do(self, service: Callable[..., Any], *args: Any) -> Any:
        return await self._office.do(service, self._actor, *args)


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
                    (_("Excluída do servidor"), moment(receipt.deleted_at)),
                    *(
                        (
                            f"{kind_words(item.kind)} {item.access_key}",
                            f"{_outcome(item.outcome)} {masked(item.company) if item.company else ''}",
                        )
                        for item in receipt.found
                    ),
                )
            )

    context.out.give(found, tell)


def _outcome(outcome: str) -> str:
    from services.reading.importing import reason_words

    return word(outcome) if outcome in ("imported", "duplicate") else reason_words(outcome)
