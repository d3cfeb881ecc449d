"""What is known of mailboxes is forgotten when one fails, and asked for again by whoever needs it."""

from __future__ import annotations

from typing import Any

import pytest

from services.registry.companies import CompanyView
from services.sending.known import Known
from services.sending.threads import Threads
from services.settings import Settings
from services.store.engine import Store


async def test_a_mailbox_that_fails_while_another_company_is_looked_up(
    store: Store, settings: Settings, company: CompanyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R13, R33: letters of a company whose mailboxes were known a moment ago are placed all the same."""
    threads = Threads(store)
    known = Known(threads, settings)
    await known.learn([company.id])
    real = threads.read
    failures = [1]

    async def read(call: Any, *words: Any) -> Any:
        found = await real(call, *words)
        if failures:
            failures.pop()
            known.forget()
        return found

    monkeypatch.setattr(threads, "read", read)
    another = company.id + 1
    await known.learn([company.id, another])
    assert known.ways(company.id, warning=False) == known.ways(another, warning=False) == []
    threads.close()
