"""How far the mailboxes are that are being read now, by whichever process (R36)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.clock import now
from services.language import _, ngettext
from services.reading.desk import Claim
from services.registry.access import Actor
from services.registry.mailbox_views import seen
from services.store import leases
from services.store.models import Company, EmailServer, Function, Lease, Mailbox

_NAMES = "read:"
_TELL_SECONDS = 1.0


def lease_name(server_id: int) -> str:
    """The name of the lease that keeps a mailbox to one reader, and says how far that is."""
    return f"{_NAMES}{server_id}"


@dataclass(slots=True)
class Meter:
    """What one reading tells others: at most once a second, inside what it commits anyway."""

    claim: Claim
    total: int = 0
    _next: float = 0.0

    def tell(self, session: Session, done: int) -> None:
        """``done`` of ``total`` messages are stored; that all are is told by the reading's end."""
        if done >= self.total or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _TELL_SECONDS
        leases.tell(session, self.claim.name, self.claim.owner, done, self.total)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A mailbox that is being read: ``done`` of ``total`` new messages are stored.

    ``total`` is 0 while the server has not said yet what it holds. After ``until`` nobody reads
    it any more, whatever is written here: who did was killed.
    """

    server_id: int
    nickname: str
    done: int
    total: int
    until: datetime

    @property
    def percent(self) -> int | None:
        """How far it is; None while that is not known."""
        return min(100, 100 * self.done // self.total) if self.total else None


def held_until(session: Session) -> dict[int, datetime]:
    """Until when the servers are held that some process reads, or was killed over."""
    held = leases.held(session, _NAMES).items()
    return {int(name.removeprefix(_NAMES)): until for name, until in held}


def under_way(session: Session, actor: Actor) -> list[UnderWay]:
    """The mailboxes that ``actor`` sees and that are being read now, by name (R53)."""
    found = _leased(session)
    if not found:
        return []
    servers = select(EmailServer.id, EmailServer.nickname).where(
        EmailServer.id.in_(found),
        exists().where(
            Mailbox.server_id == EmailServer.id,
            Mailbox.function == Function.READ,
            Company.id == Mailbox.company_id,
            seen(actor),
        ),
    )
    told = []
    for server_id, nickname in session.execute(servers.order_by(EmailServer.nickname)):
        done, total, until = found[server_id]
        told.append(UnderWay(server_id, nickname, done or 0, total or 0, until))
    return told


def _leased(session: Session) -> dict[int, tuple[int | None, int | None, datetime]]:
    leased = select(Lease.name, Lease.done, Lease.total, Lease.until).where(
        Lease.until > now(), Lease.name.startswith(_NAMES, autoescape=True), Lease.owner != ""
    )
    return {
        int(name.removeprefix(_NAMES)): (done, total, until)
        for name, done, total, until in session.execute(leased)
    }


def words(mailboxes: Iterable[UnderWay]) -> str:
    """One short line: how many are being read and how far they are together; empty for none."""
    at = now()
    being_read = [each for each in mailboxes if each.until > at]
    if not being_read:
        return ""
    done, total = (sum(getattr(each, of) for each in being_read) for of in ("done", "total"))
    if len(being_read) == 1:
        told = _("lendo {name}").format(name=being_read[0].nickname)
    else:
        n = len(being_read)
        told = ngettext("lendo {n} caixa", "lendo {n} caixas", n).format(n=n)
    return f"{told}: {done}/{total} ({100 * done // total}%)" if total else told
