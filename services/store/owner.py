"""The name under which a process claims work, and whether the process of such a name still lives."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def name() -> str:
    """A name for one claimant of this process, never given twice."""
    return f"{_process(os.getpid())}/{secrets.token_hex(4)}"


def is_here(owner: str) -> bool:
    """True when the process of ``owner`` runs, or ran, here: where :func:`is_gone` can tell."""
    return owner.partition("/")[0] == _world()


def is_gone(owner: str) -> bool:
    """True only when the process of ``owner`` ran here and has certainly ended.

    False for another host or container, of which nothing can be known from here.
    """
    world, _, rest = owner.rpartition("/")[0].partition("/")
    pid, _, started = rest.partition("/")
    if world != _world() or not pid.isdigit():
        return False
    return _started(int(pid)) != started


@cache
def _process(pid: int) -> str:
    return f"{_world()}/{pid}/{_started(pid)}"


# A process of another generation may have had its number.
os.register_at_fork(after_in_child=_process.cache_clear)


@cache
def _world() -> str:
    # Process numbers mean something only within one boot and one process namespace.
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()[:13]
        return f"{boot}.{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return f"unknown.{secrets.token_hex(8)}"


def _started(pid: int) -> str:
    """When the process started, in ticks since boot; "" when there is none (or only its corpse)."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]
