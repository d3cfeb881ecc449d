"""All that there is to tell of one document: parties, items, checks, mail, XML (R40, R43)."""

from __future__ import annotations

from screens.check_lines import check_lines
from screens.dates import amount, exact, price, quantity, when
from screens.desk import Desk
from screens.dialogs.details import Facts
from screens.widgets.numbers import grouped
from services.fiscal.contents import Contents, Party
from services.fiscal.labels import kind_words
from services.language import _, ngettext
from services.reading import documents, receipts
from services.reading.documents import DocumentView
from services.reading.receipts import ReceiptView


async def document_facts(desk: Desk, document_id: int) -> Facts:
    """What the detail of a document shows."""
    view = await desk.ask(documents.view, document_id)
    inside, xml = await desk.ask(documents.inside, document_id)
    receipt = None
    if view.inbound_id is not None:
        receipt = (await desk.ask(receipts.of_ids, [view.inbound_id])).get(view.inbound_id)
    text = "\n".join([*_items(inside), *_notes(inside), *_mail(receipt), _title("XML"), xml])
    return Facts(_lines(view, inside), text)


def _lines(view: DocumentView, inside: Contents) -> list[tuple[str, str]]:
    number = "" if view.number is None else f"{view.number} / {view.series}"
    return [
        (_("Tipo"), kind_words(view.kind, view.event_id)),
        (_("Chave de acesso"), view.access_key),
        (_("Empresa"), view.company_nickname),
        *(line for party in inside.parties for line in _party(party)),
        *([(_("Número / série"), number)] if number else []),
        *([(_("Emissão"), exact(view.issued_at))] if view.issued_at else []),
        (_("Total"), amount(view.total)),
        (_("Autorização"), _("com protocolo") if view.authorised else _("sem protocolo")),
        *([(_("Situação"), _("CANCELADO por um evento registrado"))] if view.cancelled else []),
        (_("Importado"), exact(view.imported_at)),
        *check_lines(view),
    ]


def _party(party: Party) -> list[tuple[str, str]]:
    """Its name, and below it what tells it from others of that name."""
    named = [line for line in (party.name, party.known_by) if line]
    return [(party.words if not at else "", line) for at, line in enumerate(named)]


def _items(inside: Contents) -> list[str]:
    if not inside.items:
        return []
    count = len(inside.items) + inside.more_items
    lines = [_title(ngettext("{n} item", "{n} itens", count).format(n=grouped(count)))]
    lines += [
        f"{item.number:>3}  {item.name[:46]:<46} {quantity(item.quantity):>14} {price(item.value):>12}".rstrip()
        for item in inside.items
    ]
    if inside.more_items:
        lines.append(
            ngettext("e mais {n} item", "e mais {n} itens", inside.more_items).format(
                n=grouped(inside.more_items)
            )
        )
    return [*lines, ""]


def _notes(inside: Contents) -> list[str]:
    return [line for name, note in inside.notes for line in (_title(name), note, "")]


def _mail(receipt: ReceiptView | None) -> list[str]:
    if receipt is None:
        return []
    return [
        _title(_("A mensagem em que veio")),
        receipt.subject,
        receipt.sender,
        _("Recebida {at} · UIDL {uidl}").format(at=when(receipt.fetched_at), uidl=receipt.uidl),
        _("Registrada {at}").format(at=when(receipt.committed_at)),
        _("Excluída do servidor {at}").format(at=when(receipt.deleted_at))
        if receipt.deleted_at
        else _("Continua no servidor"),
        f"SHA-256 {receipt.sha256}",
        "",
    ]


def _title(words_: str) -> str:
    return f"── {words_} ──"
