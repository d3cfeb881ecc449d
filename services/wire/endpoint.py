"""Where a mail server is and who logs in there: plain facts for every protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from services.language import _

Security = Literal["tls", "starttls", "none"]
Mechanism = Literal["password", "xoauth2"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and how to speak to it.

    ``security`` is TLS from the first byte, TLS after STARTTLS/STLS (never skipped), or none.
    ``timeout`` is the longest silence, in seconds, that is waited for. ``ca_file`` (PEM) is
    trusted besides the system's authorities.
    """

    host: str
    port: int
    security: Security
    verify_certificate: bool = True
    timeout: float = 30.0
    ca_file: Path | None = None

    @property
    def who(self) -> str:
        """ "host:port", as failures name it."""
        return f"{self.host}:{self.port}"

    @property
    def place(self) -> str:
        """The same with the security that is asked for, as the e-mail test tells it (R19)."""
        words = {"tls": "TLS", "starttls": "STARTTLS", "none": _("sem TLS")}
        return f"{self.who} · {words[self.security]}"


@dataclass(frozen=True, slots=True)
class Login:
    """User name and password, or user name and OAuth access token; the secret is never shown."""

    username: str
    secret: str = field(repr=False)
    mechanism: Mechanism = "password"
