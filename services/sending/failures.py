"""Telling people about e-mails that were given up (R33): never by a chain of further failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy.orm import Session

from services.language import both
from services.notifications.announce import announce
from services.notifications.templates import words
from services.outbox.outcomes import Finished
from services.retelling import retold

TYPE = "sending_failed"


def tell(session: Session, finished: Iterable[Finished]) -> None:
    """Announce every e-mail with recipients given up, in the unit of work that gave them up.

    What a company's e-mails meet within an hour is one entry in the bell, with the words of all,
    and one e-mail (R35); no e-mail about a notification, which would meet the same fate.
    """
    for letter in sorted(finished, key=lambda letter: letter.company_id):
        if not letter.failed:
            continue
        told = both(partial(_told, letter.failed))
        subject, body = words(
            TYPE,
            {"subject": letter.subject, "recipients": told, "id": letter.message_id},
        )
        announce(
            session,
            partner_id=letter.partner_id,
            company_id=letter.company_id,
            type_key=TYPE,
            subject=subject,
            body=body,
            cause=("outbox", letter.message_id),
            same="not delivered",
            by_email=letter.notification_id is None,
        )


def _told(failed: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{address}: {retold(why)}" for address, why in failed)
