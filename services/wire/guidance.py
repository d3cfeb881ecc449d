"""What a provider asks of a person before a mailbox works, and which failures that cures (R51).

The words are those of the providers' pages now (``guidance_topics.py``); the names that they had
before are still found, with what became of them. Nothing is looked up outside this machine.
"""

from __future__ import annotations

from functools import lru_cache

from services.folding import holds
from services.language import chosen
from services.wire import guidance_topics
from services.wire.guidance_terms import Guidance
from services.wire.presets import Preset, preset_for, preset_of_host


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


def provider_of(email: str, host: str | None = None) -> Preset | None:
    """The provider behind a known host, otherwise the one of the address."""
    return (preset_of_host(host) if host else None) or preset_for(email)


@lru_cache(maxsize=2)
def _topics(_language: str) -> tuple[Guidance, ...]:
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
