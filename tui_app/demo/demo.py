"""One demonstration from its beginning to its end: folder, servers, world, traffic."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from services import language
from services.settings import Settings
from services.store import master_key
from tui_app import logs
from tui_app.demo.certificates import Authority
from tui_app.demo.home import Home
from tui_app.demo.microsoft import CLIENT_ID
from tui_app.demo.servers import HOST, Servers

if TYPE_CHECKING:
    from tui_app.demo.traffic import Traffic
    from tui_app.demo.world import World

READ_SECONDS = 3.0


class Demo:
    """The servers are there from ``with`` on, the world after :meth:`populate`; nothing is after it.

    ``settings`` are those of the person in all that concerns the console alone.
    """

    def __init__(self, persons: Settings) -> None:
        self._persons = persons
        self._stack = ExitStack()
        self._world: World | None = None

    def __enter__(self) -> Self:
        # A signal that ends the program may come at any step.
        try:
            self._open()
            return self
        except BaseException:
            self._stack.close()
            raise

    def _open(self) -> None:
        stack = self._stack
        folder = Home()
        stack.callback(folder.remove)
        folder.make()
        home = folder.path
        stack.callback(_close_log, logs.start(home))
        stack.callback(_set_direct, _set_direct(HOST))
        self.authority = Authority(home)
        self.servers = stack.enter_context(Servers(self.authority))
        self.settings = Settings(
            home=home,
            database_url=f"sqlite:///{home / 'carteiro.db'}",
            key_file=home / "master.key",
            ca_file=self.authority.file,
            language=language.chosen(),
            theme=self._persons.theme,
            terminal_bell=self._persons.terminal_bell,
            keys=self._persons.keys,
            hostname="demo.example",
            sending_interval=1.0,
            reading_interval=READ_SECONDS,
            microsoft_authority=self.servers.microsoft.base,
            microsoft_client_id=CLIENT_ID,
        )
        master_key.create(self.settings)

    def __exit__(self, *_raised: object) -> None:
        self._stack.close()

    @property
    def world(self) -> World:
        """Once it is populated."""
        assert self._world is not None
        return self._world

    def populate(self, *, dies_after: float) -> Traffic:
        """Fill the world, with its last days, and let the traffic begin; blocks for two seconds.

        ``dies_after`` so many seconds the Microsoft mailbox is refused.
        """
        from tui_app.demo.traffic import Traffic

        number = self.build()
        traffic = Traffic(self.world, self.authority, number, dies_after)
        return self._stack.enter_context(traffic)

    def build(self) -> int:
        """The world with its last days, and nothing going on; the number of the next document."""
        from services.office import open_office
        from tui_app.demo import history, world

        office = open_office(self.settings)
        self._stack.callback(office.close_now)
        self._world = world.build(office, self.servers)
        return history.fill(self._world, self.authority)


def _close_log(handler: logging.Handler) -> None:
    logging.getLogger().removeHandler(handler)
    handler.close()


def _set_direct(hosts: str | None) -> str | None:
    """Let these hosts be asked without a proxy, in this process; what was so before."""
    before = os.environ.pop("no_proxy", None)
    if hosts is not None:
        os.environ["no_proxy"] = hosts
    return before
