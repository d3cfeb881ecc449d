"""What the program stands on: versions, and whether it is compiled."""

from __future__ import annotations

import importlib.util
import platform
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from services.language import _
from services.settings import Settings
from tui_app.checkup.check import Check
from tui_app.checkup.version import version as own_version

# The rare corruption when a WAL file starts over: mended in these, release by release.
_WAL_MENDED = ((3, 44, 6), (3, 50, 7))
_WAL_MENDED_FROM = (3, 51, 3)


def look(settings: Settings) -> Iterator[Check]:
    """Carteiro itself, Python, SQLite, OpenSSL, Textual and the compiled program."""
    yield Check("carteiro", True, own_version())
    new = sys.version_info >= (3, 11)
    yield Check(
        "python",
        new,
        platform.python_version(),
        "" if new else _("Use Python 3.11 ou mais novo"),
    )
    yield _sqlite(settings)
    yield Check("openssl", True, ssl.OPENSSL_VERSION)
    try:
        yield Check("textual", True, version("textual"))
    except PackageNotFoundError:
        yield Check("textual", False, _("não instalado"), _("Instale de novo o Carteiro"))
    spec = importlib.util.find_spec("services.errors")
    present = spec is not None and spec.cached is not None and Path(spec.cached).is_file()
    yield Check(
        "bytecode",
        True,
        _("compilado") if present else _("não compilado"),
        ""
        if present
        else _("Compile (python -m compileall): a abertura fica três vezes mais rápida"),
    )


def _sqlite(settings: Settings) -> Check:
    found = sqlite3.sqlite_version_info
    mended = found >= _WAL_MENDED_FROM or any(
        found[:2] == release[:2] and found >= release for release in _WAL_MENDED
    )
    cure = ""
    if settings.is_sqlite and not mended:
        cure = _(
            "Esta versão tem uma falha rara do modo WAL: mantenha o arquivo em um só computador, "
            "faça backups, e atualize o SQLite quando puder"
        )
    return Check("sqlite", True, ".".join(map(str, found)), cure)
