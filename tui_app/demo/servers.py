"""The demonstration's servers, on free ports of this machine, in a thread of their own."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Self

from tui_app.demo.certificates import Authority
from tui_app.demo.microsoft import Microsoft
from tui_app.demo.pop3 import Pop3
from tui_app.demo.post import PostOffice
from tui_app.demo.smtp import Smtp
from tui_app.demo.talk import Listener

HOST = "localhost"


class Servers:
    """SMTP, POP3 and the sign-in service, from ``with`` to its end, all over TLS.

    On ``silent_port`` nobody answers.
    """

    def __init__(self, authority: Authority) -> None:
        self.microsoft = Microsoft()
        self.post = PostOffice(self.microsoft.opens)
        self._tls = authority.server_context()
        self._smtp = Listener(Smtp(self.post).converse)
        self._pop = Listener(Pop3(self.post).converse)
        self._entra = Listener(self.microsoft.converse)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo", daemon=True)
        self._silent = socket.socket()

    @property
    def smtp_port(self) -> int:
        """Where letters are taken."""
        return self._smtp.port

    @property
    def pop_port(self) -> int:
        """Where mailboxes are read."""
        return self._pop.port

    @property
    def silent_port(self) -> int:
        """Bound, so that nobody else gets it, and refusing."""
        port: int = self._silent.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._silent.bind(("127.0.0.1", 0))
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        self.microsoft.base = f"https://{HOST}:{self._entra.port}"
        return self

    def __exit__(self, *_raised: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._silent.close()

    async def _start(self) -> None:
        for listener in (self._smtp, self._pop, self._entra):
            await listener.start(self._tls)

    async def _stop(self) -> None:
        for listener in (self._smtp, self._pop, self._entra):
            await listener.stop()
