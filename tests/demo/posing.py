"""The demonstration's world at a standing clock, and its console led from picture to picture."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.widgets import Input

from services import clock
from services.dispatch import queueing
from services.jobs.checking import check_documents
from services.settings import Settings
from tests.demo.album import PARTS
from tests.demo.album.page import Picture
from tests.demo.chance import without_chance
from tests.demo.svg import picture
from tests.demo.walk import Walk
from tests.screens.conftest import Console
from tui_app.app import CarteiroApp
from tui_app.demo import letters, nfe
from tui_app.demo.console import MARK
from tui_app.demo.demo import Demo
from tui_app.demo.history import issued
from tui_app.demo.names import stranger, suppliers
from tui_app.demo.servers import Servers
from tui_app.liveness import Liveness

AFTERNOON = datetime(2026, 3, 20, 18, 30, tzinfo=UTC)
"""A Friday, half past three in São Paulo."""
_READER = "xml@empresa01.example"


class Posed(Servers):
    """The demonstration's servers at the ports that everybody knows: whoever asks for those in
    :meth:`find` is led to the free ones that they have got."""

    smtp_port = 465
    pop_port = 995
    silent_port = 1995

    def __enter__(self) -> Posed:
        super().__enter__()
        self.microsoft.base = "https://localhost"
        self._places = {
            443: self._entra.port,
            self.smtp_port: self._smtp.port,
            self.pop_port: self._pop.port,
            self.silent_port: self._silent.getsockname()[1],
        }
        return self

    def find(self, _host: str, port: int, *_more: Any, **_named: Any) -> list[tuple[Any, ...]]:
        """In the place of ``socket.getaddrinfo``."""
        at = ("127.0.0.1", self._places[int(port)])
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", at)]


@contextmanager
def still() -> Iterator[None]:
    """The same instant, zone, account, terminal and cursor in every run, and nothing by chance."""
    os.environ["TZ"] = "America/Sao_Paulo"
    time.tzset()
    instead: dict[str, Any] = {
        "screens.widgets.topbar.can_draw_bell": lambda: True,
        "screens.widgets.qr.can_draw_blocks": lambda: True,
        "screens.dialogs.sign_in_sheets.can_draw_blocks": lambda: True,
        "services.registry.access.os_account": lambda: "demo",
        "services.registry.audit.os_account": lambda: "demo",
        "screens.home.PAUSE": 0.0,
        "screens.health_source.TroubleSource.resting": lambda _source: 0.0,
        "tui_app.liveness.Liveness.run": _nothing,
        "tui_app.demo.demo.Servers": Posed,
    }
    with without_chance(), ExitStack() as stack:
        for name, what in instead.items():
            stack.enter_context(patch(name, what))
        stack.enter_context(patch.object(Input, "cursor_blink", False))
        before = clock.set_source(lambda: AFTERNOON)
        stack.callback(clock.set_source, before)
        yield


async def _nothing(_liveness: Liveness) -> None:
    """What was committed is shown when the walk says so, not some time."""


async def pose(folder: Path, size: tuple[int, int], only: frozenset[str]) -> None:
    """Every picture, or ``only`` those of these names, as SVG into ``folder``."""
    home = folder / "first"
    wanted = [p for part in PARTS for p in part.pictures if not only or p.name in only]
    with still(), Demo(Settings(home=home, database_url="")) as demo:
        servers = demo.servers
        assert isinstance(servers, Posed)
        with patch("socket.getaddrinfo", servers.find):
            _bring(demo, demo.build())
            await check_documents(demo.world.office.store)
            for user in dict.fromkeys(each.user for each in wanted if not each.first_run):
                app = CarteiroApp(demo.settings, user, with_jobs=False)
                app.desk.mark = MARK
                seen = [each for each in wanted if each.user == user and not each.first_run]
                await _walk(app, demo.world.companies, folder, size, seen)
        if first := [each for each in wanted if each.first_run]:
            empty = Settings(home=home, database_url=f"sqlite:///{home}/carteiro.db")
            await _walk(CarteiroApp(empty, with_jobs=False), {}, folder, size, first)


async def _walk(
    app: CarteiroApp,
    companies: dict[int, int],
    folder: Path,
    size: tuple[int, int],
    wanted: Sequence[Picture],
) -> None:
    async with app.run_test(size=size) as pilot:
        walk = Walk(Console(app, pilot), companies)
        await walk.begin()
        for each in wanted:
            await walk.to(each)
            shown = picture(app, f"Carteiro: {each.name}")
            (folder / f"{each.name}.svg").write_text(shown, "utf-8")
        await walk.end()


def _bring(demo: Demo, number: int) -> None:
    """What waits in a mailbox: a document to import, one of another company, and none. What waits
    in the outbox: documents that were issued just now."""
    post, supplier, at = demo.servers.post, suppliers()[0], clock.now()
    for firm in (demo.world.firms[1].party, stranger()):
        document = nfe.make(demo.authority, supplier, firm, number, at)
        post.deliver(_READER, letters.with_documents(supplier, _READER, [document], at))
        number += 1
    post.deliver(
        _READER,
        f"From: {supplier.name} <vendas@fornecedor.example>\r\nTo: {_READER}\r\n"
        "Subject: Newsletter 12\r\n\r\nSem nota fiscal.\r\n".encode(),
    )
    for firm in (demo.world.firms[8], demo.world.firms[21], demo.world.firms[33]):
        demo.world.office.do_now(queueing.send_found, issued(demo.authority, firm, number))
        number += 1
