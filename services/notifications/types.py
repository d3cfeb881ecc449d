"""The types of notification, as data (R29): those of the program, and a partner's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import Conflict, Invalid
from services.language import _
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.fields import Form
from services.store.models import OwnType

_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Severity(StrEnum):
    """How much a notification matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NotificationType:
    """A type: its key, its title in the language in force, its usual severity.

    ``by_email`` False is for the bell alone; ``own`` is one that the partner has added.
    """

    key: str
    title: str
    severity: Severity
    by_email: bool = True
    own: bool = False


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


def all_types(session: Session, partner_id: int) -> dict[str, NotificationType]:
    """The types that a partner has, its own after those of the program."""
    found = types()
    rows = session.scalars(
        select(OwnType).where(OwnType.partner_id == partner_id).order_by(OwnType.key)
    )
    for row in rows:
        found.setdefault(
            row.key,
            NotificationType(row.key, row.title, Severity(row.severity), row.by_email, own=True),
        )
    return found


def type_of(session: Session, partner_id: int, key: str) -> NotificationType:
    """The partner's type of that key; :class:`Invalid` naming the known ones when there is none."""
    known = types().get(key)
    if known is not None:
        return known
    found = all_types(session, partner_id)
    if key not in found:
        raise Invalid(
            _("Tipo de notificação desconhecido: {key} (use um de: {known})").format(
                key=key, known=", ".join(found)
            ),
            field="type",
        )
    return found[key]


def list_types(session: Session, actor: Actor) -> list[NotificationType]:
    """Every type that there is for this user's partner (R29)."""
    return list(all_types(session, actor.partner_id).values())


def add_type(
    session: Session,
    actor: Actor,
    key: str,
    *,
    title: str,
    severity: str = Severity.INFO,
    by_email: bool = True,
) -> NotificationType:
    """A type of the partner's own, for what its systems announce; only for the partner (R29, R53).

    Raises ``InvalidFields``, and :class:`Conflict` for a key that is there already.
    """
    access.partner_only(actor)
    form = Form()
    key = form.text("key", _("Chave"), key, 40)
    if form.ok("key") and _KEY.fullmatch(key) is None:
        form.refuse("key", _("Chave: letras minúsculas sem acento, números e _"))
    title = form.text("title", _("Título"), title, 120)
    severity = form.one_of("severity", _("Gravidade"), severity, tuple(Severity))
    form.done()
    if key in all_types(session, actor.partner_id):
        raise Conflict(_("O tipo {key} já existe").format(key=key), field="key")
    session.add(
        OwnType(
            partner_id=actor.partner_id, key=key, title=title, severity=severity, by_email=by_email
        )
    )
    audit.record(
        session, actor, "add", "notification_type", None, after={"key": key, "title": title}
    )
    session.flush()
    return NotificationType(key, title, Severity(severity), by_email, own=True)
