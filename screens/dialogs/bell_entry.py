"""An entry of the bell, and the way to what it speaks of (R52)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from screens.commands import Command
from screens.dialogs.details import Details, Facts
from services.language import _, later


class BellEntryDetails(Details):
    """Shows what ``load`` brings; ``go`` leads to the cause, None where there is none."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "bell_entry.go",
            "g",
            later("Ir à causa"),
            "go",
            later("Abre o e-mail, o documento ou a quarentena de que se fala"),
            order=2,
            when=lambda d: d.go is not None,
        ),
    )

    def __init__(
        self, load: Callable[[], Awaitable[Facts]], go: Callable[[], Awaitable[None]] | None
    ) -> None:
        super().__init__(_("Notificação"), load)
        self.go = go

    async def action_go(self) -> None:
        """To the cause."""
        if self.go is not None:
            await self.dismiss()
            await self.go()
