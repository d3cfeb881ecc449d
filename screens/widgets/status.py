"""Every state in a word of its own, and a tone that only supports the word."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from services.language import later, said
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


_STATES: dict[str, tuple[str, str, Tone]] = {
    # mailboxes and servers
    "active": ("●", later("Ativa"), Tone.GOOD),
    "inactive": ("○", later("Inativa"), Tone.MUTED),
    "inactivated": ("▲", later("Inativada"), Tone.BAD),
    "paused": ("◌", later("Pausada"), Tone.WARN),
    "full": ("◌", later("No limite"), Tone.WARN),
    "healthy": ("●", later("Funcionando"), Tone.GOOD),
    "reading": ("▸", later("Lendo"), Tone.BUSY),
    "ok": ("●", later("Funcionando"), Tone.GOOD),
    "unknown": ("◌", later("Sem teste"), Tone.MUTED),
    "failing": ("▲", later("Com falha"), Tone.BAD),
    "down": ("▲", later("Parada"), Tone.BAD),
    "not_sending": ("▲", later("Sem envio"), Tone.BAD),
    "not_reading": ("▲", later("Sem leitura"), Tone.BAD),
    # users
    "enabled": ("●", later("Ativo"), Tone.GOOD),
    "disabled": ("○", later("Inativo"), Tone.MUTED),
    # outbox
    "queued": ("◌", later("Na fila"), Tone.BUSY),
    "sending": ("▸", later("Enviando"), Tone.BUSY),
    "sent": ("●", later("Enviado"), Tone.GOOD),
    "deferred": ("◌", later("Adiado"), Tone.WARN),
    "failed": ("▲", later("Falhou"), Tone.BAD),
    "uncertain": ("?", later("Incerto"), Tone.WARN),
    "cancelled": ("○", later("Cancelado"), Tone.MUTED),
    # documents
    "imported": ("●", later("Importado"), Tone.GOOD),
    "quarantined": ("▲", later("Quarentena"), Tone.WARN),
    "stored": ("◌", later("Guardada"), Tone.BUSY),
    "nothing": ("·", later("Nada fiscal"), Tone.MUTED),
    "resolved": ("●", later("Resolvido"), Tone.GOOD),
    "rejected": ("○", later("Rejeitado"), Tone.MUTED),
    "duplicate": ("○", later("Repetido"), Tone.MUTED),
    # notifications
    "unread": ("●", later("Nova"), Tone.STRONG),
    "read": ("○", later("Lida"), Tone.MUTED),
    "information": ("○", later("Informação"), Tone.BUSY),
    "warning": ("▲", later("Aviso"), Tone.WARN),
    "error": ("▲", later("Erro"), Tone.BAD),
    # steps
    "pending": ("·", later("aguarda"), Tone.MUTED),
    "running": ("▸", later("em andamento"), Tone.BUSY),
    "passed": ("✓", later("certo"), Tone.GOOD),
}


def word(state: str) -> str:
    """The word of ``state`` in the language of the program; an unknown state is shown as it is."""
    known = _STATES.get(state)
    return said(known[1]) if known else safe(state, 40)


def mark(state: str) -> str:
    """One cell that tells states apart even without colour."""
    known = _STATES.get(state)
    return known[0] if known else "·"


def tone(state: str) -> Tone:
    """The tone of ``state``."""
    known = _STATES.get(state)
    return known[2] if known else Tone.MUTED


def cell(state: str) -> tuple[str, Tone]:
    """``state`` as a cell of a ``WindowList``: mark and word, with its tone."""
    return f"{mark(state)} {word(state)}", tone(state)


def widest(states: Iterable[str]) -> int:
    """The room that cells of ``states`` take, in the language of the program."""
    return max(len(cell(state)[0]) for state in states)


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
