"""Tidying the files of raw messages: what nothing refers to any more goes, thin files are written anew."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.store.blobs import fetch_blobs
from services.store.engine import Store
from services.store.mail import Blob
from services.store.segments import NAME, Place, Segments

Unit = Callable[[Callable[[Session], None]], None]
"""Does a unit of work."""
# Whoever reads sees what was there when it began: nobody reads for that long.
_GRACE_SECONDS = 600.0
_BYTES_AT_ONCE = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that is missing or cut short, and how many messages the database says are in it."""

    name: str
    count: int


def sweep(store: Store, unit: Unit, stop: Event) -> int:
    """Remove files; how many bytes went.

    A file goes a while after the last message in it that is wanted. Where that is true of more than
    half of it, what is left is written anew elsewhere, and the file goes the next time. What is being
    written is left alone, and everything while a backup is made.
    """
    segments = store.segments
    if segments is None or not segments.folder.is_dir():
        return 0
    gone = 0
    with _locked(segments.folder) as alone:
        if not alone:
            return 0
        for file in sorted(segments.folder.iterdir()):
            if stop.is_set():
                break
            if NAME.fullmatch(file.name):
                gone += _tidy(store, segments, file, unit, stop)
    return gone


def lost(store: Store) -> list[Lost]:
    """The files that are not what the database takes them for."""
    if store.segments is None:
        return []
    query = select(Blob.segment, func.count(), func.max(Blob.position + Blob.size))
    with store.reading() as session:
        rows = session.execute(query.where(Blob.segment.is_not(None)).group_by(Blob.segment)).all()
    return [
        Lost(name, count)
        for name, count, end in rows
        if name is not None and _size(store.segments.folder / name) < (end or 0)
    ]


@contextmanager
def left_alone(store: Store) -> Iterator[None]:
    """No file goes meanwhile."""
    if store.segments is None or not store.segments.folder.is_dir():
        yield
        return
    descriptor = os.open(store.segments.folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _tidy(store: Store, segments: Segments, file: Path, unit: Unit, stop: Event) -> int:
    """One file; the bytes that went with it."""
    with _locked(file) as free:
        if not free:
            return 0
        # Only now: until it was let go of, more of it may have come to be wanted.
        with store.reading() as session:
            query = select(func.sum(Blob.size)).where(Blob.segment == file.name)
            wanted = session.scalar(query) or 0
        told = file.stat()
        if not wanted and now().timestamp() - told.st_mtime > _GRACE_SECONDS:
            file.unlink()
            return told.st_size
        if 0 < wanted < told.st_size // 2:
            _write_anew(store, segments, file.name, unit, stop)
            os.utime(file)
        return 0


def _write_anew(store: Store, segments: Segments, name: str, unit: Unit, stop: Event) -> None:
    with store.reading() as session:
        query = select(Blob.sha256, Blob.size).where(Blob.segment == name).order_by(Blob.position)
        left = [(row[0], row[1]) for row in session.execute(query)]
    for digests in _parts(left):
        if stop.is_set():
            return
        with store.reading() as session:
            found = fetch_blobs(session, digests)
        if found:
            places = dict(zip(found, segments.append(list(found.values())), strict=True))
            unit(partial(_move, before=name, places=places))


def _move(session: Session, *, before: str, places: Mapping[str, Place]) -> None:
    for sha256, place in places.items():
        session.execute(
            update(Blob)
            .where(Blob.sha256 == sha256, Blob.segment == before)
            .values(segment=place.segment, position=place.position),
            execution_options={"synchronize_session": False},
        )


def _parts(left: list[tuple[str, int]]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for sha256, own in left:
        if part and size + own > _BYTES_AT_ONCE:
            yield part
            part, size = [], 0
        part.append(sha256)
        size += own
    if part:
        yield part


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether it is ours alone meanwhile."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        alone = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone = False
        yield alone
    finally:
        os.close(descriptor)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return -1
