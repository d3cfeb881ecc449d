"""What a dialog may be, besides a question: alive, and holding what would be lost."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Live(Protocol):
    """A dialog that shows what others commit while it is open."""

    async def refresh_live(self) -> None:
        """Something was committed, here or elsewhere."""


@runtime_checkable
class Holding(Protocol):
    """A dialog with changes of its own, apart from forms."""

    @property
    def unsaved(self) -> bool:
        """True when leaving would lose something."""
