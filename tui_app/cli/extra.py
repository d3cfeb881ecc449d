"""``extra``: the optional library that prints DANFEs, where the launcher made the installation (R31)."""

from __future__ import annotations

import os
import subprocess
from argparse import ArgumentParser
from pathlib import Path

from services.errors import Refused, Unavailable
from services.language import _, chosen
from tui_app.cli.context import Context
from tui_app.cli.parser import act

_LAUNCHER = Path(__file__).parents[2] / "carteiro"


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro extra danfe\n  carteiro extra none", _extra)
    group.add_argument(
        "name",
        choices=("danfe", "none"),
        metavar="danfe|none",
        help=_("danfe: os documentos seguem com o DANFE em PDF; none: só em XML"),
    )


def _extra(context: Context) -> None:
    from services.registry import access

    name = context.args.name
    access.require_owner(context.settings, context.args.as_user)
    if not os.access(_LAUNCHER, os.X_OK):
        raise Refused(
            _(
                "Este Carteiro foi instalado com pip: é também com pip que se instala o extra danfe "
                "(pip install .[danfe])"
            ),
            field="name",
        )
    done = subprocess.run(  # noqa: S603 - the launcher beside this very program
        [_LAUNCHER, "extra", name],
        env=os.environ | {"LC_ALL": f"{chosen()}.UTF-8"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    told = done.stderr.strip()
    if done.returncode:
        raise Unavailable(_("Nada mudou: {why}").format(why=told), field="name")
    context.out.give({"extra": name}, lambda: context.out.block(told))
