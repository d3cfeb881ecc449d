"""What is known about mail providers: their servers and limits.

The facts are ``presets.csv`` beside this module (R18); what they ask of a person is
``guidance.py`` (R51).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal, cast

from services.wire.endpoint import Security


@dataclass(frozen=True, slots=True)
class Server:
    """Where one protocol is spoken."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider. ``None`` means unknown, or for ``pop`` that there is none.

    ``login`` tells whether the user name is the whole address or what stands before the ``@``;
    ``oauth_only`` that a password is of no use ("Vincular conta Microsoft").
    ``min_poll_seconds`` is the shortest interval between two readings. ``per_day_own_domain`` holds
    for addresses of the customers' domains, where it is another than ``per_day``; ``day_counts``
    tells what is counted in a day.
    ``hides_read``: what was fetched is not listed again after QUIT, though nobody deleted it.
    """

    key: str
    name: str
    smtp: Server
    pop: Server | None
    login: Literal["address", "local"]
    oauth_only: bool
    per_day: int | None
    per_day_own_domain: int | None
    day_counts: Literal["messages", "recipients"]
    per_minute: int | None
    connections: int | None
    min_poll_seconds: int | None
    hides_read: bool

    def username(self, email: str) -> str:
        """The user name that this provider expects for the address."""
        return email.rpartition("@")[0] if self.login == "local" else email


def preset_for(email: str) -> Preset | None:
    """The provider of the address, recognised by its domain alone; nothing is looked up."""
    domain = email.rpartition("@")[2].strip().lower()
    for domains, row in _rows():
        if domains.fullmatch(domain):
            return _preset(row, domain)
    return None


@lru_cache(maxsize=256)
def preset_of_host(host: str) -> Preset | None:
    """The provider behind a server, so that its limits hold for domains of one's own too (R34)."""
    name = host.strip().lower()
    for _domains, row in _rows():
        if name and name in (row["smtp"].partition(":")[0], row["pop"].partition(":")[0]):
            return _preset(row, "")
    return None


def preset_of_mx(host: str, domain: str) -> Preset | None:
    """The provider that takes the mail of ``domain``, by the name of its mail exchanger (R18)."""
    name = host.strip().lower().removesuffix(".")
    for _domains, row in _rows():
        for suffix in row["mx"].split():
            if name == suffix or name.endswith(f".{suffix}"):
                return _preset(row, domain)
    return None


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    table = resources.files("services.wire").joinpath("presets.csv").read_text("utf-8")
    return tuple((_domains(row["domains"]), row) for row in csv.DictReader(table.splitlines()))


def _domains(words: str) -> re.Pattern[str]:
    """``name.*`` stands for the name under any country's or the general ending."""
    ending = r"\.(?:com|com?\.[a-z]{2}|[a-z]{2})"
    return re.compile("|".join(re.escape(w).replace(r"\.\*", ending) for w in words.split()))


def _preset(row: dict[str, str], domain: str) -> Preset:
    smtp = _server(row["smtp"], domain)
    assert smtp is not None
    return Preset(
        key=row["key"],
        name=row["name"],
        smtp=smtp,
        pop=_server(row["pop"], domain),
        login="local" if row["login"] == "local" else "address",
        oauth_only=row["oauth_only"] == "yes",
        per_day=_number(row["per_day"]),
        per_day_own_domain=_number(row["per_day_own_domain"]),
        day_counts="recipients" if row["day_counts"] == "recipients" else "messages",
        per_minute=_number(row["per_minute"]),
        connections=_number(row["connections"]),
        min_poll_seconds=_number(row["min_poll_seconds"]),
        hides_read=row["hides_read"] == "yes",
    )


def _server(words: str, domain: str) -> Server | None:
    if not words:
        return None
    host, port, security = words.split(":")
    return Server(host.format(domain=domain), int(port), cast(Security, security))


def _number(words: str) -> int | None:
    return int(words) if words else None
