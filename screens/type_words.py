"""Types of notification where there is no room for their titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.language import _
from services.notifications.types import NotificationType


def short(known: NotificationType) -> str:
    """A type in a word whose first three letters tell it from those of the program."""
    words = {
        "mailbox_inactivated": _("Inativada"),
        "mailbox_recovered": _("Recuperada"),
        "sending_failed": _("Envio"),
        "reading_failed": _("Leitura"),
        "document_imported": _("Importado"),
        "document_rejected": _("Rejeitado"),
        "no_documents_30_days": _("30 dias"),
        "unusual_silence": _("Silêncio"),
        "certificate_expiring": _("Certificado"),
        "document_authorized": _("Autorizado"),
        "document_cancelled": _("Cancelado"),
        "report_ready": _("Relatório"),
        "general": _("Geral"),
    }
    return words.get(known.key, known.title)


def titles(keys: Iterable[str], known: Mapping[str, NotificationType]) -> str:
    """The titles of ``keys``, one after the other; the key of one that is not known."""
    return "; ".join(known[key].title if key in known else key for key in keys)
