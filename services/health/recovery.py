"""Bringing a mailbox back that a code had taken out of use: only after a test that passed (R49)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.errors import NotAllowed, NotFound
from services.health import facts, notices
from services.health.notices import Linked
from services.language import _
from services.registry import access, audit, rotation
from services.registry.access import Actor
from services.registry.server_rows import PLACE, clean_slate
from services.store.models import EmailServer, Function, Kind

TYPE = "mailbox_recovered"


def passed(session: Session, actor: Actor, server_id: int) -> bool:
    """Take note that a test of a saved mailbox passed; True when that brought it back into use.

    What a code had inactivated is active again as it was before: its e-mails leave, its reading
    catches up, and each linked company gets one notice. For a mailbox that is not this user's to
    change (R11, R53) only its health is noted.
    """
    facts.note_success(session, server_id)
    server = session.get(EmailServer, server_id)
    if server is None or server.inactive_code is None:
        return False
    if server.kind == Kind.RELAY:
        access.partner_only(actor)
        session.refresh(server, with_for_update=True)
    else:
        try:
            (server,) = rotation.changeable(session, actor, [server_id], hold=True)
        except (NotAllowed, NotFound):
            return False
    code = server.inactive_code
    if code is None:
        return False
    server.active = True
    server.inactive_code = server.inactive_reason = server.inactive_since = None
    clean_slate(server)
    server.version += 1
    audit.record(
        session,
        actor,
        "reactivate",
        PLACE,
        server.id,
        company_id=rotation.trail_of(session, actor, [server.id]).get(server.id),
        before={"active": False, "inactive_code": code},
        after={"active": True, "inactive_code": None},
    )
    session.flush()
    notices.tell(
        session,
        server,
        occasion=lambda _company: TYPE,
        values=lambda company: {"consequence": _consequence(company)},
    )
    return True


def _consequence(company: Linked | None) -> str:
    functions = company.functions if company is not None else frozenset[Function]()
    words = []
    if Function.SEND in functions:
        words.append(_("Os e-mails que esperavam por ela saem agora."))
    if Function.READ in functions:
        words.append(_("A leitura recomeça e importa o que chegou nesse tempo."))
    return " ".join(words)
