"""Keys that come in one burst take effect one after the other, as they were typed.

Over a slow line a terminal hands over several keys at once. Textual gives each to what has the
focus as it comes, and runs a command only once its key has climbed from there to the application:
what was typed after Enter would end in the field before it. A dialog, besides, is opened by a
worker that may read first: what was typed for it would end in the list behind.
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key, Paste
from textual.screen import ModalScreen, Screen
from textual.widgets import Input
from textual.worker import Worker

from screens.widgets.asking import QUERY, ROWS

LONGEST = 0.5
"""Seconds after which a key is held for done that went away with its widget."""
OPENING = 2.0
"""Seconds for which what a key has begun may take to open its dialog; after that nobody waits."""
_FILLING = frozenset(
    {QUERY, ROWS, "totals", "counts", "count", "live", "pulse", "progress", "works"}
)
"""Groups of workers that bring what is there up to date, and open nothing."""
_LOOK = 0.01
"""Seconds between two looks whether it is open."""
_SETTLED = 0.2
"""Seconds after which what a command has set off is held for done, with nothing waiting for it."""


class KeyOrder:
    """Holds back what is typed while the key before it is under way in ``app``.

    The application's ``on_event`` asks :meth:`holds` of each event and tells of it by
    :meth:`given`; one that was held comes again by itself.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._under_way: Key | None = None
        self._given_to: DOMNode = app
        self._followed = False
        self._over_at: float | None = None
        self._began_at = 0.0
        self._front: Screen[Any] | None = None
        self._older: set[Worker[Any]] = set()
        self._waiting: deque[Event] = deque()
        self._released: Event | None = None

    def holds(self, event: Event) -> bool:
        """Is it too early for ``event``?"""
        if not isinstance(event, (Key, Paste)) or event.is_forwarded:
            return False
        if not self._followed and self._settled and not self._opening:
            self._under_way = self._over_at = None
        if event is self._released:
            self._released = None
        elif self._under_way is not None or self._waiting or self._released is not None:
            self._waiting.append(event)
            self._follow()
            return True
        target = self._app.focused or self._app.screen
        # Letters stay in their field, and those of one field are in order anyway.
        if isinstance(event, Key) and not (isinstance(target, Input) and event.is_printable):
            self._under_way, self._given_to = event, target
            self._followed, self._over_at = False, None
            self._began_at, self._front = time.monotonic(), self._app.screen
            self._older = set(self._app.workers)
        return False

    def given(self, event: Event, *, over: bool) -> None:
        """``event`` went its way; ``over`` when it has ended here, by a command or without."""
        if event is self._under_way:
            if over:
                self._over_at = time.monotonic()
            if self._waiting:
                self._follow()
        elif self._under_way is None:
            self._release()

    @property
    def _settled(self) -> bool:
        return self._over_at is not None and time.monotonic() - self._over_at > _SETTLED

    @property
    def _opening(self) -> bool:
        """Is what the key under way has begun still to open, or to fill, the dialog of its own?"""
        if time.monotonic() - self._began_at > OPENING:
            return False
        front = self._app.screen
        if not front.is_mounted:
            return True
        begun = [w for w in self._app.workers if not w.is_finished and w not in self._older]
        if front is self._front:
            if self._stops and isinstance(front, ModalScreen):
                return False
            begun = [w for w in begun if w.group not in _FILLING]
            return any(w.node is self._app or _within(w.node, front) for w in begun)
        return any(w.group == QUERY and _within(w.node, front) for w in begun)

    @property
    def _stops(self) -> bool:
        """Is Esc the next? In a dialog it may be there to stop the very work."""
        waiting = self._waiting[0] if self._waiting else None
        return isinstance(waiting, Key) and waiting.key == "escape"

    def _done(self, event: Event) -> None:
        if event is not self._under_way:
            return
        if self._opening:
            self._app.set_timer(_LOOK, partial(self._done, event))
        else:
            self._under_way = self._over_at = None
            self._release()

    def _release(self) -> None:
        if self._waiting and self._released is None:
            self._released = self._waiting.popleft()
            self._app.post_message(self._released)

    def _follow(self) -> None:
        """Learn when the key under way is done, also where a widget kept it to itself."""
        if self._under_way is not None and not self._followed:
            self._followed = True
            self._app.set_timer(LONGEST, partial(self._done, self._under_way))
            self._climb(self._given_to, self._under_way, 2)

    def _climb(self, node: DOMNode | None, event: Event, again: int) -> None:
        """Behind ``event`` from queue to queue, and again behind what its command has set off
        there; then behind what is put off in the application's own, like giving the focus."""
        while node is not None and node is not self._app:
            if node.call_later(self._climb, node.parent, event, again):
                return
            node = node.parent
        if again:
            self._app.call_later(self._climb, self._given_to, event, again - 1)
        else:
            self._app.call_later(self._app.call_later, self._done, event)


def _within(node: DOMNode, front: Screen[Any]) -> bool:
    return node.is_attached and node.screen is front
