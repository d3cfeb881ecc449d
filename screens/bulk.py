"""Work gone through in chunks: how far it is, how long it will take, what was refused and why."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from screens.widgets.numbers import grouped, rounded
from services.errors import CarteiroError
from services.language import _, ngettext

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Left:
    """An item that was not done: which one, in words, and why."""

    what: str
    why: str


Work = Callable[[Sequence[T]], Awaitable[Sequence[Left]]]
"""Does a chunk of items, best in one unit of work; gives those that were refused."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: ``gone`` of ``total`` items were gone through, the refused ones among them.

    ``stopped``: the person ended it between two chunks. ``error``: why it broke off; the chunk
    that failed counts as not gone through. ``behind``: it goes on in the background.
    """

    total: int
    gone: int
    left: tuple[Left, ...] = ()
    stopped: bool = False
    error: str = ""
    behind: bool = False

    @property
    def done(self) -> int:
        """How many items were done."""
        return self.gone - len(self.left)

    @property
    def whole(self) -> bool:
        """True when every item was done, and nothing broke off after the last."""
        return self.done == self.total and not self.error


class Bulk(Generic[T]):
    """One such work, running or over. What others see of it changes only on the event loop."""

    def __init__(self, title: str, items: Sequence[T], chunk: int, work: Work[T]) -> None:
        """``title`` says what is done, as a dialog's title; ``chunk`` items go at a time."""
        self.title = title
        self.total = len(items)
        self.gone = 0
        self.left: list[Left] = []
        self.error = ""
        self.stopping = False
        self.behind = False
        self.over = asyncio.Event()
        self._items = items
        self._chunk = chunk
        self._work = work
        self._began = time.monotonic()
        self._seconds = 0.0

    async def run(self) -> None:
        """Go through the items until they are done, refused, or somebody says stop."""
        self._began = time.monotonic()
        try:
            await self.go_through(self._items)
        except CarteiroError as e:
            self.error = e.message
        except Exception:
            log.exception("bulk work broke off after %d of %d", self.gone, self.total)
            self.error = _("Ocorreu uma falha interna; os detalhes estão no log")
        finally:
            self._seconds = time.monotonic() - self._began
            self.over.set()

    async def go_through(self, items: Sequence[T]) -> None:
        """Chunk by chunk; a subclass may know another way, and counts ``gone`` and ``left``."""
        while self.gone < self.total and not self.stopping:
            part = items[self.gone : self.gone + self._chunk]
            self.left += await self._work(part)
            self.gone += len(part)

    def stop(self) -> None:
        """End after the chunk that is under way; what was done stays done."""
        self.stopping = True

    @property
    def outcome(self) -> Outcome:
        """How it stands."""
        return Outcome(
            self.total,
            self.gone,
            tuple(self.left),
            stopped=self.stopping and self.gone < self.total,
            error=self.error,
            behind=self.behind,
        )

    @property
    def share(self) -> float:
        """How much of it is gone through, 0 to 1."""
        return self.gone / self.total if self.total else 1.0

    @property
    def words(self) -> str:
        """ "1.500 de 10.000 · 420/s · faltam 20 s · 3 recusados", or how it ended."""
        parts = [_("{n} de {total}").format(n=grouped(self.gone), total=grouped(self.total))]
        if self.over.is_set():
            parts.append(span(self._seconds))
        elif self.gone:
            rate = self.gone / max(time.monotonic() - self._began, 0.001)
            parts.append(_("{n}/s").format(n=grouped(round(rate)) if rate >= 1 else rounded(rate)))
            parts.append(_("faltam {time}").format(time=span((self.total - self.gone) / rate)))
        if self.left:
            parts.append(refused(len(self.left)))
        if self.stopping and not self.over.is_set():
            parts.append(_("parando…"))
        return " · ".join(parts)

    @property
    def end(self) -> str:
        """How it ended, in a sentence; empty when all was done."""
        left = self.total - self.gone
        if self.error:
            return self.error
        if left:
            return ngettext(
                "Parado: {n} ficou por fazer.", "Parado: {n} ficaram por fazer.", left
            ).format(n=grouped(left))
        return f"{refused(len(self.left))}." if self.left else ""


def refused(n: int) -> str:
    """ "3 recusados"."""
    return ngettext("{n} recusado", "{n} recusados", n).format(n=grouped(n))


def span(seconds: float) -> str:
    """A duration in words: "20 s", "3 min", "1 h 05 min"."""
    whole = round(seconds)
    if whole < 1:
        return _("menos de 1 s")
    if whole < 90:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"
