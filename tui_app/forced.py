"""Under a forced command over SSH the client's environment counts for nothing (R54).

``command="carteiro --user ana"`` makes everybody's keys one account's: who acts is told by the
command, and by nothing that a client can send. Which variables came from the client cannot be
seen here (a careless ``AcceptEnv`` lets any pass), so none is believed: of the environment only
what the person's terminal and language are, and what sshd sets itself, is kept.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from services import settings

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL"),  # sshd's own, over whatever is sent
        *("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"),
        *("TERM", "COLORTERM", "NO_COLOR", "LANG", "TZ"),
    }
)
_HOME = "CARTEIRO_HOME"


def over_ssh(environment: MutableMapping[str, str] = os.environ) -> bool:
    """True in a session of sshd, which sets this variable itself whatever the client sends."""
    return bool(environment.get("SSH_CONNECTION"))


def typed() -> bool:
    """Did somebody type this at a shell with job control, and no key's command start it?

    No more than a likeness: good enough to choose words by, not to let anything in by.
    """
    return os.getpgrp() != os.getsid(0)


def forget_client(
    config: str | None, environment: MutableMapping[str, str] = os.environ
) -> list[str]:
    """Drop from the environment all that a client may have sent; gives Carteiro's own among it.

    The settings then come from ``carteiro.toml``. One case is left: where neither ``config`` nor
    the account's own places say anything, ``CARTEIRO_HOME`` stands, for without it (set by the
    command itself, or by sshd's ``SetEnv``) there would be nothing to open.
    """
    home = environment.get(_HOME)
    dropped = [name for name in environment if name not in _KEPT and not name.startswith("LC_")]
    for name in dropped:
        del environment[name]
    own = sorted(name for name in dropped if name.startswith("CARTEIRO_"))
    if home and config is None and not settings.settled():
        environment[_HOME] = home
        own.remove(_HOME)
    return own
