"""``audit``."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    Actions(group).add(
        "list",
        _("as últimas alterações, a mais nova primeiro"),
        "carteiro audit list --json",
        _list,
    )


def _list(context: Context) -> None:
    from services.registry import audit

    found = context.ask(audit.entries)
    context.out.give(
        found,
        lambda: context.out.table(
            (_("Quando"), _("Quem"), _("Conta"), _("Empresa"), _("Ação"), _("De"), _("Para")),
            (
                (
                    e.at,
                    e.user,
                    e.os_account,
                    e.company,
                    f"{e.action} {e.entity} {e.entity_id or ''}",
                    _values(e.before),
                    _values(e.after),
                )
                for e in found
            ),
            _("Nenhuma alteração"),
        ),
    )


def _values(values: object) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""
