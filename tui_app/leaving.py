"""What leaving the program now would lose or break off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.screen import Screen

from screens.dialogs.manners import Holding
from screens.widgets.form import Form
from services.language import _
from tui_app.works import Works


def losses(screens: Iterable[Screen[Any]], works: Works) -> list[str]:
    """In sentences; empty when nothing would be."""
    lost = []
    if any(_holds(screen) for screen in screens):
        lost.append(_("O que foi digitado e não foi salvo se perde."))
    lost += [
        _("{title}: para no meio; o que já foi feito fica feito.").format(title=bulk.title)
        for bulk in works.running
    ]
    return lost


def _holds(screen: Screen[Any]) -> bool:
    return (isinstance(screen, Holding) and screen.unsaved) or any(
        form.typed for form in screen.query(Form)
    )
