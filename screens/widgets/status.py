"""Every state in a word of its own, and a tone that only supports the word."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from services.language import _
from services.safe_text import safe

if TYPE_CHECKING:
    from textual.content import Content


class Tone(StrEnum):
    """What a colour says; each theme has one for every tone."""

    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    MUTED = "muted"
    STRONG = "strong"


@cache
def _states() -> dict[str, tuple[str, str, Tone]]:
    return {
        # mailboxes and servers
        "active": ("●", _("Ativa"), Tone.GOOD),
        "inactive": ("○", _("Inativa"), Tone.MUTED),
        "inactivated": ("▲", _("Inativada"), Tone.BAD),
        "paused": ("◌", _("Pausada"), Tone.WARN),
        "full": ("◌", _("No limite"), Tone.WARN),
        "healthy": ("●", _("Funcionando"), Tone.GOOD),
        "ok": ("●", _("Funcionando"), Tone.GOOD),
        "unknown": ("◌", _("Sem teste"), Tone.MUTED),
        "failing": ("▲", _("Com falha"), Tone.BAD),
        "down": ("▲", _("Parada"), Tone.BAD),
        "not_sending": ("▲", _("Sem envio"), Tone.BAD),
        "not_reading": ("▲", _("Sem leitura"), Tone.BAD),
        # users
        "enabled": ("●", _("Ativo"), Tone.GOOD),
        "disabled": ("○", _("Inativo"), Tone.MUTED),
        # outbox
        "queued": ("◌", _("Na fila"), Tone.BUSY),
        "sending": ("▸", _("Enviando"), Tone.BUSY),
        "sent": ("●", _("Enviado"), Tone.GOOD),
        "deferred": ("◌", _("Adiado"), Tone.WARN),
        "failed": ("▲", _("Falhou"), Tone.BAD),
        "uncertain": ("?", _("Incerto"), Tone.WARN),
        "cancelled": ("○", _("Cancelado"), Tone.MUTED),
        # documents
        "imported": ("●", _("Importado"), Tone.GOOD),
        "quarantined": ("▲", _("Quarentena"), Tone.WARN),
        "stored": ("◌", _("Guardada"), Tone.BUSY),
        "nothing": ("·", _("Nada fiscal"), Tone.MUTED),
        "resolved": ("●", _("Resolvido"), Tone.GOOD),
        "rejected": ("○", _("Rejeitado"), Tone.MUTED),
        "duplicate": ("○", _("Repetido"), Tone.MUTED),
        # notifications
        "unread": ("●", _("Nova"), Tone.STRONG),
        "read": ("○", _("Lida"), Tone.MUTED),
        "information": ("○", _("Informação"), Tone.BUSY),
        "warning": ("▲", _("Aviso"), Tone.WARN),
        "error": ("▲", _("Erro"), Tone.BAD),
        # steps
        "pending": ("·", _("aguarda"), Tone.MUTED),
        "running": ("▸", _("em andamento"), Tone.BUSY),
        "passed": ("✓", _("certo"), Tone.GOOD),
    }


def word(state: str) -> str:
    """The word of ``state`` in the language of the program; an unknown state is shown as it is."""
    known = _states().get(state)
    return known[1] if known else safe(state, 40)


def mark(state: str) -> str:
    """One cell that tells states apart even without colour."""
    known = _states().get(state)
    return known[0] if known else "·"


def tone(state: str) -> Tone:
    """The tone of ``state``."""
    known = _states().get(state)
    return known[2] if known else Tone.MUTED


def cell(state: str) -> tuple[str, Tone]:
    """``state`` as a cell of a ``WindowList``: mark and word, with its tone."""
    return f"{mark(state)} {word(state)}", tone(state)


def content(state: str) -> Content:
    """``state`` for a Static: mark and word in the tone's colour."""
    # The command line takes only the words from here, and does without textual.
    from textual.content import Content

    return Content.styled(f"{mark(state)} {word(state)}", STYLES[tone(state)])


STYLES: dict[Tone, str] = {
    Tone.GOOD: "$text-success",
    Tone.BUSY: "$text-primary",
    Tone.WARN: "$text-warning",
    Tone.BAD: "$text-error bold",
    Tone.MUTED: "$text-muted",
    Tone.STRONG: "bold",
}
