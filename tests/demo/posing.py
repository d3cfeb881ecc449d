"""The demonstration's world at a standing clock, and its console led from picture to picture."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from dns import rrset
from textual.widgets import Input

from services import clock
from services.jobs.checking import check_documents
from services.settings import Settings
from services.store import exchange
from tests.demo import happenings
from tests.demo.album import PARTS
from tests.demo.album.page import Picture
from tests.demo.chance import without_chance
from tests.demo.svg import picture
from tests.demo.walk import Glass, Walk
from tests.screens.conftest import Console
from tui_app.app import CarteiroApp
from tui_app.demo.console import MARK
from tui_app.demo.demo import Demo
from tui_app.demo.microsoft import Microsoft
from tui_app.demo.servers import Servers
from tui_app.liveness import Liveness

AFTERNOON = datetime(2026, 3, 20, 18, 30, tzinfo=UTC)
"""A Friday, half past three in São Paulo."""
_BROWSER = "https://login.microsoft.example"
"""Where a person signs in: the demonstration's own place has a port, which is another each time."""
_RECORDS = {
    ("", "MX"): "1 smtp.google.com.",
    ("_submission._tcp.", "SRV"): "0 1 587 smtp.empresa01.example.",
}
"""What the DNS says of ``empresa01.example``, by the name below it and the type of record."""

_CONFIGURATION = Microsoft._configuration


class Names:
    """A DNS that knows one domain: its mail is with a provider, and a server of its own is left."""

    def __init__(self, **_more: Any) -> None:
        """Whatever else is told or asked of it."""

    async def resolve(self, name: str, kind: str, **_more: Any) -> SimpleNamespace:
        """In the place of dnspython's."""
        told = _RECORDS.get((name.removesuffix("empresa01.example."), kind))
        return SimpleNamespace(rrset=told and rrset.from_text(name, 300, "IN", kind, told))


def configuration(microsoft: Microsoft, tenant: str) -> dict[str, Any]:
    """In the place of the demonstration's: the same, with an address that a person could open."""
    at = f"{_BROWSER}/{tenant}/oauth2/v2.0/authorize"
    return {**_CONFIGURATION(microsoft, tenant), "authorization_endpoint": at}


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
        "screens.bulk.time": SimpleNamespace(monotonic=lambda: 0.0),
        "screens.dialogs.csv_choose.exchange": SimpleNamespace(
            folder=lambda _settings: Path("/var/lib/carteiro/csv"), files=exchange.files
        ),
        "dns.asyncresolver.Resolver": Names,
        "tui_app.demo.microsoft.Microsoft._configuration": configuration,
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
            happenings.today(demo, demo.build())
            await check_documents(demo.world.office.store)
            for user in dict.fromkeys(each.user for each in wanted if not each.first_run):
                app = CarteiroApp(demo.settings, user, with_jobs=False)
                app.desk.mark = MARK
                seen = [each for each in wanted if each.user == user and not each.first_run]
                await _walk(app, demo, folder, size, sorted(seen, key=_is_last))
        if first := [each for each in wanted if each.first_run]:
            empty = Settings(home=home, database_url=f"sqlite:///{home}/carteiro.db")
            await _walk(CarteiroApp(empty, with_jobs=False), None, folder, size, first)


def _is_last(each: Picture) -> bool:
    return each.last or each.before is not None


async def _walk(
    app: CarteiroApp,
    demo: Demo | None,
    folder: Path,
    size: tuple[int, int],
    wanted: Sequence[Picture],
) -> None:
    glass = Glass()
    with glass.instead():
        async with app.run_test(size=size) as pilot:
            walk = Walk(
                Console(app, pilot), demo.world.companies if demo is not None else {}, glass
            )
            await walk.begin()
            for each in wanted:
                if demo is not None and each.before is not None:
                    happenings.HAPPENINGS[each.before](demo)
                await walk.to(each)
                shown = picture(app, f"Carteiro: {each.name}")
                (folder / f"{each.name}.svg").write_text(shown, "utf-8")
            await walk.end()
