"""What a claimant has put on the wire, in a file that outlives its process.

An outcome is on record a moment after the server has spoken. A process that is killed in that
moment leaves here, for whoever takes its claims back, which e-mails the server has answered and
with what, of which the text may have left, and that of all others it has not. A line is written
before the text leaves and after the answer has come; it need not survive a loss of power, because
a claim of another boot is never known to be dead by its process.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.clock import now
from services.outbox.claims import Claim
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.settings import Settings
from services.store import owner as owners
from services.store.mail import OutboxState

MOST_BYTES = 2**20
"""Beyond this the file is written anew without what is on record by now."""
_FOLDER = "sending"
_FORGOTTEN_AFTER = 86_400.0
# Whoever opened it may have claimed since the claimants were looked up.
_FRESH = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trace:
    """Of one claim: the last outcome so far, and whether a text may have left since."""

    outcome: Outcome | None = None
    in_doubt: bool = False


class Journal:
    """The claims of ``owner`` as they go; a disk that takes no more leaves the e-mails unhindered.

    Only its owner reads the file. Without one nothing is known of the claims.
    """

    def __init__(self, settings: Settings, owner: str) -> None:
        self._path = _path(settings, owner)
        self._lines: dict[tuple[int, int], list[bytes]] = {}
        self._bytes = 0
        self._file = -1
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self._new(self._path)
        except OSError as e:
            self._give_up(e)

    def leaving(self, claim: Claim) -> None:
        """From now on the server may have the whole text."""
        self._write(claim, {})

    def heard(self, outcome: Outcome) -> None:
        """What the server has said of each recipient so far."""
        self._write(outcome.claim, _told(outcome))

    def settled(self, message_ids: Iterable[int]) -> None:
        """These e-mails are on record."""
        done = set(message_ids)
        for key in [key for key in self._lines if key[0] in done]:
            del self._lines[key]
        if self._bytes > MOST_BYTES and self._file >= 0:
            self._anew()

    def close(self) -> None:
        """Remove the file, unless an e-mail is left of which it alone knows."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            if not self._lines:
                self._path.unlink(missing_ok=True)

    def _write(self, claim: Claim, told: dict[str, Any]) -> None:
        if self._file < 0:
            return
        key = (claim.message_id, claim.fence)
        line = json.dumps({"claim": key, **told}, ensure_ascii=True).encode() + b"\n"
        self._lines.setdefault(key, []).append(line)
        self._bytes += len(line)
        try:
            _whole(self._file, line)
        except OSError as e:
            self._give_up(e)

    def _anew(self) -> None:
        beside = self._path.with_suffix(".new")
        kept = b"".join(line for lines in self._lines.values() for line in lines)
        try:
            file = self._new(beside)
            try:
                _whole(file, kept)
                beside.replace(self._path)
            except BaseException:
                os.close(file)
                raise
        except OSError as e:
            self._give_up(e)
            return
        os.close(self._file)
        self._file, self._bytes = file, len(kept)

    def _new(self, path: Path) -> int:
        return os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600
        )

    def _give_up(self, why: OSError) -> None:
        """Half a journal would say of an e-mail that has left that it has not."""
        _log.warning("no journal of what is being sent: %s", why)
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def traces(settings: Settings, owner: str) -> dict[tuple[int, int], Trace] | None:
    """What became of the claims (message, fence) of ``owner``; None when nothing is known.

    A claim that is missing is one of which no text has left.
    """
    try:
        written = _path(settings, owner).read_bytes()
    except OSError:
        return None
    found: dict[tuple[int, int], Trace] = {}
    for line in written.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            # The process was killed within the line: what it says had not begun.
            break
        key: tuple[int, int] = (told["claim"][0], told["claim"][1])
        if "recipients" in told:
            found[key] = Trace(_outcome(told))
        else:
            earlier = found.get(key)
            found[key] = Trace(earlier.outcome if earlier else None, in_doubt=True)
    return found


def remove(settings: Settings, owners_done: Iterable[str]) -> None:
    """Remove the journals of claimants whose claims were taken back."""
    for owner in owners_done:
        with suppress(OSError):
            _path(settings, owner).unlink(missing_ok=True)


def sweep(settings: Settings, claimants: Collection[str]) -> None:
    """Remove the journals that ended processes have left, but of ``claimants`` with open claims."""
    kept = {_path(settings, owner).name for owner in claimants}
    with suppress(OSError), os.scandir(settings.home / _FOLDER) as entries:
        for entry in entries:
            gone = owners.is_gone(entry.name.partition(".journal")[0].replace("+", "/"))
            age = now().timestamp() - entry.stat().st_mtime
            if entry.name not in kept and age > (_FRESH if gone else _FORGOTTEN_AFTER):
                Path(entry.path).unlink()


def _path(settings: Settings, owner: str) -> Path:
    return settings.home / _FOLDER / f"{owner.replace('/', '+')}.journal"


def _whole(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "recipients": [(r.position, r.state, r.reply, r.why) for r in outcome.recipients],
        "company": outcome.claim.company_id,
        "attempts": outcome.claim.attempts,
        "server": outcome.server_id,
        "mailbox": outcome.mailbox_id,
        "error": outcome.error,
        "detail": outcome.detail,
        "held": outcome.held,
    }


def _outcome(told: dict[str, Any]) -> Outcome:
    message_id, fence = told["claim"]
    return Outcome(
        Claim(message_id, fence, told["company"], told["attempts"]),
        tuple(
            RecipientOutcome(position, OutboxState(state), reply, why)
            for position, state, reply, why in told["recipients"]
        ),
        told["server"],
        told["mailbox"],
        told["error"],
        told["detail"],
        told["held"],
    )
