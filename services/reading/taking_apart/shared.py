"""Memory through which messages go to the child: copied once, where a pipe copies twice and waits."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator, Sequence

SIZE = 2 * 1024 * 1024


class Shared:
    """The parent's side: writes, and never reads what the child might have written."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("carteiro", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.descriptor, SIZE)
            # A child gone wrong must not cut the memory off under us.
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
            self._memory = mmap.mmap(self.descriptor, SIZE)
        except BaseException:
            os.close(self.descriptor)
            raise

    def put(self, items: Sequence[bytes]) -> bool:
        """Lay ``items`` one behind the other; False when they do not fit."""
        if sum(map(len, items)) > SIZE:
            return False
        at = 0
        for item in items:
            self._memory[at : at + len(item)] = item
            at += len(item)
        return True

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self.descriptor)


def received(memory: mmap.mmap, sizes: Sequence[int]) -> Iterator[bytes]:
    """The child's side: the items, one after the other."""
    at = 0
    for size in sizes:
        yield memory[at : at + size]
        at += size


def opened(descriptor: int) -> mmap.mmap:
    """The child's side: the memory behind an inherited descriptor, for reading."""
    return mmap.mmap(descriptor, SIZE, access=mmap.ACCESS_READ)
