"""Telling people about e-mails that were given up (R33): never by a chain of further failures."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from services.clock import now
from services.language import _
from services.notifications import bell
from services.notifications.announce import announce
from services.outbox.outcomes import Finished

TYPE = "sending_failed"


def tell(session: Session, finished: Iterable[Finished]) -> None:
    """Announce every e-mail with recipients given up, in the unit of work that gave them up.

    Each gets its entry in the bell; at most one e-mail an hour goes to a company about it, and
    none about a notification, which would meet the same fate.
    """
    for letter in finished:
        if not letter.failed:
            continue
        title = _("E-mail não entregue: {subject}").format(subject=letter.subject)
        words = "\n".join(f"{address}: {why}" for address, why in letter.failed)
        body = _(
            "O e-mail “{subject}” não foi entregue a:\n\n{recipients}\n\nDepois de corrigir a causa, reenvie-o pela Fila de envio (nº {id})."
        ).format(subject=letter.subject, recipients=words, id=letter.message_id)
        cause = ("outbox", letter.message_id)
        if letter.notification_id is None:
            announced = announce(
                session,
                partner_id=letter.partner_id,
                company_id=letter.company_id,
                type_key=TYPE,
                subject=title,
                body=body,
                key=f"{TYPE} {now():%Y-%m-%dT%H}",
                cause=cause,
            )
            if not announced.duplicate:
                continue
        bell.add(
            session,
            partner_id=letter.partner_id,
            company_id=letter.company_id,
            type_key=TYPE,
            title=title,
            text=body,
            cause=cause,
        )
