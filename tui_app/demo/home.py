"""The folder of one demonstration: private, held by its process, gone with it."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "carteiro-demo-"


class Home:
    """``path`` is a folder of mode 0700 from :meth:`make` until :meth:`remove`.

    The process holds it by a lock, which ends with the process however that ends. ``remove`` may
    be called at any time: a signal that ends the program may come in the middle of ``make``.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.gettempdir()) / f"{_PREFIX}{secrets.token_hex(8)}"
        self._lock: int | None = None

    def make(self) -> None:
        """Make the folder, after removing what killed demonstrations left behind."""
        sweep()
        while self._lock is None:
            self.path.mkdir(mode=0o700)
            self._lock = _hold(self.path, wait=True)
            # Somebody who sweeps may have come between the two.
            if self._lock is not None and not self.path.is_dir():
                os.close(self._lock)
                self._lock = None

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep() -> None:
    """Remove the folders of this account's demonstrations that nobody holds any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = _hold(folder, wait=False)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _hold(folder: Path, *, wait: bool) -> int | None:
    """The lock on a folder of our own, None for what is none, is another's or is held."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    with suppress(OSError):
        handle = os.open(folder, flags)
        try:
            if os.fstat(handle).st_uid != os.geteuid():
                raise PermissionError
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            os.close(handle)
            raise
        return handle
    return None
