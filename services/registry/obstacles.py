"""Why an e-mail server may not send now, and when that ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.language import _
from services.registry import direction, limits
from services.store.models import EmailServer, Function, Health, Kind


class Wait(StrEnum):
    """What an e-mail in the queue waits for.

    Its turn; the time of its next attempt; a mailbox that may be used; the end of a pause, that
    the provider's answers asked for or that a person made; a limit to be renewed.
    """

    TURN = "turn"
    TIME = "time"
    MAILBOX = "mailbox"
    PAUSE = "pause"
    PAUSED_BY_HAND = "paused_by_hand"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """``words`` continue a sentence that begins with the mailbox; ``until`` is when it ends by itself."""

    wait: Wait
    words: str
    until: datetime | None = None


def of(server: EmailServer, at: datetime) -> Obstacle | None:
    """What stands between ``server`` and sending, the worst first; None when nothing does."""
    if server.inactive_code is not None:
        words = _("foi inativada (AADSTS{code}): {reason}").format(
            code=server.inactive_code, reason=direction.shown(server.inactive_reason) or ""
        )
        return Obstacle(Wait.MAILBOX, words)
    if not server.active:
        relay = server.kind == Kind.RELAY
        words = _("está desativado: só o parceiro pode ativá-lo") if relay else _("está inativa")
        return Obstacle(Wait.MAILBOX, words)
    found = direction.condition(server, Function.SEND)
    if found.health == Health.DOWN:
        words = _("recusou o acesso várias vezes seguidas: {reason}").format(reason=found.reason)
        return Obstacle(Wait.MAILBOX, words)
    if server.paused_by is not None:
        words = _("foi pausada por {who}").format(who=server.paused_by)
        return Obstacle(Wait.PAUSED_BY_HAND, words)
    if server.paused_until is not None and server.paused_until > at:
        words = _("está em pausa: {reason}").format(reason=found.reason or "")
        return Obstacle(Wait.PAUSE, words.rstrip(": "), server.paused_until)
    if server.full_until is not None and server.full_until > at:
        words = limits.reached(limits.limits_of(server), server.full_per)
        return Obstacle(Wait.LIMIT, words, server.full_until)
    return None


def with_time(obstacle: Obstacle) -> str:
    """The words with the time, in UTC: for what is kept on record."""
    if obstacle.until is None:
        return obstacle.words
    words = (
        _("{why}; continua às {until} UTC")
        if obstacle.wait == Wait.LIMIT
        else _("{why} (até {until} UTC)")
    )
    return words.format(why=obstacle.words, until=f"{obstacle.until:%d/%m %H:%M}")
