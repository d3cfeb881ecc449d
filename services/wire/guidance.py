"""What a provider asks of a person before a mailbox works, and which failures that cures (R51).

The words are those of the providers' pages now (``guidance_topics.py``); the names that they had
before are still found, with what became of them. Nothing is looked up outside this machine.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from services.language import chosen
from services.wire.presets import Preset, preset_for, preset_of_host

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


def topics() -> tuple[Guidance, ...]:
    """Every topic in the language in force, by provider."""
    return _topics(chosen())


def topic(key: str) -> Guidance | None:
    """The topic of that key."""
    return next((t for t in topics() if t.key == key), None)


def for_address(
    email: str, host: str | None = None, protocol: str | None = None
) -> tuple[Guidance, ...]:
    """The topics of the address's provider, the first to read first; none for an unknown one.

    A known ``host`` tells the provider of a domain of one's own; ``protocol`` leaves out what
    does not concern that direction.
    """
    preset = provider_of(email, host)
    if preset is None:
        return ()
    return tuple(
        t
        for t in topics()
        if t.provider == preset.key and (protocol is None or protocol in t.protocols)
    )


def line_for(email: str, host: str | None = None, protocol: str | None = None) -> str:
    """In a few words what the provider asks, or "" (see :attr:`Guidance.line`)."""
    return next((t.line for t in for_address(email, host, protocol) if t.line), "")


def for_failure(
    kind: str, stage: str, protocol: str, *, email: str = "", host: str | None = None
) -> tuple[Guidance, ...]:
    """The topics that cure a failure, the likeliest first; none when no guidance does (R51).

    Those of the provider come before those that hold anywhere. Only the provider's own are
    offered for an answer that any server may give, such as a refused password.
    """
    preset = provider_of(email, host)
    own = preset.key if preset is not None else ""
    curing = [t for t in topics() if _cures(t, kind, stage, protocol)]
    return (
        *(t for t in curing if t.provider and t.provider == own),
        *(t for t in curing if not t.provider and not _answered(curing, own)),
    )


def search(words: str) -> tuple[Guidance, ...]:
    """The topics in which every word is found; accents and case do not matter, old names count.

    Those whose title or old names hold the words come first.
    """
    first = [t for t in topics() if holds(_head(t), words)]
    more = (t for t in topics() if t not in first and holds(f"{_head(t)} {_body(t)}", words))
    return (*first, *more)


def holds(text: str, words: str) -> bool:
    """True when every word is in ``text``; accents and case do not matter."""
    folded = fold(text)
    return all(fold(word) in folded for word in words.split())


def provider_of(email: str, host: str | None = None) -> Preset | None:
    """The provider behind a known host, otherwise the one of the address."""
    return (preset_of_host(host) if host else None) or preset_for(email)


def fold(text: str) -> str:
    """``text`` without accents and case."""
    spread = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in spread if not unicodedata.combining(c))


@lru_cache(maxsize=2)
def _topics(_language: str) -> tuple[Guidance, ...]:
    # Imported here, because it is written in the terms of this module.
    from services.wire import guidance_topics

    return guidance_topics.all_topics()


def _cures(topic: Guidance, kind: str, stage: str, protocol: str) -> bool:
    return any(
        kind in cure.kinds and stage in cure.stages and protocol in cure.protocols
        for cure in topic.cures
    )


def _answered(curing: list[Guidance], own: str) -> bool:
    return any(t.provider and t.provider == own for t in curing)


def _head(topic: Guidance) -> str:
    return " ".join((topic.name, topic.title, topic.line, *(o.term for o in topic.old_terms)))


def _body(topic: Guidance) -> str:
    steps = (f" {step.text} {step.address}" for step in topic.steps)
    return " ".join((*steps, *(old.now for old in topic.old_terms)))
