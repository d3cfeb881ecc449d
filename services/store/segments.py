"""Large bytes beside SQLite's file, written once; a row of the database says where they begin.

What goes into SQLite's file is written twice, through its log, and each time through the system's
cache. Messages are most of what is written and are seldom read again: they go into files of their
own, at their end, past the cache. A file belongs to the process that writes it; what a process was
killed over is referred to by nobody, and goes with the file (:func:`services.store.sweeping.sweep`).
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import re
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from services.clock import now
from services.disk import flush, reason
from services.errors import Unavailable
from services.language import _

# A file that is this long gets no more: most of what is in one is of the same days, and goes together.
_FULL = 64 * 2**20
NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
# What disks are written in without the cache, and how much at once.
_BLOCK = 4_096
_AT_ONCE = 2**20


class Place(NamedTuple):
    """Where bytes are: the name of a file in the folder, the byte in it, and how many."""

    segment: str
    position: int
    size: int


@dataclass(slots=True)
class _Open:
    name: str
    descriptor: int
    end: int = 0


class Segments:
    """The files of one folder, of which this process writes one at a time. For any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open: _Open | None = None
        self._before: _Open | None = None
        self._buffer: mmap.mmap | None = None

    def append(self, pieces: Sequence[bytes]) -> list[Place]:
        """Where each piece is; all of them outlive the power by then.

        Raises :class:`Unavailable` saying why they cannot be kept.
        """
        with self._lock:
            try:
                segment = self._open = self._open or self._begun()
                places = []
                at = segment.end
                for piece in pieces:
                    places.append(Place(segment.name, at, len(piece)))
                    at += len(piece)
                segment.end = self._written(segment, pieces)
                os.fdatasync(segment.descriptor)
            except OSError as e:
                # What is there now is not known; nobody refers to it.
                self._finish()
                raise Unavailable(
                    _("Não foi possível gravar em {path}: {error}").format(
                        path=self.folder, error=reason(e)
                    )
                ) from e
            if segment.end >= _FULL:
                self._finish()
            return places

    def read(self, place: Place) -> bytes | None:
        """The bytes at ``place``; None where they are no longer.

        Raises :class:`Unavailable` saying why the file cannot be read.
        """
        file = self.folder / place.segment
        try:
            descriptor = os.open(file, os.O_RDONLY)
            try:
                found = os.pread(descriptor, place.size, place.position)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            return None
        except OSError as e:
            raise Unavailable(
                _("Não foi possível ler {path}: {error}").format(path=file, error=reason(e))
            ) from e
        return found if len(found) == place.size else None

    def close(self) -> None:
        """Leave the file to whoever tidies up."""
        with self._lock:
            self._finish()
            self._let_go()
            if self._buffer is not None:
                self._buffer.close()
                self._buffer = None

    def _begun(self) -> _Open:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Held until it is closed, whatever becomes of the process: nobody tidies it away.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _set_direct(descriptor, True)
            flush(self.folder)
            flush(self.folder.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return _Open(name, descriptor)

    def _finish(self) -> None:
        """Begin another next time; all that is on its way to the database is in the last two."""
        if self._open is not None:
            self._let_go()
            self._before, self._open = self._open, None

    def _let_go(self) -> None:
        if self._before is not None:
            os.close(self._before.descriptor)
            self._before = None

    def _written(self, segment: _Open, pieces: Sequence[bytes]) -> int:
        """Write the pieces one behind the other and give the end, which is a block's."""
        buffer = self._buffer = self._buffer or mmap.mmap(-1, _AT_ONCE)
        at, filled = segment.end, 0
        for piece in pieces:
            taken = 0
            while taken < len(piece):
                part = piece[taken : taken + _AT_ONCE - filled]
                buffer[filled : filled + len(part)] = part
                taken += len(part)
                filled += len(part)
                if filled == _AT_ONCE:
                    _write(segment.descriptor, buffer, filled, at)
                    at, filled = at + filled, 0
        blocks = -(-filled // _BLOCK) * _BLOCK
        buffer[filled:blocks] = bytes(blocks - filled)
        _write(segment.descriptor, buffer, blocks, at)
        return at + blocks


def _write(descriptor: int, buffer: mmap.mmap, size: int, at: int) -> None:
    done = 0
    with memoryview(buffer) as view:
        while done < size:
            try:
                done += os.pwrite(descriptor, view[done:size], at + done)
            except OSError as e:
                if e.errno != errno.EINVAL or not _is_direct(descriptor):
                    raise
                # Whatever this disk wants for that, it takes it through the cache.
                _set_direct(descriptor, False)


def _is_direct(descriptor: int) -> bool:
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT)


def _set_direct(descriptor: int, direct: bool) -> None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    with suppress(OSError):
        fcntl.fcntl(
            descriptor, fcntl.F_SETFL, flags | os.O_DIRECT if direct else flags & ~os.O_DIRECT
        )
