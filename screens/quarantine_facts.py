"""One thing in quarantine: why, and a look into the message that it came in (R41)."""

from __future__ import annotations

from screens.dates import exact
from screens.desk import Desk
from screens.dialogs.details import Facts
from screens.widgets.numbers import grouped
from services.errors import NotFound
from services.fiscal.cnpj import masked
from services.language import _
from services.reading import quarantine, receipts
from services.reading.importing import FOREIGN
from services.reading.quarantine import QuarantineView
from services.reading.rereading import looked_into
from services.reading.taking_apart.findings import Preview


async def item_facts(desk: Desk, quarantine_id: int) -> Facts:
    """What the detail of an item shows."""
    view = await desk.ask(quarantine.view, quarantine_id)
    receipt = (await desk.ask(receipts.of_ids, [view.inbound_id])).get(view.inbound_id)
    lines = [
        (_("Motivo"), view.explanation),
        (_("Chave de acesso") if view.reason == FOREIGN else _("Detalhe"), view.detail),
        (_("Parte"), view.part),
        (_("À espera"), view.hint),
        *_parties(view),
        (_("Caixa"), view.email or ""),
        (_("Assunto"), view.subject),
        (_("Remetente"), view.sender),
        (_("Tamanho"), _("{n} bytes").format(n=grouped(view.size))),
        (_("Quando"), exact(view.created_at)),
    ]
    if receipt is not None:
        lines += [
            ("UIDL", receipt.uidl),
            (_("No servidor"), _("excluída") if receipt.deleted_at else _("continua")),
        ]
    try:
        preview = await looked_into(desk, quarantine_id)
    except NotFound as e:
        return Facts([line for line in lines if line[1]], e.message)
    return Facts([line for line in lines if line[1]], "\n".join(_preview(preview)))


def _parties(view: QuarantineView) -> list[tuple[str, str]]:
    known = {owner.cnpj: owner for owner in view.owners}
    lines = []
    for cnpj in view.parties:
        owner = known.get(cnpj)
        words = _("não cadastrada") if owner is None else owner.nickname
        if owner is not None:
            words += _(" · já vinculada") if owner.linked else _(" · v vincula e importa")
        lines.append((masked(cnpj), words))
    return lines


def _preview(preview: Preview) -> list[str]:
    lines = [_("── Cabeçalhos ──")]
    lines += [f"{name}: {value}" for name, value in preview.headers]
    lines += ["", _("── Partes ──")]
    lines += [
        f"{part.content_type:<28} {part.name or '—'}  {_size(part.size)}".rstrip()
        for part in preview.parts
    ]
    if not preview.whole:
        lines.append(_("(não é tudo: a mensagem é grande ou malformada)"))
    return [*lines, "", _("── Texto ──"), preview.text]


def _size(size: int) -> str:
    return _("{n} bytes").format(n=grouped(size)) if size >= 0 else _("não decodifica")
