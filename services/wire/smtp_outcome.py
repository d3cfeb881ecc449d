"""What became of one message: an outcome per recipient, from the replies of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.failure import Failure, Stage
from services.wire import replies
from services.wire.smtp_stream import Nonsense, Reply
from services.wire.tls import failure_of

_ABOUT_MAILBOX_AT_RECIPIENT = replies.LOGIN_KINDS | {
    "auth",
    "config",
    "quota",
    "sender",
    "slow",
    "starttls",
}
_ABOUT_MAILBOX_AT_DATA = _ABOUT_MAILBOX_AT_RECIPIENT | {"full"}


class Verdict(StrEnum):
    """What became of one recipient."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """``reply`` is the server's own words about it, ``failure`` None only when sent."""

    address: str
    verdict: Verdict
    reply: str
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of one message, in the order of its recipients.

    ``mailbox_failure``: the refusal is about the mailbox or its provider, not about a recipient
    or this message, so that another mailbox may try (R13). ``usable``: the connection takes
    another message. ``untouched``: the connection had ended before anything was written, so that
    a new one may be tried at once.
    """

    outcomes: tuple[RecipientOutcome, ...]
    mailbox_failure: Failure | None
    usable: bool
    untouched: bool = False


class Attempt:
    """The bookkeeping of one message's replies."""

    def __init__(self, who: str, recipients: Sequence[str]) -> None:
        self.addresses = list(recipients)
        self.accepted: list[int] = []
        self.stage = Stage.SENDER
        self.closing = False
        self.sender_refused = False
        self.in_doubt = False
        self._who = who
        self._outcomes: list[RecipientOutcome | None] = [None] * len(self.addresses)
        self._next = 0
        self._mailbox: Failure | None = None

    def heard(self, command: str, told: Reply) -> bool:
        """Take the reply to a command of the envelope; True when the body may follow."""
        verb = command[:4]
        if told.code == 421:
            self.closing = True
            failure = self._failure(told, self.stage)
            self._mailbox = self._mailbox or failure
            self._rest(failure, told.text)
            return False
        if told.code < 400 and told.code != 354 and not (told.good and verb != "DATA"):
            raise Nonsense(told.text)
        if told.code == 354 and verb != "DATA":
            raise Nonsense(told.text)
        if verb == "RSET":
            if not told.good:
                raise Nonsense(told.text)
        elif verb == "MAIL":
            self._heard_mail(told)
        elif verb == "RCPT":
            self._heard_rcpt(told)
        elif told.code == 354:
            return True
        elif self.accepted:
            self.stage = Stage.DATA
            self._refused(told)
        return False

    def concluded(self, told: Reply) -> None:
        """Take the reply to the final dot: it decides for every accepted recipient."""
        self.in_doubt = False
        if told.good:
            for at in self.accepted:
                address = self.addresses[at]
                self._outcomes[at] = RecipientOutcome(address, Verdict.SENT, told.text, None)
        elif told.code < 400:
            self.in_doubt = True
            raise Nonsense(told.text)
        else:
            self.closing = told.code == 421
            self._refused(told)

    def broke(self, stage: Stage, error: BaseException) -> None:
        """The connection ended or lost its step; who has no outcome yet gets one."""
        failure = broken(error, self._who, stage)
        verdict = Verdict.UNCERTAIN if self.in_doubt else Verdict.DEFERRED
        for at, outcome in enumerate(self._outcomes):
            if outcome is None:
                self._outcomes[at] = RecipientOutcome(self.addresses[at], verdict, "", failure)

    def delivery(self, *, usable: bool, untouched: bool = False) -> Delivery:
        """Everything that was heard."""
        outcomes = tuple(outcome for outcome in self._outcomes if outcome is not None)
        assert len(outcomes) == len(self.addresses)
        refused = [o.failure for o in outcomes if o.failure is not None]
        if len(refused) == len(outcomes) and all(f.kind == "relay" for f in refused):
            self._mailbox = self._mailbox or refused[0]
        return Delivery(outcomes, self._mailbox, usable, untouched)

    def _heard_mail(self, told: Reply) -> None:
        if told.good:
            self.stage = Stage.RECIPIENT
            return
        self.sender_refused = True
        failure = self._failure(told, Stage.SENDER)
        if failure.kind != "size":
            self._mailbox = failure
        self._rest(failure, told.text)

    def _heard_rcpt(self, told: Reply) -> None:
        at, self._next = self._next, self._next + 1
        if self.sender_refused:
            return
        if told.good:
            self.accepted.append(at)
            return
        failure = self._failure(told, Stage.RECIPIENT)
        if failure.kind in _ABOUT_MAILBOX_AT_RECIPIENT:
            self._mailbox = self._mailbox or failure
        self._outcomes[at] = _refusal(self.addresses[at], failure, told.text)

    def _refused(self, told: Reply) -> None:
        failure = self._failure(told, Stage.DATA)
        rule = replies.rule_of(told.text, protocol="smtp")
        later = failure.kind == "later" and rule.id != "grey"
        if later or failure.kind in _ABOUT_MAILBOX_AT_DATA:
            self._mailbox = self._mailbox or failure
        self._rest(failure, told.text)

    def _rest(self, failure: Failure, text: str) -> None:
        for at, outcome in enumerate(self._outcomes):
            if outcome is None:
                self._outcomes[at] = _refusal(self.addresses[at], failure, text)

    def _failure(self, told: Reply, stage: Stage) -> Failure:
        kind, permanent = replies.classify(told.text, protocol="smtp")
        if kind in replies.LOGIN_KINDS and told.code // 10 != 53:
            # Words of a login in a reply that answers none: another server's, passed on.
            kind = "other" if told.code >= 500 else "later"
        return known(self._who, stage, kind, told.text, permanent and told.code >= 500)


def _refusal(address: str, failure: Failure, text: str) -> RecipientOutcome:
    verdict = Verdict.FAILED if failure.permanent else Verdict.DEFERRED
    return RecipientOutcome(address, verdict, text[: replies.MAX_REPLY], failure)


def known(who: str, stage: Stage, kind: str, reply: str, permanent: bool) -> Failure:
    """A failure of a ``kind`` of ``server_replies.csv``, in our words and with the field to mend."""
    return Failure(
        who,
        stage,
        kind,
        reply=reply[: replies.MAX_REPLY],
        permanent=permanent,
        explanation=replies.explain(kind),
        field=replies.field_of(kind),
    )


def broken(error: BaseException, who: str, stage: Stage) -> Failure:
    """The failure of a connection that ended, or on which something was said that is no SMTP."""
    if isinstance(error, Nonsense):
        return known(who, stage, "protocol", str(error), permanent=False)
    return failure_of(error, who, stage)
