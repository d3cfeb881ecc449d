"""How much may leave by a mailbox: its provider's limits, or its own in their place (R34)."""

from __future__ import annotations

from dataclasses import dataclass

from services.language import _, ngettext
from services.store.models import EmailServer
from services.wire.presets import Preset, preset_for, preset_of_host

NAMES = ("most_connections", "most_per_minute", "most_per_day")
"""The columns that take the place of the provider's limits."""
MINUTE, DAY = "minute", "day"


@dataclass(frozen=True, slots=True)
class Limits:
    """At most so many connections at once, messages a minute, and messages (or, with
    ``by_recipient``, recipients) a day; None where nothing is known."""

    connections: int | None = None
    per_minute: int | None = None
    per_day: int | None = None
    by_recipient: bool = False

    @property
    def counts(self) -> bool:
        """Is there anything to count?"""
        return self.per_minute is not None or self.per_day is not None


NO_LIMITS = Limits()
"""Nothing is known."""


def of_provider(host: str | None, email: str) -> Limits:
    """What the provider behind a sending server allows to that address."""
    preset = preset_of_host(host or "")
    if preset is None:
        return NO_LIMITS
    return Limits(
        preset.connections,
        preset.per_minute,
        _per_day(preset, email),
        preset.day_counts == "recipients",
    )


def limits_of(server: EmailServer) -> Limits:
    """What holds for a saved account: its own numbers, 0 for none, before the provider's."""
    usual = of_provider(server.smtp_host, server.email)
    return Limits(
        _first(server.most_connections, usual.connections),
        _first(server.most_per_minute, usual.per_minute),
        _first(server.most_per_day, usual.per_day),
        usual.by_recipient,
    )


def reached(limits: Limits, per: str | None) -> str:
    """That a limit is reached, in words, without when it goes on."""
    if per == MINUTE:
        return _("limite do provedor: {n} por minuto").format(n=limits.per_minute or "—")
    if limits.by_recipient:
        return _("limite do provedor: {n} destinatários por dia").format(n=limits.per_day or "—")
    return _("limite do provedor: {n} por dia").format(n=limits.per_day or "—")


def full_reason(server: EmailServer) -> str | None:
    """Which limit of ``server`` was reached last, in words; None when none was."""
    return reached(limits_of(server), server.full_per) if server.full_per is not None else None


def words(limits: Limits) -> str:
    """All that is known, in one line: "3 conexões · 30 por minuto · 10000 por dia"; else empty."""
    told = []
    if limits.connections is not None:
        n = limits.connections
        told.append(ngettext("{n} conexão", "{n} conexões", n).format(n=n))
    if limits.per_minute is not None:
        told.append(_("{n} por minuto").format(n=limits.per_minute))
    if limits.per_day is not None:
        day = _("{n} destinatários por dia") if limits.by_recipient else _("{n} por dia")
        told.append(day.format(n=limits.per_day))
    return " · ".join(told)


def _per_day(preset: Preset, email: str) -> int | None:
    home = preset_for(email)
    if preset.per_day_own_domain is not None and (home is None or home.key != preset.key):
        return preset.per_day_own_domain
    return preset.per_day


def _first(own: int | None, usual: int | None) -> int | None:
    return usual if own is None else own or None
