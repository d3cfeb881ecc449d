"""What is known of mailboxes is forgotten when one fails, and asked for again by whoever needs it."""

from __future__ import annotations

from typing import Any

import pytest

from services.health.tokens import SignIns
from services.registry.companies import CompanyView
from services.sending.delivery import Deliverer
from services.sending.threads import Threads
from services.settings import Settings
from services.store.engine import Store


async def test_a_mailbox_that_fails_while_another_company_is_looked_up(
    store: Store, settings: Settings, company: CompanyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R13, R33: letters of a company whose mailboxes were known a moment ago are placed all the same."""
    threads, sign_ins = Threads(store), SignIns(store, settings)
    deliverer = Deliverer(threads, settings, sign_ins)
    await deliverer._learn([company.id])
    real = threads.read
    failures = [1]

    async def read(call: Any, *words: Any) -> Any:
        found = await real(call, *words)
        if failures:
            failures.pop()
            deliverer._routes.clear()  # as a mailbox does that fails just now
        return found

    monkeypatch.setattr(threads, "read", read)
    another = company.id + 1
    await deliverer._learn([company.id, another])
    assert {company.id, another} <= deliverer._routes.keys()
    threads.close()
    sign_ins.close()
