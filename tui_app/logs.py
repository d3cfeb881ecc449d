"""The log: JSON lines in a private file, because a screen owns the terminal."""

from __future__ import annotations

import fcntl
import json
import logging
import logging.handlers
import os
from datetime import UTC, datetime
from pathlib import Path

from services.disk import reason
from services.errors import Unavailable
from services.language import _
from services.safe_text import safe, safe_block

_BYTES = 10_000_000
_KEPT = 5


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": safe(record.getMessage()),
        }
        if record.exc_info:
            told["trace"] = safe_block(self.formatException(record.exc_info), 20_000)
        return json.dumps(told)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Begun anew by one of the processes that write to it; the others follow before their next line.

    Two that did it at once would remove what the other has just put aside.
    """

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        if self._moved():
            self._follow()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        # The lock is the file's, whatever it is called by now, and outlives the handler's stream.
        assert self.stream is not None
        handle = os.dup(self.stream.fileno())
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if self._moved():
                self._follow()
            else:
                super().doRollover()
        finally:
            os.close(handle)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """What cannot be written, as on a full disk, is not written over the screen instead."""

    def _moved(self) -> bool:
        if self.stream is None:
            return True
        mine = os.fstat(self.stream.fileno())
        try:
            there = Path(self.baseFilename).stat()
        except FileNotFoundError:
            return True
        return (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino)

    def _follow(self) -> None:
        if self.stream is not None:
            self.stream.close()
        self.stream = self._open()  # type: ignore[assignment]

    def _open(self) -> object:  # type: ignore[override]
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        return super()._open()


def log_file(home: Path) -> Path:
    """Where the log of this state folder is."""
    return home / "carteiro.log"


def start(home: Path) -> logging.Handler:
    """Send what the program logs to its file (0600); raises ``Unavailable`` where it cannot.

    What is given back may be taken from the root logger again.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _PrivateFile(log_file(home), maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    except OSError as e:
        raise Unavailable(
            _("Não foi possível gravar em {path}: {error}").format(path=home, error=reason(e))
        ) from e
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # A line for every tick would bury what matters.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return handler
