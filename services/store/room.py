"""Where what is kept takes room, and how much is left there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from services.disk import is_there
from services.settings import Settings
from services.store.engine import sqlite_path


@dataclass(frozen=True, slots=True)
class Room:
    """What is left, in bytes, on the disk of ``folder``."""

    folder: Path
    free: int


def rooms(settings: Settings) -> list[Room]:
    """The state folder, SQLite's and that of documents to be sent: the first on each disk."""
    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    wanted = [settings.home, path.parent if path else None, settings.documents_folder]
    found: dict[int, Room] = {}
    for folder in filter(None, wanted):
        there = next(each for each in (folder, *folder.parents) if is_there(each))
        disk = there.stat().st_dev
        if disk not in found:
            found[disk] = Room(folder, shutil.disk_usage(there).free)
    return list(found.values())
