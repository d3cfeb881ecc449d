"""``key``: the master key under which the passwords are kept."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions

if TYPE_CHECKING:
    from services.store import rotation


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    actions.add("show", _("onde ela está e sua impressão digital"), "carteiro key show", _show)
    rotate = actions.add(
        "rotate",
        _("cria uma chave nova e cifra tudo de novo"),
        "carteiro key rotate\n  carteiro key rotate --to /etc/credstore/carteiro.key.novo",
        _rotate,
    )
    rotate.add_argument(
        "--to",
        metavar=_("ARQUIVO"),
        help=_("quando a chave vem do systemd ou do chaveiro: onde gravar a nova"),
    )


def _show(context: Context) -> None:
    from services.registry import access

    access.require_owner(context.settings, context.args.as_user)
    store = context.office.store
    with store.reading() as session:
        place, known_by = store.vault.check(session), store.vault.fingerprint(session)
    context.out.give(
        {"place": place or None, "key": known_by},
        lambda: context.out.facts(
            (
                (_("Lugar"), place or _("ainda não há segredos guardados")),
                (_("Impressão digital"), known_by),
            )
        ),
    )


def _rotate(context: Context) -> None:
    from services.registry import access, audit
    from services.store import rotation

    access.require_owner(context.settings, context.args.as_user)
    done = rotation.rotate(
        context.office.store,
        lambda session, key: audit.record_upkeep(session, "rotate_key", {"key": key}),
        Path(context.args.to) if context.args.to else None,
    )
    context.out.give(done, lambda: _say(context, done))


def _say(context: Context, done: rotation.Rotated) -> None:
    kept = [] if done.old_file is None else [(_("Chave anterior"), done.old_file)]
    context.out.facts(
        [
            (_("Chave nova"), done.key),
            (_("Arquivo"), done.file),
            *kept,
            (_("Segredos cifrados de novo"), done.secrets),
        ]
    )
    if done.old_file is None:
        context.out.say(
            _("Ponha o arquivo no lugar da chave anterior e reinicie consoles e workers.")
        )
    context.out.say(
        _(
            "Os backups feitos até agora só abrem com a chave anterior: guarde-a enquanto precisar "
            "deles."
        )
    )
