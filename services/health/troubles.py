"""A mailbox that is not well: what is the matter, and whom that hits (R50)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.store.models import Function, Health, Mechanism

INACTIVATED = "inactivated"
DOWN = Health.DOWN.value
FAILING = Health.FAILING.value
PAUSED = "paused"
STATES = (INACTIVATED, DOWN, FAILING, PAUSED)
"""What may be the matter with a mailbox, the worst first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A company that a mailbox in trouble serves, and its queued e-mails that no way leads out of."""

    company_id: int
    cnpj: str
    nickname: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mailbox that is not well.

    ``state`` is one of :data:`STATES`; "inactivated" by the ``code`` of R45, "paused" until
    ``until``, when it ends by itself (R34), or without it by hand. A ``code`` without that is
    another refusal of a Microsoft sign-in. ``functions`` are the directions concerned, ``tested``
    what a test of it tests ("send", "read" or "both"), ``mailbox_id`` one of this person's links,
    None for the relay and for a server that no company uses. ``hits`` are the companies concerned
    that this person sees, by CNPJ; ``incident`` is the id of the incident that it is part of.
    """

    server_id: int
    mailbox_id: int | None
    kind: str
    email: str
    nickname: str
    mechanism: str
    host: str
    state: str
    since: datetime | None
    until: datetime | None
    code: int | None
    reason: str
    functions: tuple[Function, ...]
    tested: str
    hits: tuple[Hit, ...]
    incident: int | None = None

    @property
    def companies(self) -> tuple[str, ...]:
        """The CNPJs of the companies concerned."""
        return tuple(hit.cnpj for hit in self.hits)

    @property
    def companies_count(self) -> int:
        """How many companies are concerned."""
        return len(self.hits)

    @property
    def waiting(self) -> int:
        """How many queued e-mails it holds up."""
        return sum(hit.waiting for hit in self.hits)

    @property
    def ends_by_itself(self) -> bool:
        """True while there is nothing to mend: it only rests, or a person lets it."""
        return self.state == PAUSED

    @property
    def wants_sign_in(self) -> bool:
        """May signing in again at Microsoft mend it (R49)?"""
        return self.mechanism == Mechanism.XOAUTH2 or self.state == INACTIVATED


def worst_first(trouble: Trouble) -> tuple[int, bool, float, int]:
    """What to sort by."""
    since = trouble.since
    return (
        STATES.index(trouble.state),
        since is None,
        since.timestamp() if since is not None else 0.0,
        trouble.server_id,
    )
