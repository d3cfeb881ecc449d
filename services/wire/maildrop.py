"""What a maildrop holds, as POP3 tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.failure import Failure

_UIDL_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Stat:
    """What STAT tells: number of messages and their bytes."""

    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A message on the server; ``uidl`` is None where the server gives none that is unique."""

    number: int
    uidl: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A message as the server sent it: CRLF line ends, dots unstuffed, without the end mark."""

    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A message over the cap; ``size`` is the listed one, at least the cap plus one."""

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class NotRetrieved:
    """A message that the server refused to give, while it gives others."""

    number: int
    failure: Failure


def listing(list_rows: Iterable[str], uidl_rows: Iterable[str]) -> list[Listed]:
    """The messages of LIST with their names of UIDL, in the order of LIST.

    A name that is blank, longer than 400 characters or given to two messages identifies
    nothing. Rows without a message number, and sizes that are no number, are passed over: a
    message without a size counts as 0 bytes.
    """
    names = {n: told for n, told in _numbered(uidl_rows) if 0 < len(told) <= _UIDL_LIMIT}
    uses = Counter(names.values())
    found: dict[int, Listed] = {}
    for number, told in _numbered(list_rows):
        size = told.partition(" ")[0]
        name = names.get(number)
        found[number] = Listed(
            number,
            name if name is not None and uses[name] == 1 else None,
            int(size) if _is_number(size) else 0,
        )
    return list(found.values())


def _numbered(rows: Iterable[str]) -> Iterator[tuple[int, str]]:
    for row in rows:
        number, _, rest = row.partition(" ")
        if _is_number(number):
            yield int(number), rest.strip()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16
