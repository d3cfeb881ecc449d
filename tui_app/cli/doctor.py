"""``doctor``: what this installation stands on, what is wrong, and how to mend it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence

from services.language import _
from tui_app.checkup import database, program, settings_words, surroundings
from tui_app.checkup.check import Check
from tui_app.cli.context import Context
from tui_app.cli.parser import act


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro doctor\n  carteiro doctor --json", _doctor)
    group.epilog = f"{group.epilog}\n\n{settings_words.listed()}"


def _doctor(context: Context) -> int:
    settings = context.settings
    checks = [*program.look(settings), *database.look(settings), *surroundings.look(settings)]
    context.out.give(checks, lambda: _say(context, checks))
    return 0 if all(check.ok for check in checks) else 1


def _say(context: Context, checks: Sequence[Check]) -> None:
    """All of them at a glance; below, once more, those of which something may be done."""
    context.out.table(
        (_("O quê"), "", _("Detalhe")),
        ((c.name, "ok" if c.ok else _("ERRO"), c.detail) for c in checks),
        "",
    )
    for c in checks:
        if c.cure:
            context.out.say("")
            context.out.say(f"{c.name}: {c.detail}")
            context.out.say(f"{_('O que fazer')}: {c.cure}")
