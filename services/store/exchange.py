"""Files that people bring to and take from the console: one folder, and no way out of it.

Whoever works over a forced SSH command chooses among the files in ``csv`` of the state folder
and names none: what is elsewhere on the machine is neither read nor written.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.errors import Conflict, NotFound, Refused, Unavailable
from services.language import _
from services.safe_text import safe
from services.settings import Settings

MOST_BYTES = 20 * 2**20
_FOLDER = "csv"


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
                told = entry.stat(follow_symlinks=False)
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
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
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


def place(settings: Settings, name: str) -> Path:
    """Where a file of that name is to be written; :class:`NotFound` for what leads elsewhere."""
    return folder(settings) / _plain(name)


def write(path: Path, pieces: Iterable[bytes], *, force: bool = False) -> int:
    """Write a file for people to take, at :func:`place` or where they say; how many pieces.

    It appears whole or not at all, for its owner only. One that is there already is replaced only
    with ``force``: :class:`Conflict` otherwise; :class:`Refused` for a place that cannot be
    written to.
    """
    if not force and path.exists():
        raise _exists(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    count = 0
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        if not force:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        beside.replace(path)
    except FileExistsError as e:
        raise _exists(path) from e
    except OSError as e:
        raise Refused(
            _("Não foi possível gravar {path}: {error}").format(path=path, error=e.strerror),
            field="file",
        ) from e
    finally:
        with suppress(OSError):
            beside.unlink()
    return count


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
        _("Não foi possível usar {path}: {error}").format(path=path, error=error.strerror)
    )
