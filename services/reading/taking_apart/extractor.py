"""Taking messages apart in another process, driven from the event loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from services.courtesy import person
from services.errors import Unavailable
from services.fiscal.danfe import Danfe
from services.fiscal.labels import CHECKS, Check, Checks
from services.language import _
from services.reading.taking_apart import frames
from services.reading.taking_apart.findings import Extracted, Preview
from services.reading.taking_apart.problems import Problem
from services.reading.taking_apart.shared import SIZE, Shared

_ROOT = Path(__file__).resolve().parents[3]
_CHILD = "services.reading.taking_apart.child"
# Of an ordinary size: a piece of work that a key press need not wait for.
_CHUNK = 8
_CHUNK_BYTES = SIZE
_START_SECONDS = 30.0
_SECONDS_PER_MB = 0.5
_BUFFER = 4 * 1024 * 1024
# A tree of XML is hundreds of small blocks of one size, and seven of a size are all that is kept at
# hand by default: the others are joined and split again with every message.
_MALLOC = "glibc.malloc.tcache_count=1000"

T = TypeVar("T")


class _ChildLost(Exception):
    """The child died or went past its deadline (``late``) over a chunk."""

    def __init__(self, reason: str, *, late: bool) -> None:
        super().__init__(reason)
        self.late = late


class Extractor:
    """One child process; any number of coroutines may ask at once, chunk by chunk in turn.

    A message over which the child dies, or that takes longer than ``deadline`` seconds (and half
    a second for each MB), becomes ``Problem("poison")``; the others of its chunk are read again,
    one by one, by a new child. ``trusted_file`` (PEM) has those whose certificates are trusted.
    """

    def __init__(self, *, deadline: float = 10.0, trusted_file: Path | None = None) -> None:
        self._deadline = deadline
        self._trusted_file = trusted_file
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._shared: Shared | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def start(self) -> None:
        """Have a child ready; :class:`Unavailable` when it does not come up."""
        async with self._turn:
            await self._ready()

    async def extract_many(self, raws: Sequence[bytes]) -> list[Extracted | Problem]:
        """What each raw message holds, in order; a Problem for one that had to be given up."""
        return await self._all(
            frames.EXTRACT,
            raws,
            frames.read_extracted,
            lambda lost: Problem("poison", str(lost)),
        )

    async def check_many(self, xmls: Sequence[bytes]) -> list[Checks]:
        """The checks of each document, in order."""
        return await self._all(
            frames.CHECK,
            xmls,
            lambda text, _body, count: frames.read_checks(text, count),
            lambda lost: Checks(*[Check("unverifiable", "given_up", str(lost))] * len(CHECKS)),
        )

    async def print_many(self, xmls: Sequence[bytes]) -> list[Danfe]:
        """The DANFE of each document, in order; one that takes too long holds up no other."""
        return [
            one
            for xml in xmls
            for one in await self._all(
                frames.PRINT,
                [xml],
                frames.read_printed,
                lambda lost: Danfe(why="deadline" if lost.late else "failed"),
            )
        ]

    async def preview(self, raw: bytes) -> Preview:
        """A look into one message; nothing of one over which the child dies."""
        found = await self._all(
            frames.PREVIEW,
            [raw],
            lambda text, _body, count: frames.read_previews(text, count),
            lambda _lost: Preview(whole=False),
        )
        return found[0]

    async def close(self) -> None:
        """End the child; whoever still waits is answered first."""
        async with self._turn:
            child, self._child = self._child, None
            shared, self._shared = self._shared, None
            if shared is not None:
                shared.close()
            if child is None or child.returncode is not None:
                return
            if child.stdin:
                child.stdin.close()
            try:
                async with asyncio.timeout(2):
                    await child.wait()
            except TimeoutError:
                await _end(child)

    async def _all(
        self,
        kind: bytes,
        items: Sequence[bytes],
        read: Callable[[bytes, bytes, int], Sequence[T]],
        given_up: Callable[[_ChildLost], T],
    ) -> list[T]:
        results: list[T] = []
        for chunk in _chunks(items):
            try:
                results += await self._exchange(kind, chunk, read)
            except _ChildLost as lost:
                if len(chunk) == 1 and lost.late:
                    results.append(given_up(lost))
                    continue
                for one in chunk:
                    try:
                        results += await self._exchange(kind, [one], read)
                    except _ChildLost as again:
                        results.append(given_up(again))
        return results

    async def _exchange(
        self,
        kind: bytes,
        chunk: Sequence[bytes],
        read: Callable[[bytes, bytes, int], Sequence[T]],
    ) -> Sequence[T]:
        size = sum(map(len, chunk))
        async with self._turn:
            await person.passed()
            child = await self._ready()
            try:
                async with asyncio.timeout(self._deadline + _SECONDS_PER_MB * size / 1e6):
                    shared = self._shared is not None and self._shared.put(chunk)
                    _in(child).writelines(frames.request(kind, chunk, shared=shared))
                    await _in(child).drain()
                    text, body = await _reply(_out(child))
                return read(text, body, len(chunk))
            except TimeoutError as error:
                await self._drop(child)
                raise _ChildLost("deadline", late=True) from error
            except (EOFError, OSError, frames.BadFrame) as error:
                await self._drop(child)
                raise _ChildLost(type(error).__name__, late=False) from error
            except BaseException:
                # Cancelled in the middle: the next reply would be the answer to this request.
                await self._drop(child)
                raise

    async def _ready(self) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        if self._shared is None:
            self._shared = Shared()
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _CHILD, str(self._shared.descriptor)),
            *([str(self._trusted_file)] if self._trusted_file is not None else []),
            pass_fds=(self._shared.descriptor,),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
            limit=_BUFFER,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await _reply(_out(child))
        except (TimeoutError, EOFError, OSError, frames.BadFrame) as error:
            await _end(child)
            raise Unavailable(
                _("O processo que lê as mensagens não iniciou; rode de novo ou veja o log")
            ) from error
        except BaseException:
            await _end(child)
            raise
        self._child = child
        return child

    async def _drop(self, child: asyncio.subprocess.Process) -> None:
        if self._child is child:
            self._child = None
        await asyncio.shield(_end(child))


async def _reply(source: asyncio.StreamReader) -> tuple[bytes, bytes]:
    text, body = frames.REPLY.unpack(await source.readexactly(frames.REPLY.size))
    if text > frames.MAX_TEXT or body > frames.MAX_BYTES:
        raise frames.BadFrame("size")
    return await source.readexactly(text), await source.readexactly(body)


async def _end(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()


def _in(child: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    if child.stdin is None:
        raise BrokenPipeError
    return child.stdin


def _out(child: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if child.stdout is None:
        raise BrokenPipeError
    return child.stdout


def _chunks(items: Sequence[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for item in items:
        if chunk and (len(chunk) == _CHUNK or size + len(item) > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item)
    if chunk:
        yield chunk


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "PYTHONPATH": str(_ROOT), "GLIBC_TUNABLES": _MALLOC}
