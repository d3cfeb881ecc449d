"""What was found in a message; light to import."""

from __future__ import annotations

from dataclasses import dataclass

from services.fiscal.facts import Facts
from services.reading.taking_apart.problems import Problem


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


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message without parts of its own; size in bytes, once decoded, -1 where it cannot be."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A look into a message; everything in it is foreign text. ``whole`` is False when there are more parts."""

    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    text: str = ""
    whole: bool = True
