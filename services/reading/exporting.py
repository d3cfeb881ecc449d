"""The XML of documents as files for people: a folder, or one zip (decision 19)."""

from __future__ import annotations

import os
import re
import secrets
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from services.disk import reason
from services.errors import Unavailable
from services.language import _
from services.reading import documents
from services.reading.documents import DocumentView
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.store import exchange

AT_ONCE = 200
_PLAIN = re.compile(r"[0-9A-Za-z]{1,60}")
_PRIVATE = 0o600 << 16
_EARLIEST = (1980, 1, 1, 0, 0, 0)


class Goal(Protocol):
    """Where exported documents go: ``put`` a file unless it is there, ``keep`` or ``drop`` all."""

    def put(self, name: str, data: bytes, at: datetime) -> bool: ...

    def keep(self) -> None: ...

    def drop(self) -> None: ...


class Folder:
    """A folder of folders; what is there already is left alone, and what was put in stays."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, data: bytes, at: datetime) -> bool:
        """Write a file for its owner only; False when it was there. Raises ``Unavailable``."""
        target = self.path / name
        beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.path.lexists(target):
                return False
            # Half a file would be taken for the document the next time.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            try:
                with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                    file.write(data)
                beside.rename(target)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as e:
            raise Unavailable(
                _("Não foi possível gravar {path}: {error}").format(path=target, error=reason(e))
            ) from e
        return True

    def keep(self) -> None:
        """All is there."""

    def drop(self) -> None:
        """What was written is whole, and stays."""


class Archive:
    """One zip, which appears when it is kept."""

    def __init__(self, path: Path, *, force: bool = False) -> None:
        self.path = path
        self._draft = exchange.Draft(path, force=force)
        self._zip = zipfile.ZipFile(self._draft.file, "w", zipfile.ZIP_DEFLATED)
        self._names: set[str] = set()

    def put(self, name: str, data: bytes, at: datetime) -> bool:
        """Add a file; False when one of that name is in it. Raises ``Refused``."""
        if name in self._names:
            return False
        self._names.add(name)
        local = at.astimezone()
        told = (local.year, local.month, local.day, local.hour, local.minute, local.second)
        # A machine without a battery begins in 1970, and a zip knows nothing before this.
        entry = zipfile.ZipInfo(name, max(told, _EARLIEST))
        entry.external_attr = _PRIVATE
        try:
            self._zip.writestr(entry, data, zipfile.ZIP_DEFLATED)
        except OSError as e:
            raise exchange.not_written(self.path, e) from e
        return True

    def keep(self) -> None:
        """Write the table of contents and put the file in its place."""
        try:
            self._zip.close()
        except OSError as e:
            self._draft.drop()
            raise exchange.not_written(self.path, e) from e
        self._draft.keep()

    def drop(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError, ValueError):
            self._zip.close()
        self._draft.drop()


def goal(path: Path, *, force: bool = False) -> Goal:
    """A zip for a name that ends so, or else a folder."""
    return Archive(path, force=force) if path.suffix.lower() == ".zip" else Folder(path)


def put(session: Session, actor: Actor, where: Goal, ids: Sequence[int]) -> list[str]:
    """Put those of ``ids`` that ``actor`` sees into ``where``; the names of what was not there.

    A folder for each company; a file is named by kind and access key, and by event where it is
    one: nothing foreign decides about more than these characters.
    """
    written = []
    for some in pieces(ids, AT_ONCE):
        views = documents.rows(session, actor, some)
        data = documents.xmls(session, actor, some)
        for document_id in some:
            if document_id not in views or document_id not in data:
                continue
            view = views[document_id]
            name = f"{view.company}/{_file_name(view)}"
            if where.put(name, data[document_id], view.imported_at):
                written.append(name)
    return written


def save(
    ask: Callable[[Sequence[int]], list[str]],
    where: Goal,
    ids: Sequence[int],
    progress: Callable[[int, int], None],
) -> list[str]:
    """All of ``ids`` by chunks, each asked of the database by itself; the names of what is new."""
    written: list[str] = []
    try:
        for some in pieces(ids, AT_ONCE):
            written += ask(some)
            progress(len(written), len(ids))
    except BaseException:
        where.drop()
        raise
    where.keep()
    return written


def _file_name(found: DocumentView) -> str:
    """Made of the key alone where the key is plain, else of our own number; that of a cancelled
    document says so."""
    kind = found.kind if found.kind.isascii() and found.kind.isalnum() else "doc"
    key = found.access_key if _PLAIN.fullmatch(found.access_key) else f"documento-{found.id}"
    if not found.event_id:
        return f"{kind}-{key}{'-cancelado' if found.cancelled else ''}.xml"
    event = found.event_id if _PLAIN.fullmatch(found.event_id) else str(found.id)
    return f"{kind}-{key}-{event}.xml"
