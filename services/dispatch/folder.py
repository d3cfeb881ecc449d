"""The watched folder on disk: what has settled in ``Entrada`` is claimed, then put away.

Nothing here knows the database. A file is taken by a rename into a place of its own under
``.andamento``, so that no two processes have it and none puts away what another wrote in its
place; whoever finds one there later goes on with it. Links are never followed.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.disk import reason
from services.dispatch.draft import is_whole
from services.errors import Invalid, Unavailable
from services.fiscal.xml import MAX_BYTES
from services.language import _
from services.safe_text import safe
from services.store.exchange import no_link

INBOX, DONE, FAILED, CLAIMED = "Entrada", "Processados", "Erros", ".andamento"
STILL = 2.0
"""Seconds for which size and time of a file must not have moved before it is looked into."""
PATIENCE = 60.0
"""Seconds after which what is no whole XML is taken for broken rather than for unfinished."""
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_LONGEST = 200
_SUFFIX = 10

_Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file that is being worked on; ``id`` is unique to this claim."""

    id: str
    path: Path

    @property
    def name(self) -> str:
        """The name under which it came: foreign text."""
        return self.path.name


@dataclass(slots=True)
class _Seen:
    signature: _Signature
    since: float
    whole: bool | None = None


class Folder:
    """One watched folder, as one process sees it."""

    def __init__(self, root: Path, *, still: float = STILL, patience: float = PATIENCE) -> None:
        self.root = root
        self._still = still
        self._patience = patience
        self._seen: dict[Path, _Seen] = {}

    def prepare(self) -> None:
        """Make the folders that are missing; :class:`Unavailable` where that cannot be."""
        try:
            for name in (INBOX, DONE, FAILED, CLAIMED):
                (self.root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
                if not stat.S_ISDIR((self.root / name).lstat().st_mode):
                    raise NotADirectoryError(20, _("não é uma pasta"))
        except OSError as e:
            raise _trouble(self.root, e) from e

    def settled(self) -> bool:
        """True when there is something to do: a file that may be taken, or one taken earlier."""
        files = [*self._arrived(), *(claimed.path for claimed in self._taken())]
        here = set(files)
        self._seen = {path: seen for path, seen in self._seen.items() if path in here}
        # All are looked at, so that each one's time begins.
        still = [path for path in files if self._is_still(path)]
        return any(self._is_settled(path) for path in still)

    def unsettled(self) -> bool:
        """True while a file is there that nobody has seen stand still for long enough."""
        return any(not self._is_still(path) for path in self._arrived())

    def next(self) -> Iterator[Claimed]:
        """Every file that has settled, claimed: those taken earlier first, then the oldest.

        One that cannot be taken stops no other; :class:`Unavailable` tells of it at the end.
        """
        trouble: Unavailable | None = None
        for claimed in self._taken():
            if self._is_settled(claimed.path):
                yield claimed
        for path in self._arrived():
            if not self._is_settled(path):
                continue
            try:
                claimed_now = self._claim(path)
            except Unavailable as e:
                trouble = e
                continue
            if claimed_now is not None and self._is_settled(claimed_now.path):
                yield claimed_now
        if trouble is not None:
            raise trouble

    def read(self, claimed: Claimed) -> bytes | None:
        """The bytes of a claimed file, cut above what any document has; None when it is changing.

        Raises :class:`Invalid` for what is no plain file or cannot be read.
        """
        seen = self._seen.get(claimed.path)
        try:
            with open(claimed.path, "rb", opener=no_link) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise Invalid(_not_plain(), field="file")
                data = file.read(MAX_BYTES + 1)
                after = _signature(os.fstat(file.fileno()))
        except FileNotFoundError:
            return None
        except OSError as e:
            linked = claimed.path.is_symlink()
            why = _not_plain() if linked else _("não foi possível ler: {e}").format(e=reason(e))
            raise Invalid(why, field="file") from e
        return data if seen is not None and seen.signature == after else None

    def finish(self, claimed: Claimed) -> None:
        """Put what was queued into ``Processados``; what another has put away is left so."""
        self._put(claimed, self.root / DONE, _target_name(claimed.name))

    def reject(self, claimed: Claimed, why: str) -> None:
        """Put it into ``Erros``, with the reason in a text file beside it; not what is gone."""
        if not os.path.lexists(claimed.path):
            return
        folder, name = self.root / FAILED, _target_name(claimed.name)
        free = next(each for each in _names(name) if not (folder / each).exists())
        text = _(
            "{name} não foi enviado.\n\n{why}.\n\nDepois de corrigir, ponha o arquivo de novo em {inbox}."
        ).format(name=safe(claimed.name, 255), why=why, inbox=INBOX)
        beside = folder / f".{secrets.token_hex(8)}"
        try:
            beside.write_text(text + "\n", "utf-8")
            beside.replace(folder / f"{free}.txt")
        except OSError as e:
            raise _trouble(folder, e) from e
        finally:
            with suppress(OSError):
                beside.unlink()
        self._put(claimed, folder, free)

    def _arrived(self) -> list[Path]:
        """What lies in ``Entrada`` and is not marked as unfinished, the oldest first."""
        found = []
        try:
            with os.scandir(self.root / INBOX) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name.casefold().endswith(_UNFINISHED):
                        continue
                    with suppress(FileNotFoundError):
                        told = entry.stat(follow_symlinks=False)
                        if not stat.S_ISDIR(told.st_mode):
                            found.append((told.st_mtime_ns, entry.name, Path(entry.path)))
        except OSError as e:
            raise _trouble(self.root / INBOX, e) from e
        return [path for _at, _name, path in sorted(found)]

    def _taken(self) -> list[Claimed]:
        found = []
        try:
            for place in sorted((self.root / CLAIMED).iterdir()):
                if _is_folder(place):
                    found += [Claimed(place.name, path) for path in place.iterdir()]
        except FileNotFoundError:
            return found
        except OSError as e:
            raise _trouble(self.root / CLAIMED, e) from e
        return found

    def _is_still(self, path: Path) -> bool:
        try:
            now = _signature(path.lstat())
        except OSError:
            return False
        seen = self._seen.get(path)
        if seen is None or seen.signature != now:
            self._seen[path] = _Seen(now, time.monotonic())
            return self._still <= 0
        return time.monotonic() - seen.since >= self._still

    def _is_settled(self, path: Path) -> bool:
        if not self._is_still(path):
            return False
        seen = self._seen[path]
        if seen.whole is None:
            seen.whole = _looks_whole(path)
        return seen.whole or self._is_given_up(path, seen)

    def _is_given_up(self, path: Path, seen: _Seen) -> bool:
        if time.monotonic() - seen.since >= self._patience:
            return True
        with suppress(OSError):
            told = path.lstat()
            return time.time() - max(told.st_mtime, told.st_ctime) >= self._patience
        return False

    def _claim(self, path: Path) -> Claimed | None:
        """Take a file of ``Entrada``; None when somebody else has."""
        place = self.root / CLAIMED / secrets.token_hex(8)
        try:
            place.mkdir(mode=0o700)
            path.rename(place / path.name)
        except OSError as e:
            with suppress(OSError):
                place.rmdir()
            if isinstance(e, FileNotFoundError):
                return None
            raise _trouble(path, e) from e
        self._seen[place / path.name] = self._seen.pop(path)
        return Claimed(place.name, place / path.name)

    def _put(self, claimed: Claimed, folder: Path, name: str) -> None:
        for each in _names(name):
            target = folder / each
            try:
                if _is_folder(claimed.path):
                    target.mkdir(mode=0o700)
                else:
                    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            except FileExistsError:
                continue
            except OSError as e:
                raise _trouble(target, e) from e
            try:
                claimed.path.rename(target)
            except OSError as e:
                with suppress(OSError):
                    target.rmdir() if _is_folder(target) else target.unlink()
                if not isinstance(e, FileNotFoundError):
                    raise _trouble(target, e) from e
            break
        self._seen.pop(claimed.path, None)
        with suppress(OSError):
            claimed.path.parent.rmdir()


def _is_folder(path: Path) -> bool:
    """Itself, and not what a link leads to."""
    with suppress(OSError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def _signature(told: os.stat_result) -> _Signature:
    return told.st_ino, told.st_size, told.st_mtime_ns


def _looks_whole(path: Path) -> bool:
    """False for what may be the beginning of an XML; what cannot be read waits for nothing."""
    try:
        with open(path, "rb", opener=no_link) as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode) or told.st_size > MAX_BYTES:
                return True
            return is_whole(file.read(MAX_BYTES))
    except OSError:
        return True


def _target_name(name: str) -> str:
    """``name`` as plain text that leaves room for a number and ".txt"."""
    text = safe(name, 255)
    if len(text.encode()) <= _LONGEST:
        return text
    stem, dot, suffix = text.rpartition(".")
    tail = dot + suffix if stem and len(suffix) <= _SUFFIX else ""
    return text.encode()[: _LONGEST - len(tail.encode())].decode("utf-8", "ignore") + tail


def _names(name: str) -> Iterator[str]:
    yield name
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    number = 2
    while True:
        yield f"{stem}-{number}{dot}{suffix}"
        number += 1


def _not_plain() -> str:
    return _("é um atalho ou outra coisa que não um arquivo: ponha o próprio XML")


def _trouble(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        _("Não foi possível usar {path}: {error}").format(path=path, error=reason(error))
    )
