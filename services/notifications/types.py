"""The types of notification, as data (R29)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.errors import Invalid
from services.language import _


class Severity(StrEnum):
    """How much a notification matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NotificationType:
    """A type: its key, its title in the language in force, its usual severity."""

    key: str
    title: str
    severity: Severity


def types() -> dict[str, NotificationType]:
    """The types that come with the program, by key."""
    known = (
        NotificationType("mailbox_inactivated", _("Caixa de e-mail inativada"), Severity.ERROR),
        NotificationType("mailbox_recovered", _("Caixa de e-mail recuperada"), Severity.INFO),
        NotificationType("sending_failed", _("Falha no envio de e-mail"), Severity.ERROR),
        NotificationType("reading_failed", _("Falha na leitura de e-mail"), Severity.ERROR),
        NotificationType("document_imported", _("Documento importado"), Severity.INFO),
        NotificationType("document_rejected", _("Documento rejeitado"), Severity.WARNING),
        NotificationType(
            "no_documents_30_days", _("Nenhum documento importado há 30 dias"), Severity.WARNING
        ),
        NotificationType(
            "certificate_expiring", _("Certificado digital perto de vencer"), Severity.WARNING
        ),
        NotificationType("document_authorized", _("Documento autorizado"), Severity.INFO),
        NotificationType("document_cancelled", _("Documento cancelado"), Severity.INFO),
        NotificationType("report_ready", _("Relatório pronto"), Severity.INFO),
        NotificationType("general", _("Aviso geral"), Severity.INFO),
    )
    return {known_type.key: known_type for known_type in known}


def type_of(key: str) -> NotificationType:
    """The type of that key; :class:`Invalid` naming the known ones when there is none."""
    known = types()
    if key not in known:
        raise Invalid(
            _("Tipo de notificação desconhecido: {key} (use um de: {known})").format(
                key=key, known=", ".join(known)
            ),
            field="type",
        )
    return known[key]
