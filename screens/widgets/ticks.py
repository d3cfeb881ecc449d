"""What is ticked in a matrix: as it is saved, and what this person is about to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

State = Literal["on", "off", "added", "dropped"]


class Ticks:
    """``base`` has the ticked columns of each row by id; ``changes`` only what differs from it."""

    def __init__(self) -> None:
        self.base: Mapping[int, frozenset[str]] = {}
        self.changes: dict[int, dict[str, bool]] = {}

    def ticked(self, row: int, key: str) -> bool:
        """Would it be saved as ticked?"""
        return self.changes.get(row, {}).get(key, key in self.base.get(row, ()))

    def state(self, row: int, key: str) -> State:
        """How a cell stands."""
        change = self.changes.get(row, {}).get(key)
        if change is None:
            return "on" if key in self.base.get(row, ()) else "off"
        return "added" if change else "dropped"

    def put(self, rows: Iterable[int], keys: Iterable[str], on: bool) -> None:
        """Tick all cells of ``rows`` × ``keys``, or none of them."""
        wanted = tuple(keys)
        for row in rows:
            had = self.base.get(row, frozenset())
            changed = self.changes.setdefault(row, {})
            for key in wanted:
                if (key in had) is on:
                    changed.pop(key, None)
                else:
                    changed[key] = on
            if not changed:
                del self.changes[row]

    def wanted(self, row: int) -> frozenset[str]:
        """The columns of a row as they would be saved."""
        changed = self.changes.get(row, {})
        dropped = {key for key, on in changed.items() if not on}
        return (self.base.get(row, frozenset()) - dropped) | {k for k, on in changed.items() if on}

    def added(self) -> dict[int, list[str]]:
        """What is new, by row."""
        found = {
            row: [key for key, on in changed.items() if on] for row, changed in self.changes.items()
        }
        return {row: keys for row, keys in found.items() if keys}

    def counts(self) -> tuple[int, int]:
        """How many cells are to be ticked, and how many not any more."""
        every = [on for changed in self.changes.values() for on in changed.values()]
        return sum(every), len(every) - sum(every)

    def rebase(self, base: Mapping[int, frozenset[str]]) -> None:
        """Others saved meanwhile: what is so already, and rows that are gone, change no more."""
        self.base = base
        kept: dict[int, dict[str, bool]] = {}
        for row, changed in self.changes.items():
            left = {
                k: on for k, on in changed.items() if row in base and (k in base[row]) is not on
            }
            if left:
                kept[row] = left
        self.changes = kept
