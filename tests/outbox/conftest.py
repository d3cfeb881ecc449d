"""Queueing and claiming as one line each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.outbox import queue
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store

Queue = Callable[..., int]


@pytest.fixture
def enqueue(store: Store, actor: Actor, company: CompanyView) -> Queue:
    """Queue an e-mail of the company; keyword arguments as in the service."""

    def put(to: str = "cliente@loja.example", **given: object) -> int:
        values = {
            "partner_id": actor.partner_id,
            "company_id": company.id,
            "to": [to],
            "subject": "NF-e 12",
            "body": "Segue a nota.",
            **given,
        }
        with store.writing() as session:
            return queue.enqueue(session, **values)  # type: ignore[arg-type]

    return put
