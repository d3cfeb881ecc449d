"""A server as from far away: a relay, in a process of its own, that hands everything on later.

``python -m tests.benchmarks.distance PORT MILLISECONDS ADDRESS…`` prints where it listens, at all
addresses. A connection takes a round trip to come about, as it does over a network.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial


async def _serve(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, port: int, seconds: float
) -> None:
    await asyncio.sleep(2 * seconds)
    back, forth = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_relay(source, forth, seconds), _relay(back, sink, seconds))


async def _relay(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await source.read(65_536):
            loop.call_later(seconds, sink.write, data)
    except ConnectionError:
        pass
    loop.call_later(seconds, sink.close)


async def main(port: int, milliseconds: int, *addresses: str) -> None:
    """Relay until the process is ended."""
    serve = partial(_serve, port=port, seconds=milliseconds / 1000)
    first = await asyncio.start_server(serve, addresses[0], 0, backlog=256)
    mine = first.sockets[0].getsockname()[1]
    servers = [first]
    for address in addresses[1:]:
        servers.append(await asyncio.start_server(serve, address, mine, backlog=256))
    print(mine, flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
