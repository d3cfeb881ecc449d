"""The last refusal that an e-mail met, explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.store.mail import OutboxState
from services.wire import replies

_REFUSING = re.compile(r"S: ([45]\d\d[ -].*)")
_REFUSED = (OutboxState.FAILED, OutboxState.DEFERRED, OutboxState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Refusal:
    """``reply`` are the server's own words and ``explanation`` ours; ``field`` is that of the
    mailbox's form which mends it, if one does; ``permanent``: repeating unchanged is useless.
    """

    reply: str
    explanation: str
    field: str | None
    permanent: bool


def explained(reply: str) -> Refusal:
    """What a server's reply means (R19)."""
    kind, permanent = replies.classify(reply, protocol="smtp")
    return Refusal(reply, replies.explain(kind), replies.field_of(kind), permanent)


def last(
    recipients: Iterable[tuple[str, str | None]], transcripts: Sequence[str | None]
) -> Refusal | None:
    """The last that was refused: of ``transcripts``, oldest first, or of the recipients' replies.

    ``recipients`` are (state, reply). None when no server has refused anything in words.
    """
    for transcript in reversed(transcripts):
        said = _REFUSING.findall(transcript or "")
        if said:
            return explained(said[-1])
    told = [reply for state, reply in recipients if state in _REFUSED and reply]
    return explained(told[-1]) if told else None
