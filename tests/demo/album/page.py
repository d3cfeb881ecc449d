"""What the documentation pictures: each screen, the keys that lead to it, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Words = tuple[str, str]
"""In Portuguese and in English."""
Way = tuple[tuple[str, ...] | str, ...]
"""Keys, by Textual's names, and what is pasted; after each the screen comes to rest."""
Happening = Literal["astray", "revoked"]
"""What may happen in the demonstration's world: see ``tests/demo/happenings.py``."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``way`` leads there from the first screen.

    ``company`` is the number of the company that is chosen; ``step`` of the guided tour stands over
    the screen; ``user`` is the nickname of who looks, if not of the demonstration's own; ``first_run``:
    nothing is registered yet. What it leaves changed, or what happens ``before``, is seen in no
    other picture: those are taken ``last``.
    """

    name: str
    title: Words
    words: Words
    way: Way = ()
    company: int | None = None
    step: int | None = None
    user: str | None = None
    first_run: bool = False
    before: Happening | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Pictures that belong together."""

    title: Words
    pictures: tuple[Picture, ...]
