"""One cause that met many mailboxes within minutes: an incident (R50)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.health.troubles import Trouble, worst_first

NEAR = timedelta(minutes=10)
"""How far apart two neighbours of one incident may lie."""
MEMBERS = 3
"""How many make an incident."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause that met several mailboxes within minutes.

    ``id`` is the lowest of ``server_ids``; companies and e-mails that several of them hold up
    count once. ``code`` is None where the mailboxes share a ``host`` instead.
    """

    id: int
    code: int | None
    host: str
    state: str
    reason: str
    first: datetime
    last: datetime
    server_ids: tuple[int, ...]
    companies_count: int
    waiting: int


def incidents(troubles: Iterable[Trouble]) -> tuple[Incident, ...]:
    """What met three mailboxes or more within minutes of each other, the oldest first (R50).

    The same code, or without one the same host; what only rests is no incident.
    """
    found: list[Incident] = []
    alike: dict[tuple[int | None, str], list[tuple[datetime, Trouble]]] = {}
    for trouble in troubles:
        key = (trouble.code, "" if trouble.code is not None else trouble.host)
        if trouble.since is not None and not trouble.ends_by_itself and key != (None, ""):
            alike.setdefault(key, []).append((trouble.since, trouble))
    for same in alike.values():
        found += [_incident(run) for run in _runs(same) if len(run) >= MEMBERS]
    return tuple(sorted(found, key=lambda incident: (incident.first, incident.id)))


def _runs(dated: list[tuple[datetime, Trouble]]) -> list[list[tuple[datetime, Trouble]]]:
    """Runs in which none lies more than :data:`NEAR` behind the one before."""
    runs: list[list[tuple[datetime, Trouble]]] = []
    for at, trouble in sorted(dated, key=lambda each: each[0]):
        if not runs or at - runs[-1][-1][0] > NEAR:
            runs.append([])
        runs[-1].append((at, trouble))
    return runs


def _incident(run: Sequence[tuple[datetime, Trouble]]) -> Incident:
    members = [trouble for _at, trouble in run]
    worst = min(members, key=worst_first)
    waiting: dict[int, int] = {}
    for hit in (hit for trouble in members for hit in trouble.hits):
        waiting[hit.company_id] = max(waiting.get(hit.company_id, 0), hit.waiting)
    ids = tuple(sorted(trouble.server_id for trouble in members))
    return Incident(
        id=ids[0],
        code=worst.code,
        host="" if worst.code is not None else worst.host,
        state=worst.state,
        reason=worst.reason,
        first=run[0][0],
        last=run[-1][0],
        server_ids=ids,
        companies_count=len(waiting),
        waiting=sum(waiting.values()),
    )
