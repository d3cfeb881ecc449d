"""Taking a Microsoft mailbox out of use, at the first return of one of the seven codes (R45)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.clock import now
from services.failure import Failure
from services.health import conditions, notices
from services.health.notices import Linked
from services.language import _
from services.registry import audit
from services.registry.server_rows import PLACE
from services.store.models import EmailServer, Function, Health
from services.wire import aadsts

TYPE = "mailbox_inactivated"


def inactivate(session: Session, server_id: int, code: int, failure: Failure) -> bool:
    """Inactivate the mailbox and tell of it, in the unit of work in hand; False if it was already.

    From its end on no job uses the mailbox. Each linked company gets one notice with the
    mission's words, in the bell and by e-mail, never by this mailbox (R46, R47).
    """
    before = conditions.state(session, server_id, hold=True)
    if before is None or before["inactive_code"] is not None or not before["active"]:
        return False
    at = now()
    reason = aadsts.description(code)
    conditions.write(
        session,
        server_id,
        {
            "active": False,
            "inactive_code": code,
            "inactive_reason": reason,
            "inactive_since": at,
            "health": Health.DOWN,
            "health_reason": conditions.reason_of(failure),
            "health_since": at,
            "version": EmailServer.version + 1,
        },
    )
    session.expire_all()
    server = session.get_one(EmailServer, server_id)
    audit.record_job(
        session,
        server.partner_id,
        "inactivate",
        PLACE,
        server_id,
        before={"active": True, "inactive_code": None},
        after={"active": False, "inactive_code": code},
    )
    notices.tell(
        session,
        server,
        occasion=lambda _company: TYPE,
        values=lambda company: {
            "code": code,
            "reason": aadsts.description(code),
            "consequence": _consequence(server, company),
            "remedy": aadsts.remedy(code),
            "reply": failure.reply or "",
        },
    )
    return True


def _consequence(server: EmailServer, company: Linked | None) -> str:
    functions = company.functions if company is not None else frozenset[Function]()
    words = [_("A caixa {email} saiu de uso.").format(email=server.email)]
    if Function.SEND in functions:
        words.append(
            _(
                "O que ela enviaria sai por outra caixa ativa da empresa ou espera na fila até que volte."
            )
        )
    if Function.READ in functions:
        words.append(_("Os documentos que chegarem ficam nela e serão importados quando voltar."))
    return " ".join(words)
