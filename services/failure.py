"""One typed fact for everything that a mail server, a network or a sign-in may refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """Where in a conversation it happened; also the steps of the e-mail test (R19)."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    GREETING = "greeting"
    SIGN_IN = "sign_in"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    LIST = "list"
    RETRIEVE = "retrieve"
    DELETE = "delete"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed.

    ``who`` is "host:port"; ``reply`` the server's own words (foreign text, secrets removed);
    ``kind`` a class of ``services/wire/server_replies.csv`` ("password", "quota", "later",
    "recipient", …) or "network", "timeout", "certificate", "tls", "dns", "closed", "protocol",
    "size"; ``permanent`` says that repeating unchanged is useless; ``explanation`` is ours, in
    plain words; ``field`` the form field that mends it, if any; ``code`` the number of a sign-in
    that Microsoft refuses (AADSTS, see ``services/wire/aadsts.py``).
    """

    who: str
    stage: Stage
    kind: str
    reply: str = ""
    permanent: bool = False
    explanation: str = ""
    field: str | None = None
    code: int | None = None

    def at(self, stage: Stage) -> Failure:
        """The same fact met at another stage."""
        return replace(self, stage=stage)


class WireError(Exception):
    """Carries a :class:`Failure` out of a protocol."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.who} {failure.stage}: {failure.kind} {failure.reply}".strip())
        self.failure = failure
