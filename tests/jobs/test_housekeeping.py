"""What the jobs put away by themselves."""

from __future__ import annotations

from datetime import timedelta

from services import clock
from services.jobs import runner
from services.office import Office
from services.registry import imports
from services.registry.access import Actor
from services.registry.companies import CompanyView
from tests.registry.branch import family


async def test_removed_mailboxes_go_after_thirty_days(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R6: a worker drops what an import removed, passwords included, and not a day before."""
    known = family(office, actor, company)
    known.add(company, "matriz")
    known.add(known.branch, "filial")
    office.do_now(imports.from_headquarters, actor, known.branch.id)
    at = clock.now()
    try:
        for days, left in ((29, 1), (31, 0)):
            clock.set_source(lambda days=days: at + timedelta(days=days))
            await runner.run_once(office, only=())
            assert known.places_of_secrets().count("removed_mailbox") == left
    finally:
        clock.set_source(None)
