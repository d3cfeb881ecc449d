"""What a fiscal document says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OtherParty:
    """Somebody besides issuer and recipient.

    ``role``: "carrier" (NF-e), "taker", "sender", "dispatcher", "receiver" (CT-e), "hirer", "owner"
    (MDF-e), "provider", "intermediary", "beneficiary" (NFS-e), "author" (of an event).
    """

    role: str
    cnpj: str
    name: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The fields of a document that are kept beside it (R39, R40).

    ``kind`` is one of :data:`services.fiscal.labels.KINDS`; ``event_id`` is "" for what is no
    event, else type, key and sequence. CNPJs are 14 bare characters, not proven to have right check
    digits; names and addresses are foreign text, cut to what the store keeps. ``issued_at`` is
    aware. ``authorised`` says that the document carries a protocol of authorisation for this very
    key; ``key_ok`` that the key's check digit is right, None where the kind's key has none.
    """

    kind: str
    access_key: str
    key_ok: bool | None
    event_id: str = ""
    issuer_cnpj: str | None = None
    issuer_name: str = ""
    recipient_cnpj: str | None = None
    recipient_cpf: str | None = None
    recipient_name: str = ""
    recipient_email: str = ""
    others: tuple[OtherParty, ...] = ()
    number: int | None = None
    series: int | None = None
    issued_at: datetime | None = None
    total: Decimal | None = None
    authorised: bool = False
    protocol: str = ""

    @property
    def cnpjs(self) -> tuple[str, ...]:
        """Whose document it may be, in the order of R39: recipient, issuer, the others."""
        named = (self.recipient_cnpj, self.issuer_cnpj, *(other.cnpj for other in self.others))
        return tuple(dict.fromkeys(cnpj for cnpj in named if cnpj))


@dataclass(frozen=True, slots=True)
class NotFiscal:
    """Why some bytes are no document of ours.

    ``reason``: "other" (well-formed XML about something else), "unsupported" (fiscal, of a kind
    not known), "incomplete" (a fiscal document without its key), "summary" (of a document that is
    elsewhere), or one of :data:`services.fiscal.xml.RefusalReason`. ``looks_fiscal`` is True when
    the bytes name a fiscal namespace: such a thing must not be passed over in silence (R41).
    """

    reason: str
    detail: str = ""
    looks_fiscal: bool = False
