"""The terminal that a console is to be drawn on, before anything is loaded for it."""

from __future__ import annotations

import os
import sys

from services.errors import Refused
from services.language import _


def take() -> None:
    """Refuse where there is no terminal; forget what would steer the screens from outside."""
    if not sys.stdin.isatty():
        raise Refused(_("O console precisa de um terminal; veja carteiro --help"))
    # Nobody's console needs these: a driver is any class, a log any path.
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]
