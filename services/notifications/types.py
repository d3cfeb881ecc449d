"""The types of notification, as data (R29): those of the program, and a partner's own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from services import language
from services.errors import Conflict, NotFound
from services.language import _
from services.notifications.templates import stray, templates
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.fields import Form
from services.safe_text import safe_block
from services.store.notices import OwnType

QUIET = 3_600
"""Seconds within which the same thing counts in one entry of the bell and is told by one e-mail (R35)."""
EACH = 0
"""For what is told each time: a mailbox that goes out of use, and one that comes back (R46, R49)."""
MOST_TEXT = 4_000

_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Severity(StrEnum):
    """How much a notification matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NotificationType:
    """A type: its key, its title and text in the language in force, its usual severity.

    ``text`` is the template of its usual occasion. It goes ``by_email``, to the bell (``by_bell``),
    or both; without any way out an e-mail shows in the bell all the same (R28). Within ``quiet``
    seconds the same thing is told once (R35); 0 where each time is told. ``own`` is one that the
    partner has added.
    """

    key: str
    title: str
    severity: Severity
    by_email: bool = True
    own: bool = False
    by_bell: bool = True
    text: str = ""
    quiet: int = QUIET


def types() -> dict[str, NotificationType]:
    """The types that come with the program, by key."""
    return dict(_types_in(language.chosen()))


@lru_cache(maxsize=len(language.LANGUAGES))
def _types_in(_spoken: str) -> dict[str, NotificationType]:
    texts = templates()
    return {
        known.key: replace(known, text=texts[known.key].text)
        for known in (
            _known("mailbox_inactivated", _("Caixa de e-mail inativada"), Severity.ERROR, EACH),
            _known("mailbox_recovered", _("Caixa de e-mail recuperada"), Severity.INFO, EACH),
            _known("sending_failed", _("Falha no envio de e-mail"), Severity.ERROR),
            _known("reading_failed", _("Falha na leitura de e-mail"), Severity.ERROR),
            _known("document_imported", _("Documento importado"), Severity.INFO),
            _known("document_rejected", _("Documento rejeitado"), Severity.WARNING),
            _known(
                "no_documents_30_days", _("Nenhum documento importado há 30 dias"), Severity.WARNING
            ),
            _known("unusual_silence", _("Silêncio fora do comum"), Severity.WARNING),
            _known(
                "certificate_expiring", _("Certificado digital perto de vencer"), Severity.WARNING
            ),
            _known("document_authorized", _("Documento autorizado"), Severity.INFO),
            _known("document_cancelled", _("Documento cancelado"), Severity.INFO),
            _known("report_ready", _("Relatório pronto"), Severity.INFO),
            _known("general", _("Aviso geral"), Severity.INFO),
        )
    }


def _known(key: str, title: str, severity: Severity, quiet: int = QUIET) -> NotificationType:
    return NotificationType(key, title, severity, quiet=quiet)


def all_types(session: Session, partner_id: int) -> dict[str, NotificationType]:
    """The types that a partner has, its own after those of the program."""
    found = types()
    rows = session.scalars(
        select(OwnType).where(OwnType.partner_id == partner_id).order_by(OwnType.key)
    )
    for row in rows:
        found.setdefault(row.key, _own(row))
    return found


def _own(row: OwnType) -> NotificationType:
    english = language.chosen() == "en"
    return NotificationType(
        row.key,
        (row.title_en if english else "") or row.title,
        Severity(row.severity),
        row.by_email,
        own=True,
        by_bell=row.by_bell,
        text=(row.text_en if english else "") or row.text,
    )


def type_of(session: Session, partner_id: int, key: str) -> NotificationType:
    """The partner's type of that key; :class:`NotFound` naming the known ones when there is none."""
    known = _types_in(language.chosen()).get(key)
    if known is not None:
        return known
    found = all_types(session, partner_id)
    if key not in found:
        raise NotFound(
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
    text: str = "",
    title_en: str = "",
    text_en: str = "",
    severity: str = Severity.INFO,
    by_email: bool = True,
    by_bell: bool = True,
) -> NotificationType:
    """A type of the partner's own, for what its systems announce; only for the partner (R29, R53).

    Titles and texts may have places, as ``{company}``, for what :mod:`by_hand` knows or is told.
    Raises ``InvalidFields``, and :class:`Conflict` for a key that is there already.
    """
    access.partner_only(actor)
    form = Form()
    key = form.text("key", _("Chave"), key, 40)
    if form.ok("key") and _KEY.fullmatch(key) is None:
        form.refuse("key", _("Chave: letras minúsculas sem acento, números e _"))
    title = _template(form, "title", _("Título"), title, 120, required=True)
    title_en = _template(form, "title_en", _("Título em inglês"), title_en, 120)
    text = _template(form, "text", _("Texto"), text, MOST_TEXT)
    text_en = _template(form, "text_en", _("Texto em inglês"), text_en, MOST_TEXT)
    severity = form.one_of("severity", _("Gravidade"), severity, tuple(Severity))
    if not by_email and not by_bell:
        form.refuse("by_bell", _("Escolha e-mail, sino ou ambos"))
    form.done()
    if key in all_types(session, actor.partner_id):
        raise Conflict(_("O tipo {key} já existe").format(key=key), field="key")
    row = OwnType(
        partner_id=actor.partner_id,
        key=key,
        title=title,
        title_en=title_en,
        text=text,
        text_en=text_en,
        severity=severity,
        by_email=by_email,
        by_bell=by_bell,
    )
    session.add(row)
    after = {
        "key": key,
        "title": title,
        "text": text,
        "severity": severity,
        "by_email": by_email,
        "by_bell": by_bell,
    }
    audit.record(session, actor, "add", "notification_type", None, after=after)
    session.flush()
    return _own(row)


def _template(
    form: Form, name: str, label: str, value: str, most: int, *, required: bool = False
) -> str:
    """Words with places: lines only in a text, and no brace that is not part of a place."""
    if name.startswith("title"):
        value = form.text(name, label, value, most, required=required)
    else:
        value = safe_block(value.replace("\r\n", "\n"), most + 1).strip("\n")
        if len(value) > most:
            form.refuse(name, _("{label}: no máximo {most}").format(label=label, most=most))
    if stray(value):
        form.refuse(
            name,
            _("{label}: use {{nome}} para um valor, e {{{{ ou }}}} para uma chave").format(
                label=label
            ),
        )
    return value
