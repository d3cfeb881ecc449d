"""The folder of one demonstration: private, held by its process, gone with it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

_PREFIX = "carteiro-demo-"


class Home:
    """``path`` is a new folder of mode 0700; it goes when the block ends.

    What a killed demonstration left behind goes first. The process holds its folder by a lock,
    which ends with the process however that ends.
    """

    def __init__(self) -> None:
        sweep()
        self.path, self._lock = _new()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep() -> None:
    """Remove the folders of this account's demonstrations that nobody holds any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = _hold(folder, wait=False)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _new() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _hold(folder, wait=True)
        # Somebody who sweeps may have come between the two.
        if lock is not None and folder.is_dir():
            return folder, lock
        if lock is not None:
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
