"""What *Saúde* lists: incidents, folded or not, and the mailboxes that stand alone (R50)."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from screens.dates import since
from screens.desk import Desk
from screens.widgets.columns import Cell
from screens.widgets.numbers import grouped
from screens.widgets.status import cell
from services.folding import fold
from services.health import overview
from services.health.incidents import Incident, incidents
from services.health.troubles import Trouble
from services.language import _
from services.registry.ways_out import relay_label
from services.store.models import Kind

# What a question that was slow once, on a busy machine, may keep from a person at the most.
_LONGEST_REST = 10.0


class TroubleSource:
    """A mailbox by its server's id, an incident by that of its first member, below zero.

    All is read at once, since incidents are made of everything; rows are drawn from memory.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._troubles: dict[int, Trouble] = {}
        self._incidents: dict[int, Incident] = {}
        self._open: set[int] = set()
        self._rest_until = 0.0

    @property
    def troubles(self) -> Sequence[Trouble]:
        """Everything that was not well when last asked, the worst first."""
        return tuple(self._troubles.values())

    def trouble(self, row_id: int | None) -> Trouble | None:
        """The mailbox of a row, if it is one."""
        return self._troubles.get(row_id or 0)

    def incident(self, row_id: int | None) -> Incident | None:
        """The incident of a row, if it is one."""
        return self._incidents.get(row_id or 0)

    def concerned(self, row_id: int) -> Sequence[Trouble]:
        """The mailbox of a row, or all those of an incident."""
        incident = self.incident(row_id)
        ids = (row_id,) if incident is None else incident.server_ids
        return [self._troubles[i] for i in ids if i in self._troubles]

    def is_open(self, row_id: int) -> bool:
        """Are the mailboxes of that incident listed below it?"""
        return row_id in self._open

    def resting(self) -> float:
        """Seconds until asking again costs no more than a tenth of the time, or ten; 0 for now."""
        return max(self._rest_until - time.monotonic(), 0.0)

    def turn(self, row_id: int) -> None:
        """List them, or fold them away."""
        self._open ^= {row_id}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        began = time.monotonic()
        found = await self._desk.ask(overview.down)
        ended = time.monotonic()
        self._rest_until = ended + min(9 * (ended - began), _LONGEST_REST)
        self._troubles = {each.server_id: each for each in found}
        self._incidents = {-each.id: each for each in incidents(found)}
        self._open &= self._incidents.keys()
        words = fold(filter).split()
        return array("q", self._listed(found, words))

    def _listed(self, found: Iterable[Trouble], words: Sequence[str]) -> Iterator[int]:
        """An incident stands where the worst of its mailboxes would; what is sought is unfolded."""
        told: set[int] = set()
        for trouble in found:
            if trouble.incident is None:
                if _matches(trouble, words):
                    yield trouble.server_id
            elif trouble.incident not in told:
                told.add(trouble.incident)
                row_id = -trouble.incident
                members = [m for m in self.concerned(row_id) if _matches(m, words)]
                if members:
                    yield row_id
                if words or self.is_open(row_id):
                    yield from (member.server_id for member in members)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        shown: dict[int, Sequence[Cell]] = {}
        for row_id in ids:
            if (incident := self.incident(row_id)) is not None:
                shown[row_id] = _incident_cells(incident)
            elif (trouble := self.trouble(row_id)) is not None:
                shown[row_id] = _cells(trouble)
        return shown


def name_of(trouble: Trouble) -> str:
    """How a mailbox is called: by its address, the relay by what it is."""
    return relay_label(trouble.email) if trouble.kind == Kind.RELAY else trouble.email


def why(trouble: Trouble | Incident) -> str:
    """The reason in one line, the code first: it is what one searches for."""
    code = f"AADSTS{trouble.code}" if trouble.code is not None else ""
    return " ".join(filter(None, (code, trouble.reason)))


def _until(trouble: Trouble) -> str:
    """Of what rests until when, which is more than why."""
    if trouble.until is None:
        return why(trouble)
    words = _("até {until}").format(until=since(trouble.until))
    return f"{words} · {trouble.reason}" if trouble.reason else words


def _matches(trouble: Trouble, words: Sequence[str]) -> bool:
    if not words:
        return True
    told = (
        trouble.email,
        trouble.nickname,
        why(trouble),
        *(f"{hit.nickname} {hit.cnpj}" for hit in trouble.hits),
    )
    text = fold(" ".join(told))
    return all(word in text for word in words)


def _cells(trouble: Trouble) -> Sequence[Cell]:
    name = name_of(trouble)
    return (
        cell(trouble.state),
        name if trouble.incident is None else f"└ {name}",
        since(trouble.since),
        _until(trouble),
        grouped(trouble.waiting),
        grouped(trouble.companies_count),
    )


def _incident_cells(incident: Incident) -> Sequence[Cell]:
    count = len(incident.server_ids)
    return (
        cell(incident.state),
        _("{n} num incidente").format(n=grouped(count)),
        since(incident.first),
        why(incident)
        if incident.code is not None
        else _("{host}: {why}").format(host=incident.host, why=incident.reason),
        grouped(incident.waiting),
        grouped(incident.companies_count),
    )
