"""What is known of the ways out of companies: as fresh as R9 wants it, forgotten when one fails."""

from __future__ import annotations

from collections.abc import Iterable

from services.language import _
from services.outbox import claims
from services.sending.letters import Letter
from services.sending.routes import Route, routes_of
from services.sending.threads import Threads
from services.settings import Settings

_SECONDS = 1.0
"""How old may be what is known of a mailbox when a letter leaves by it (R9)."""


class Known:
    """The routes of companies, read when they are needed and kept for a second."""

    def __init__(self, threads: Threads, settings: Settings) -> None:
        self._threads = threads
        self._settings = settings
        self._routes: dict[int, tuple[float, tuple[Route, ...]]] = {}
        self._labels: dict[int, str] = {}

    def forget(self) -> None:
        """A mailbox has changed: all is read again before it is used."""
        self._routes.clear()

    async def learn(self, companies: Iterable[int]) -> None:
        """Make sure that what is known of these companies' mailboxes is fresh."""
        at = claims.steady()
        wanted = set(companies)
        old = {
            company
            for company in wanted
            if company not in self._routes or at - self._routes[company][0] > _SECONDS
        }
        # What was fresh may be forgotten while the rest is read.
        while old := old | (wanted - self._routes.keys()):
            at = claims.steady()
            found = await self._threads.read(routes_of, old, self._settings)
            self._routes.update({company: (at, routes) for company, routes in found.items()})
            self._labels.update({r.server_id: r.label for each in found.values() for r in each})
            old = set()

    def ways(self, company_id: int, *, warning: bool) -> list[Route]:
        """The ways out of a company that was just learned of, the first to be tried first (R13)."""
        routes = self._routes[company_id][1]
        return [route for route in routes if warning or not route.only_warnings]

    def instead(self, letter: Letter, route: Route) -> str | None:
        """What the record says of a letter that left by another mailbox than the first (R13)."""
        if not letter.tried or route.server_id in letter.tried:
            return None
        refused = [f"{self._labels[other]}: {why}" for other, why in letter.tried.items()]
        return _("Enviado pela caixa {email}, porque outra recusou ({refused})").format(
            email=route.label, refused="; ".join(refused)
        )
