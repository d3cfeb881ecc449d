"""Somebody else takes messages out of a mailbox that is to keep them (R38)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.ringing import ring
from services.notifications.templates import subject, text
from services.notifications.types import Severity
from services.reading import arrivals
from services.reading.desk import Target
from services.store.models import Function, Mailbox
from services.wire.presets import preset_of_host

_TYPE = "reading_failed"
_OCCASION = "reading_failed/vanished"


def note(session: Session, target: Target, uidls: Sequence[str]) -> None:
    """Forget what vanished, and say so in the bell once an hour.

    What is imported is safe; but whoever takes it may take new mail too before it is read. Where
    the provider itself hides what was fetched nothing is said.
    """
    arrivals.forget(session, target.server_id, uidls)
    preset = preset_of_host(target.host)
    if preset is not None and preset.hides_read:
        return
    values = {"email": target.email}
    mailbox = session.scalar(
        select(Mailbox.id)
        .where(Mailbox.server_id == target.server_id, Mailbox.function == Function.READ)
        .order_by(Mailbox.id)
        .limit(1)
    )
    ring(
        session,
        partner_id=target.partner_id,
        company_id=None,
        type_key=_TYPE,
        severity=Severity.WARNING,
        title=lambda n: subject(_OCCASION, values, n=n),
        text=text(_OCCASION, values),
        cause=("mailbox", mailbox) if mailbox is not None else None,
        same=f"vanished {target.server_id}",
        times=len(uidls),
    )
