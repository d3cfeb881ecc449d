"""The terminal that a console is to be drawn on, before anything is loaded for it.

What each variable does is told in docs/terminals.md.
"""

from __future__ import annotations

import os
import sys

from services.errors import Refused
from services.language import _

_NO_SCREEN = ("dumb", "unknown")
_NO_COLOURS = ("vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "xterm-mono")
_ESCAPE_MS = "25"
"""How long an Esc is waited on for what would make a key of it; ``ESCDELAY`` says otherwise."""


def take() -> None:
    """Refuse where no screen can be drawn; forget what would steer the screens from outside."""
    if not sys.stdin.isatty():
        raise Refused(_("O console precisa de um terminal; veja carteiro --help"))
    term = os.environ.get("TERM", "")
    if term in _NO_SCREEN:
        words = _(
            "Este terminal informa TERM={term}, que não permite desenhar telas: use outro "
            "terminal, ou os comandos; veja carteiro --help"
        )
        raise Refused(words.format(term=term))
    # Nobody's console needs these: a driver is any class, a log any path.
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]
    os.environ.setdefault("ESCDELAY", _ESCAPE_MS)
    if term in _NO_COLOURS:
        os.environ["NO_COLOR"] = "1"
    elif not os.environ.get("NO_COLOR"):
        # Empty counts as absent (no-color.org), which Textual does not know.
        os.environ.pop("NO_COLOR", None)


def takes_mouse() -> bool:
    """Can the mouse be asked for? GNU screen then keeps a lone Esc until the next key."""
    if "TMUX" in os.environ:
        return True
    return "STY" not in os.environ and not os.environ.get("TERM", "").startswith("screen")
