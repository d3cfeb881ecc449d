"""Documents of the test's company, a folder of its own, and the queue as people see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.fiscal.danfe import Danfe
from services.outbox import views
from services.outbox.views import OutboxDetail
from services.registry.access import Actor
from services.store.engine import Store
from tests.documents.generator import Party, nfe
from tests.store_fixtures import CNPJ

CLIENT = "60701190000104"
PDF = Danfe(b"%PDF-1.4 a test's own\n%%EOF\n")
Invoice = Callable[..., bytes]
Queue = Callable[[], list[OutboxDetail]]


def invoice(
    number: int = 12,
    email: str = "cliente@loja.example",
    *,
    issuer: str = CNPJ,
    authorised: bool = True,
    model: int = 55,
) -> bytes:
    """An NF-e of the test's company."""
    return nfe(
        Party(issuer, "Padaria São João Ltda"),
        Party(CLIENT, "Loja do Zé Ltda", email),
        number,
        signed=False,
        authorised=authorised,
        model=model,
    )


@pytest.fixture
def queue(store: Store, actor: Actor) -> Queue:
    """Every e-mail of the queue, oldest first."""

    def look() -> list[OutboxDetail]:
        with store.reading() as session:
            found = views.ids(session, actor, descending=False)
            return [views.show(session, actor, message_id) for message_id in found]

    return look


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The watched folder."""
    return tmp_path / "documentos"
