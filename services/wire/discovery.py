"""Which servers a mail domain names in the DNS, asked only when a person wishes it (R18).

First the provider whose mail exchangers take the domain's mail, then the SRV records of RFC 6186
and RFC 8314. Nothing but DNS questions about the domain leaves this machine: no address, no
password, no Autodiscover. What comes back proves nothing: a host outside the mail domain is
marked, so that a person confirms it, and certificates are verified as ever.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from services.errors import Invalid
from services.wire.addresses import valid_address, valid_host, valid_port
from services.wire.endpoint import Security
from services.wire.presets import Preset, preset_for, preset_of_mx

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.rdata import Rdata

DEADLINE = 5.0
"""Seconds that the whole look-up may take."""
_MOST = 4
"""Hosts that are taken from one answer; a person does not choose among more."""

Protocol = Literal["smtp", "pop"]
Trouble = Literal["", "no_domain", "no_answer"]
Question = tuple[str, str]
"""The name below the domain, "" for itself, and the type of record."""

_MX: Question = ("", "MX")
# RFC 8314: TLS from the first byte before STARTTLS, and never without either.
_SERVICES: tuple[tuple[str, Protocol, Security], ...] = (
    ("_submissions._tcp.", "smtp", "tls"),
    ("_submission._tcp.", "smtp", "starttls"),
    ("_pop3s._tcp.", "pop", "tls"),
    ("_pop3._tcp.", "pop", "starttls"),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that may be the one. ``source`` is "srv" or "mx:" and the preset's key;

    ``outside`` says that the host is not of the mail domain: a person must confirm it.
    """

    protocol: Protocol
    host: str
    port: int
    security: Security
    source: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, the best of each protocol first.

    ``trouble`` is "no_domain" when the domain does not exist, "no_answer" when not every question
    was answered in time.
    """

    domain: str
    candidates: tuple[Candidate, ...]
    trouble: Trouble = ""


async def discover(
    email: str,
    *,
    deadline: float = DEADLINE,
    nameserver: tuple[str, int] | None = None,
) -> Discovery:
    """Ask the DNS for the servers of the address's domain, within ``deadline`` seconds.

    ``nameserver`` (IP address and port) takes the place of the system's, for tests. Raises
    :class:`Invalid` for what is no address; whatever the DNS answers, nothing else.
    """
    domain = valid_address(email).rpartition("@")[2]
    told: dict[Question, Sequence[Rdata] | None] = {}
    trouble: Trouble = ""
    try:
        async with asyncio.timeout(deadline):
            resolver = await asyncio.to_thread(_resolver, nameserver, deadline)
            questions = [_MX, *((name, "SRV") for name, _protocol, _security in _SERVICES)]
            await asyncio.gather(*(_ask(resolver, domain, q, told) for q in questions))
    except TimeoutError:
        trouble = "no_answer"
    except OSError:  # no nameserver is configured here
        trouble = "no_answer"
    if _MX in told and told[_MX] is None:
        trouble = "no_domain"
    elif len(told) <= len(_SERVICES):
        trouble = "no_answer"
    found = [*_of_mx(domain, told.get(_MX) or ()), *_of_srv(domain, told)]
    return Discovery(domain, tuple(dict.fromkeys(found)), trouble)


def _resolver(nameserver: tuple[str, int] | None, deadline: float) -> Resolver:
    """A resolver of this question's own, made beside the event loop: it imports and reads files."""
    import dns.asyncresolver
    import dns.resolver

    try:
        resolver = dns.asyncresolver.Resolver(configure=nameserver is None)
    except dns.resolver.NoResolverConfiguration as e:
        raise OSError("no nameserver") from e
    if nameserver is not None:
        resolver.nameservers = [nameserver[0]]
        resolver.port = nameserver[1]
    resolver.lifetime = deadline
    return resolver


async def _ask(
    resolver: Resolver,
    domain: str,
    question: Question,
    told: dict[Question, Sequence[Rdata] | None],
) -> None:
    """Note the records of ``question``, or None where the name does not exist.

    What could not be asked is not noted.
    """
    import dns.exception
    import dns.resolver

    name, kind = question
    try:
        answer = await resolver.resolve(
            f"{name}{domain}.", kind, raise_on_no_answer=False, search=False
        )
    except dns.resolver.NXDOMAIN:
        told[question] = None
    except (dns.exception.DNSException, OSError, ValueError):
        return
    else:
        told[question] = tuple(answer.rrset or ())


def _of_mx(domain: str, records: Iterable[Rdata]) -> Iterable[Candidate]:
    """The servers of the provider behind the most preferred exchanger that is known."""
    exchangers = sorted((getattr(r, "preference", 0), _name(r, "exchange")) for r in records)
    preset = next((p for _n, host in exchangers if (p := preset_of_mx(host, domain))), None)
    if preset is None:
        return
    source = f"mx:{preset.key}"
    yield Candidate(
        "smtp",
        preset.smtp.host,
        preset.smtp.port,
        preset.smtp.security,
        source,
        _outside(preset.smtp.host, domain),
    )
    if preset.pop is not None:
        pop = preset.pop
        yield Candidate("pop", pop.host, pop.port, pop.security, source, _outside(pop.host, domain))


def _of_srv(domain: str, told: dict[Question, Sequence[Rdata] | None]) -> Iterable[Candidate]:
    """By priority and then weight; a target "." says that the service is not offered."""
    for name, protocol, security in _SERVICES:
        # RFC 2782 draws lots by weight for every connection; what is kept is the likeliest.
        records = sorted(
            told.get((name, "SRV")) or (),
            key=lambda r: (getattr(r, "priority", 0), -getattr(r, "weight", 0), _name(r, "target")),
        )
        taken = 0
        for record in records:
            host = _target(record)
            port = getattr(record, "port", 0)
            if host is None or not _is_port(port):
                continue
            yield Candidate(protocol, host, port, security, "srv", _outside(host, domain))
            taken += 1
            if taken == _MOST:
                break


def _name(record: Rdata, field: str) -> str:
    """A name of the record; what is no letter of a name comes out escaped."""
    name = getattr(record, field, None)
    return str(name.to_text(omit_final_dot=True)) if name is not None else ""


def _target(record: Rdata) -> str | None:
    """The host of an SRV record: a full name, never a number that passes for one."""
    try:
        host = valid_host(_name(record, "target"))
        ipaddress.ip_address(host)
    except Invalid:
        return None
    except ValueError:
        return host if "." in host else None
    return None


def _is_port(port: int) -> bool:
    try:
        return valid_port(port) > 0
    except Invalid:
        return False


def _outside(host: str, domain: str) -> bool:
    """True when neither the domain nor our own table vouches for the host."""
    if host == domain or host.endswith(f".{domain}"):
        return False
    known: Preset | None = preset_for(f"@{domain}")
    places = (known.smtp, known.pop) if known is not None else ()
    return all(place is None or place.host != host for place in places)
