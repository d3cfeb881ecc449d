"""The e-mails of claims: words, recipients and attachments, loaded in batches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.outbox.claims import LEASE, Claim, steady
from services.outbox.outcomes import RecipientOutcome
from services.registry.ways_out import WARNINGS
from services.store.blobs import fetch_blobs
from services.store.mail import (
    Blob,
    OutboxAttachment,
    OutboxContent,
    OutboxMessage,
    OutboxRecipient,
    OutboxState,
)
from services.store.notices import Notification

CACHE_BYTES = 32 * 2**20
# No letter begins this close to the end of its claim.
_MARGIN = 5.0


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An attachment by reference."""

    filename: str
    content_type: str
    sha256: str
    size: int


@dataclass(slots=True)
class Letter:
    """One claimed e-mail on its way.

    ``to`` is every valid recipient, visible to all; ``pending`` those (position, address) still
    to be sent to. ``fresh`` is when the claim was last known to stand, by the steady clock;
    ``lost`` that it was taken back, ``begun`` that bytes of it may have left,
    ``told`` that its outcome is on its way to the record. ``tried`` are the servers that refused
    it, with their reasons, the last one last.
    ``warning``: it may leave by the partner's relay, whatever the company sends by (R46).
    """

    claim: Claim
    message_id: str
    subject: str
    created_at: datetime
    body: str
    fresh: float
    to: list[str] = field(default_factory=list)
    pending: list[tuple[int, str]] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    outcomes: dict[int, RecipientOutcome] = field(default_factory=dict)
    tried: dict[int, str] = field(default_factory=dict)
    transcript: str = ""
    lost: bool = False
    begun: bool = False
    told: bool = False
    warning: bool = False

    @property
    def size(self) -> int:
        """About how many bytes it will have."""
        return sum(e.size for e in self.enclosures) * 4 // 3 + len(self.body) + 2_000

    @property
    def stale(self) -> bool:
        """True when its claim may have run out, or is about to."""
        return self.lost or steady() - self.fresh > LEASE - _MARGIN


def load(session: Session, claims: Sequence[Claim], fresh: float) -> list[Letter]:
    """The letters of ``claims``, without the bytes of their attachments."""
    ids = [claim.message_id for claim in claims]
    of = {claim.message_id: claim for claim in claims}
    letters = {
        row.id: Letter(
            of[row.id],
            row.message_id,
            row.subject,
            row.created_at,
            row.body,
            fresh,
            warning=row.type_key in WARNINGS,
        )
        for row in session.execute(
            select(
                OutboxMessage.id,
                OutboxMessage.message_id,
                OutboxMessage.subject,
                OutboxMessage.created_at,
                OutboxContent.body,
                Notification.type_key,
            )
            .join(OutboxContent, OutboxContent.message_id == OutboxMessage.id)
            .outerjoin(Notification, Notification.id == OutboxMessage.notification_id)
            .where(OutboxMessage.id.in_(ids))
            .order_by(OutboxMessage.id)
        )
    }
    for row in session.execute(
        select(
            OutboxRecipient.message_id,
            OutboxRecipient.position,
            OutboxRecipient.address,
            OutboxRecipient.state,
            OutboxRecipient.reply,
        )
        .where(OutboxRecipient.message_id.in_(ids))
        .order_by(OutboxRecipient.message_id, OutboxRecipient.position)
    ):
        letter = letters[row.message_id]
        # Failed without a word of any server: the address was never valid (R32).
        if row.state != OutboxState.FAILED or row.reply is not None:
            letter.to.append(row.address)
        if row.state in (OutboxState.QUEUED, OutboxState.DEFERRED):
            letter.pending.append((row.position, row.address))
    for enclosed in session.execute(
        select(
            OutboxAttachment.message_id,
            OutboxAttachment.filename,
            OutboxAttachment.content_type,
            Blob.sha256,
            Blob.size,
        )
        .join(Blob, Blob.sha256 == OutboxAttachment.sha256)
        .where(OutboxAttachment.message_id.in_(ids))
        .order_by(OutboxAttachment.message_id, OutboxAttachment.position)
    ):
        letters[enclosed.message_id].enclosures.append(
            Enclosure(enclosed.filename, enclosed.content_type, enclosed.sha256, enclosed.size)
        )
    return list(letters.values())


class Encodings:
    """Attachments encoded for the wire, kept by content up to :data:`CACHE_BYTES`; thread-safe."""

    def __init__(self, encode: Callable[[bytes], bytes], most: int = CACHE_BYTES) -> None:
        self._encode = encode
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def of(self, session: Session, wanted: Sequence[str]) -> dict[str, bytes]:
        """The encoded bytes of the blobs ``wanted``, those not kept read in one query."""
        found: dict[str, bytes] = {}
        with self._lock:
            for sha256 in wanted:
                if sha256 in self._kept:
                    self._kept.move_to_end(sha256)
                    found[sha256] = self._kept[sha256]
        missing = [sha256 for sha256 in set(wanted) if sha256 not in found]
        if missing:
            for sha256, data in fetch_blobs(session, missing).items():
                found[sha256] = self._encode(data)
                self._keep(sha256, found[sha256])
        return found

    def _keep(self, sha256: str, encoded: bytes) -> None:
        if len(encoded) > self._most // 4:
            return
        with self._lock:
            if sha256 not in self._kept:
                self._kept[sha256] = encoded
                self._bytes += len(encoded)
            while self._bytes > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped)
