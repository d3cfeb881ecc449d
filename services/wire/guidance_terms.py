"""The terms in which guidance is written: steps, old names, and the failures that it cures (R51)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Protocol = Literal["smtp", "pop"]
SENDING: tuple[Protocol, ...] = ("smtp",)
READING: tuple[Protocol, ...] = ("pop",)
BOTH: tuple[Protocol, ...] = (*SENDING, *READING)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; ``address`` is what to type in the browser for it, if anything."""

    text: str
    address: str = ""

    @property
    def typed(self) -> str:
        """The address as one types it: no browser asks for the scheme."""
        return self.address.removeprefix("https://")


@dataclass(frozen=True, slots=True)
class OldTerm:
    """A name that people still look for, as the provider wrote it, and what became of it."""

    term: str
    now: str


@dataclass(frozen=True, slots=True)
class Cure:
    """A failure that the steps mend: kinds of ``server_replies.csv``, at ``stages`` of a talk.

    ``protocols`` are the directions: "smtp" sends, "pop" reads.
    """

    kinds: frozenset[str]
    stages: frozenset[str]
    protocols: tuple[Protocol, ...]


@dataclass(frozen=True, slots=True)
class Guidance:
    """One topic. ``provider`` is a preset's key, or "" for what holds anywhere.

    ``line`` says in a few words what is asked, for a form; "" where a form need not say it.
    ``protocols`` are the directions that it concerns.
    """

    key: str
    provider: str
    name: str
    title: str
    steps: tuple[Step, ...]
    line: str = ""
    protocols: tuple[Protocol, ...] = BOTH
    old_terms: tuple[OldTerm, ...] = ()
    cures: tuple[Cure, ...] = ()

    def numbered(self) -> list[str]:
        """The steps as "1. …", the address after its step."""
        return [
            f"{n}. {step.text}" + (f" ({step.address})" if step.address else "")
            for n, step in enumerate(self.steps, 1)
        ]

    def short(self, most: int) -> list[str]:
        """The first ``most`` steps in as few letters as they take."""
        return [
            f"{n}. {step.text}" + (f" ({step.typed})" if step.address else "")
            for n, step in enumerate(self.steps[:most], 1)
        ]

    def renamed(self) -> list[str]:
        """The old names with what became of them, those of the same fate in one line."""
        return [
            ", ".join(f"“{old.term}”" for old in self.old_terms if old.now == now) + f": {now}."
            for now in dict.fromkeys(old.now for old in self.old_terms)
        ]

    @property
    def address(self) -> str:
        """The first address to open, or ""."""
        return next((step.address for step in self.steps if step.address), "")


def at_login(*kinds: str, protocols: tuple[Protocol, ...] = BOTH) -> Cure:
    """The cure of refused logins of those kinds."""
    return Cure(frozenset(kinds), frozenset({"login"}), protocols)


def old_names(now: str, *terms: str) -> tuple[OldTerm, ...]:
    """Several names of which the same has become."""
    return tuple(OldTerm(term, now) for term in terms)
