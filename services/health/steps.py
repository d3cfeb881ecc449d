"""The steps of *Testar E-mail*: which there are, and what cures one that failed (R19, R51)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.failure import Stage
from services.health.accounts import Account
from services.store.models import Kind
from services.wire import guidance
from services.wire.endpoint import Endpoint, Login
from services.wire.guidance_terms import Guidance


class Protocol(StrEnum):
    """Which server a step spoke to."""

    SMTP = "smtp"
    POP = "pop"


@dataclass(frozen=True, slots=True)
class Step:
    """One step and how it went.

    ``step`` is "sign_in" (at Microsoft, before all others), "dns", "tcp", "tls", "greeting",
    "login", "sender", "recipient", "sent", "list" or "read_back", those of the reading server after
    those of the sending one (``protocol``). ``detail`` are the server's own words, made safe;
    ``explanation`` ours, of a failure; ``field`` the form's field that mends it; ``ms``
    milliseconds; ``transcript`` the talk so far without secrets, given with the last step of each
    server.
    """

    step: str
    ok: bool
    detail: str = ""
    explanation: str = ""
    field: str | None = None
    ms: float = 0.0
    transcript: str = ""
    protocol: str = Protocol.SMTP
    kind: str = ""


def plan(account: Account, function: str) -> list[tuple[Protocol, str]]:
    """Protocol and name of every step that a test of ``account`` is to take, in their order."""
    planned: list[tuple[Protocol, str]] = []
    if account.signs_in:
        first = Protocol.POP if function == Kind.READ else Protocol.SMTP
        planned.append((first, Stage.SIGN_IN))
    if function in (Kind.SEND, Kind.BOTH):
        steps = [*_connecting(account.smtp, account.login), "sender", "recipient", "sent"]
        planned += [(Protocol.SMTP, step) for step in steps]
    if function in (Kind.READ, Kind.BOTH):
        steps = [*_connecting(account.pop, account.login), "list"]
        if function == Kind.BOTH:
            steps.append("read_back")
        planned += [(Protocol.POP, step) for step in steps]
    return planned


def cure_of(account: Account, step: Step) -> Guidance | None:
    """The guidance that cures the failure of ``step``, if any does (R51)."""
    endpoint = account.smtp if step.protocol == Protocol.SMTP else account.pop
    host = endpoint.host if endpoint is not None else None
    found = guidance.for_failure(
        step.kind, step.step, step.protocol, email=account.email, host=host
    )
    return found[0] if found else None


def _connecting(endpoint: Endpoint | None, login: Login | None) -> list[str]:
    """TLS comes before the greeting, or, where it is asked for by command, after it."""
    security = endpoint.security if endpoint is not None else "tls"
    steps: list[str] = [Stage.DNS, Stage.TCP]
    steps += [Stage.TLS, Stage.GREETING] if security == "tls" else [Stage.GREETING]
    steps += [Stage.TLS] if security == "starttls" else []
    return [*steps, Stage.LOGIN] if login is not None else steps
