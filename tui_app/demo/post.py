"""The mail accounts of the demonstration, their letters, and how their servers behave."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

NOBODY = "ninguem@cliente.example"
"""An address that every server refuses."""


@dataclass(slots=True)
class Box:
    """An account. ``password`` None: it signs in at Microsoft.

    ``quota`` is how many letters may leave by it, ``slow`` how many seconds it takes for each.
    """

    address: str
    password: str | None
    quota: int | None = None
    slow: float = 0.0
    letters: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0


Opens = Callable[[str, str], bool]
"""Does this access token open the mailbox of that address?"""


class PostOffice:
    """Every account, by address; safe for many threads."""

    def __init__(self, opens: Opens) -> None:
        self._opens = opens
        self._boxes: dict[str, Box] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.refused = 0

    def open(
        self, address: str, password: str | None, *, quota: int | None = None, slow: float = 0.0
    ) -> None:
        """A new account."""
        self._boxes[address] = Box(address, password, quota, slow)

    def admits(self, address: str, secret: str, *, by_token: bool = False) -> Box | None:
        """The account that this secret opens."""
        box = self._boxes.get(address.lower())
        if box is None or by_token is (box.password is not None):
            return None
        known = self._opens(secret, box.address) if by_token else secret == box.password
        return box if known else None

    def may_send(self, box: Box) -> bool:
        """Has the account anything left of its quota?"""
        return box.quota is None or box.sent < box.quota

    def knows(self, recipient: str) -> bool:
        """Is there such a recipient? Everybody is one but :data:`NOBODY`."""
        if recipient.lower() != NOBODY:
            return True
        with self._lock:
            self.refused += 1
        return False

    def send(self, box: Box, recipients: list[str], letter: bytes) -> None:
        """Take a letter: who has an account here gets it, and to all others it is as good as gone."""
        with self._lock:
            box.sent += 1
        for recipient in recipients:
            self.deliver(recipient, letter)

    def deliver(self, address: str, letter: bytes) -> None:
        """Put a letter into an account's mailbox, if there is such an account."""
        box = self._boxes.get(address.lower())
        if box is not None:
            with self._lock:
                box.letters[f"demo{next(self._numbers):08d}"] = letter

    def look(self, box: Box) -> list[tuple[str, bytes]]:
        """The letters of a mailbox with their UIDL, oldest first."""
        with self._lock:
            return list(box.letters.items())

    def drop(self, box: Box, uidls: list[str]) -> None:
        """Delete letters."""
        with self._lock:
            for uidl in uidls:
                box.letters.pop(uidl, None)
