"""What a key that switches on or off would do now, in the words of the key line."""

from __future__ import annotations

from collections.abc import Iterable

from services.language import later
from services.registry import pausing
from services.registry.mailboxes import MailboxView
from services.registry.server_views import ServerView


def switching_words(active: Iterable[bool]) -> str:
    """Marked for the catalogue: whatever is on goes off first, as what is mixed does."""
    return later("Inativar") if any(active) else later("Ativar")


def pausing_words(view: MailboxView | ServerView | None) -> str:
    """Marked for the catalogue: what is paused is resumed."""
    paused = view is not None and pausing.is_paused(view)
    return later("Retomar") if paused else later("Pausar")
