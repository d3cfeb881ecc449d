"""Functions, kinds and protocols: which goes with which, and the usual ports."""

from __future__ import annotations

from typing import Literal

from services.store.models import Function, Kind

SECURITIES = ("tls", "starttls", "none")
ENDPOINT = ("host", "port", "security")
DEFAULT_PORTS = {
    Function.SEND: {"tls": 465, "starttls": 587, "none": 25},
    Function.READ: {"tls": 995, "starttls": 110, "none": 110},
}
PROTOCOL: dict[str, Literal["smtp", "pop"]] = {Function.SEND: "smtp", Function.READ: "pop"}
_STARTTLS_PORTS = (110, 587)


def functions_of(kind: str) -> tuple[Function, ...]:
    """The functions that an e-mail server of ``kind`` serves (R7, R17); none of an unknown one."""
    if kind == Kind.BOTH:
        return (Function.SEND, Function.READ)
    return (Function(kind),) if kind in tuple(Function) else ()


def default_port(function: str, security: str) -> int:
    """The usual port of a function under "tls", "starttls" or "none"."""
    ports = DEFAULT_PORTS[Function(function)]
    return ports.get(security, ports["tls"])


def usual_security(port: int | None) -> str:
    """What is mostly spoken on ``port``."""
    return "starttls" if port in _STARTTLS_PORTS else "tls"
