"""Exporting documents from the console: whole, or nothing of it (decision 19)."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from services.reading import exporting
from services.reading.exporting import Goal
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store import exchange
from services.store.engine import Store
from tests.documents import kinds
from tests.jobs.test_checking import put
from tests.screens.conftest import Console, Opened


def left(settings: Settings) -> list[Path]:
    return list(exchange.folder(settings).iterdir())


async def begin(c: Console) -> None:
    await c.at_home()
    await c.press("7")
    await c.shows("FORN")
    await c.press("E")
    await c.in_front("Confirm")
    await c.agree()


async def test_stopped_in_the_background_it_leaves_nothing(
    console: Opened,
    store: Store,
    settings: Settings,
    actor: Actor,
    company: CompanyView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R37: let go on behind, then the program is left: no hidden draft in the folder."""
    for name in ("nfe", "cte"):
        _named(store, put(store, actor.partner_id, company.id, kinds.samples()[name]))
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = exporting.put

    def slow(session: Session, actor: Actor, where: Goal, ids: Sequence[int]) -> list[str]:
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return real(session, actor, where, ids)

    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    monkeypatch.setattr(exporting, "put", slow)
    async with console((100, 30)) as c:
        await begin(c)
        await c.shows("0 de 2")
        await c.until(lambda: len(left(settings)) == 1, "the draft")
        await c.press("s")
        await c.until(lambda: c.app.works.behind != [], "the background")
        stopping = asyncio.create_task(c.app.works.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping
        assert left(settings) == []


@pytest.mark.parametrize("where", ["zipfile.ZipFile.writestr", "services.store.exchange.os.fsync"])
async def test_on_a_full_disk_it_leaves_nothing(
    console: Opened,
    store: Store,
    settings: Settings,
    actor: Actor,
    company: CompanyView,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    """R37: the reason is told, also where all was written but the end; the folder is as it was."""
    _named(store, put(store, actor.partner_id, company.id, kinds.samples()["nfe"]))

    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with console((100, 30)) as c:
        monkeypatch.setattr(where, full)
        await begin(c)
        await c.shows("o disco está cheio")
        assert left(settings) == []


def _named(store: Store, document_id: int) -> None:
    from services.store.mail import Document

    with store.writing() as session:
        session.get_one(Document, document_id).issuer_name = "FORNECEDOR"
