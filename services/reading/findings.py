"""What was found in a message; light to import."""

from __future__ import annotations

from dataclasses import dataclass

from services.fiscal.facts import Facts
from services.reading.problems import Problem


@dataclass(frozen=True, slots=True)
class Found:
    """A fiscal document: where it was, its own bytes, what it says."""

    part_name: str
    xml: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a message holds. Texts are foreign; nothing found and no problem is "no document"."""

    subject: str = ""
    sender: str = ""
    date: str = ""
    message_id: str = ""
    found: tuple[Found, ...] = ()
    problems: tuple[Problem, ...] = ()
