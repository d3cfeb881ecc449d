"""Files that people bring to and take from the console: one folder, and no way out of it.

Whoever works over a forced SSH command chooses among the files in ``csv`` of the state folder
and names none: what is elsewhere on the machine is neither read nor written.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.disk import flush, is_there, reason
from services.errors import Conflict, NotFound, Refused, Unavailable
from services.language import _
from services.safe_text import safe
from services.settings import Settings

MOST_BYTES = 20 * 2**20
_FOLDER = "csv"
_DRAFT = re.compile(r"\..+\.[0-9a-f]{8}")
_LEFT_SECONDS = 3_600
# What file systems say that know no second name for a file.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@dataclass(frozen=True, slots=True)
class ExchangeFile:
    """A file that waits to be imported; ``size`` in bytes."""

    name: str
    size: int
    changed_at: datetime


def folder(settings: Settings) -> Path:
    """Where the files are, made when it is missing: of its owner alone."""
    path = settings.home / _FOLDER
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as e:
        raise _trouble(path, e) from e
    return path


def files(settings: Settings) -> list[ExchangeFile]:
    """The plain files there, the newest first; links and folders are not listed."""
    found = []
    try:
        with os.scandir(folder(settings)) as entries:
            for entry in entries:
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    # Gone since, as a draft that has its name now.
                    continue
                if stat.S_ISREG(told.st_mode):
                    changed = datetime.fromtimestamp(told.st_mtime, UTC)
                    found.append(ExchangeFile(entry.name, told.st_size, changed))
    except OSError as e:
        raise _trouble(settings.home / _FOLDER, e) from e
    return sorted(found, key=lambda file: (file.changed_at, file.name), reverse=True)


def read(settings: Settings, name: str) -> bytes:
    """The bytes of one of :func:`files`; at most :data:`MOST_BYTES`, no link is followed.

    Raises :class:`NotFound`, and :class:`Refused` for one that is larger.
    """
    path = folder(settings) / _plain(name)
    try:
        with open(path, "rb", opener=no_link) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unknown(name)
            data = file.read(MOST_BYTES + 1)
    except OSError as e:
        raise _unknown(name) from e
    if len(data) > MOST_BYTES:
        raise Refused(
            _("O arquivo {name} tem mais de {most} MB: divida-o").format(
                name=safe(name, 80), most=MOST_BYTES // 2**20
            )
        )
    return data


def no_link(path: str, flags: int) -> int:
    """An opener for :func:`open`: no link is followed, no pipe waited for, no folder left open."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def place(settings: Settings, name: str) -> Path:
    """Where a file of that name is to be written; :class:`NotFound` for what leads elsewhere."""
    return folder(settings) / _plain(name)


def tidy(settings: Settings) -> int:
    """Take away what killed processes left half-written there; how many files.

    Only what has the name of a draft and has not been written to for an hour.
    """
    gone = 0
    with suppress(OSError), os.scandir(settings.home / _FOLDER) as entries:
        for entry in entries:
            if not _DRAFT.fullmatch(entry.name):
                continue
            told = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(told.st_mode) and told.st_mtime < time.time() - _LEFT_SECONDS:
                Path(entry.path).unlink(missing_ok=True)
                gone += 1
    return gone


class Draft:
    """A file for people to take, at :func:`place` or where they say: whole or not at all.

    For its owner only. ``file`` is written to, then :meth:`keep` puts it in its place or
    :meth:`drop` takes it away. One that is there already is replaced only with ``force``:
    :class:`Conflict` otherwise; :class:`Refused` for a place that cannot be written to.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        self._path, self._force = path, force
        if not force and is_there(path):
            raise _exists(path)
        self._beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW
            self.file = os.fdopen(os.open(self._beside, flags, 0o600), "w+b")
        except OSError as e:
            raise not_written(path, e) from e

    def keep(self) -> None:
        """It is whole: it appears, durably."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            if self._force:
                self._beside.replace(self._path)
            else:
                _appear(self._beside, self._path)
            # Some file systems do not let a folder be opened for it: the name is there all the same.
            with suppress(OSError):
                flush(self._path.parent)
        except FileExistsError as e:
            self.drop()
            raise _exists(self._path) from e
        except OSError as e:
            self.drop()
            raise not_written(self._path, e) from e

    def drop(self) -> None:
        """It does not appear."""
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            self._beside.unlink()


def write(path: Path, pieces: Iterable[bytes], *, force: bool = False) -> int:
    """Write a whole file, as a :class:`Draft`; how many pieces."""
    draft = Draft(path, force=force)
    count = 0
    try:
        for piece in pieces:
            draft.file.write(piece)
            count += 1
    except OSError as e:
        draft.drop()
        raise not_written(path, e) from e
    except BaseException:
        draft.drop()
        raise
    draft.keep()
    return count


def _appear(draft: Path, path: Path) -> None:
    """Call ``draft`` by its name at last, unless another file has it; killed here, both names stay."""
    try:
        os.link(draft, path)
    except OSError as e:
        if e.errno not in _NO_LINKS:
            raise
        # A memory stick or a share, where a name can only be held by a file of its own.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            draft.replace(path)
        except OSError:
            path.unlink()
            raise
    else:
        draft.unlink()


def not_written(path: Path, error: OSError) -> Refused:
    """Why a file could not be written, for a person."""
    return Refused(
        _("Não foi possível gravar {path}: {error}").format(path=path, error=reason(error)),
        field="file",
    )


def _exists(path: Path) -> Conflict:
    return Conflict(
        _("O arquivo {path} já existe e não foi sobrescrito").format(path=path), field="file"
    )


def _plain(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise _unknown(name)
    return name


def _unknown(name: str) -> NotFound:
    return NotFound(_("Arquivo {name} não encontrado").format(name=safe(name, 80)), field="file")


def _trouble(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        _("Não foi possível usar {path}: {error}").format(path=path, error=reason(error))
    )
