"""From a host name to a connected socket, with DNS and TCP told apart."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from services.failure import Stage, WireError
from services.wire.endpoint import Endpoint
from services.wire.tls import failure_of

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]

# Names are looked up by blocking calls: a pool of their own keeps a silent DNS server from
# holding up the database and the screens.
_LOOKUPS = ThreadPoolExecutor(16, thread_name_prefix="dns")


async def resolve(endpoint: Endpoint, within: float) -> list[Address]:
    """The addresses of the host, in the system's order of preference.

    Raises :class:`WireError` of stage DNS after ``within`` seconds or for an unknown name.
    """
    try:
        literal = ipaddress.ip_address(endpoint.host)
    except ValueError:
        pass
    else:
        family = socket.AF_INET if literal.version == 4 else socket.AF_INET6
        return [(family, (endpoint.host, endpoint.port))]
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within):
            found = await loop.run_in_executor(
                _LOOKUPS,
                lambda: socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM),
            )
    except (OSError, UnicodeError, ValueError) as e:
        raise WireError(failure_of(e, endpoint.who, Stage.DNS)) from e
    return [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]


async def dial(endpoint: Endpoint, addresses: Sequence[Address], within: float) -> socket.socket:
    """A connected, non-blocking socket to the first of the addresses that answers.

    The addresses share ``within`` seconds. Raises :class:`WireError` of stage TCP with the
    last address's reason.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    reason: OSError = TimeoutError()
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as e:
            reason = e
            continue
        try:
            sock.setblocking(False)
            async with asyncio.timeout((end - loop.time()) / left):
                await loop.sock_connect(sock, address)
        except OSError as e:
            sock.close()
            reason = e
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise WireError(failure_of(reason, endpoint.who, Stage.TCP)) from reason
