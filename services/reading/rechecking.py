"""Checking documents again: after a file of trusted issuers was named, or the rules changed (R40)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.registry import access
from services.registry.access import Actor
from services.store.mail import Document

AT_ONCE = 1_000
"""So many documents are taken in one unit of work."""


def check_again(session: Session, actor: Actor, ids: Sequence[int]) -> int:
    """Have these documents checked anew, behind the next import; how many.

    Their labels stay what they are until then. :class:`NotFound` for one that ``actor`` does not
    see, and then none is touched.
    """
    wanted = sorted(set(ids))
    seen = access.visible(actor, Document.partner_id, Document.company_id)
    mine = list(session.scalars(select(Document.id).where(Document.id.in_(wanted), seen)))
    if len(mine) != len(wanted):
        raise NotFound(_("Documento não encontrado"), field="id")
    session.execute(update(Document).where(Document.id.in_(mine)).values(checked_at=None))
    return len(mine)
