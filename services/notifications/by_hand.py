"""A notification that a person or a script of theirs gives: checked, audited, announced."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.language import _
from services.notifications.announce import Announced, announce
from services.notifications.types import type_of
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.fields import Form

MOST_BODY = 200_000
MOST_BYTES = 25_000_000


def notify(
    session: Session,
    actor: Actor,
    company_id: int,
    *,
    type_key: str,
    subject: str,
    body: str,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    key: str | None = None,
) -> Announced:
    """Announce in the name of a company that this user may see (R26-R28, R35, R53).

    ``attachments`` are file name, content type and bytes, 25 MB in all; ``key`` makes it happen
    once. Raises ``InvalidFields`` naming what cannot be accepted.
    """
    company = access.company(session, actor, company_id)
    type_of(session, company.partner_id, type_key)
    form = Form()
    subject = form.text("subject", _("Assunto"), subject, 900)
    for filename, content_type, _data in attachments:
        form.text("attach", _("Anexo"), filename, 255)
        form.text("attach", _("Anexo"), content_type, 127)
    if key is not None:
        key = form.text("key", _("Chave de idempotência"), key, 200)
    if not body.strip():
        form.refuse("body", _("Texto: preenchimento obrigatório"))
    if len(body) > MOST_BODY or "\0" in body:
        form.refuse("body", _("Texto: no máximo {most} caracteres, sem NUL").format(most=MOST_BODY))
    if sum(len(data) for _name, _type, data in attachments) > MOST_BYTES:
        form.refuse("attach", _("Anexos: no máximo 25 MB ao todo"))
    form.done()
    announced = announce(
        session,
        partner_id=actor.partner_id,
        company_id=company.id,
        type_key=type_key,
        subject=subject,
        body=body,
        attachments=attachments,
        key=key,
    )
    if not announced.duplicate:
        audit.record(
            session,
            actor,
            "notify",
            "notification",
            announced.notification_id,
            company_id=company.id,
            after={"type": type_key, "subject": subject, "attachments": len(attachments)},
        )
    return announced
