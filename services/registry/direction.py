"""How an e-mail server does in each direction: one that both sends and reads does so twice (R48).

Such a server's ``health`` is the worse of the two, and its ``health_reason`` has a line for each
direction that fails, marked by its protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from services.registry.protocols import functions_of
from services.retelling import retold
from services.store.models import EmailServer, Function, Health, Kind

MOST_REFUSALS = 5
"""Definite refusals in a row after which jobs leave a direction alone."""
_MARKS = {Function.SEND: "SMTP: ", Function.READ: "POP3: "}
# Two of them fit in the column.
_LONGEST = 490


@dataclass(frozen=True, slots=True)
class Condition:
    """The health of one direction, and why where it is not well."""

    health: str
    reason: str | None


def condition(server: EmailServer, function: str) -> Condition:
    """How ``server`` does in one direction; where it serves that only, as it does at all."""
    function = Function(function)
    if server.kind != Kind.BOTH or server.health not in (Health.FAILING, Health.DOWN):
        return Condition(server.health, shown(server.health_reason))
    reasons = reasons_of(server.health_reason)
    mine, others = _refusals(server, function)
    reason = shown(reasons.get(function))
    if mine >= MOST_REFUSALS:
        return Condition(Health.DOWN, reason)
    if reason is not None or mine:
        return Condition(Health.FAILING, reason)
    if reasons or others:
        return Condition(Health.OK, None)
    return Condition(server.health, None)


def failing(server: EmailServer) -> tuple[Function, ...]:
    """The directions of ``server`` that fail."""
    return tuple(
        function
        for function in functions_of(server.kind)
        if condition(server, function).health in (Health.FAILING, Health.DOWN)
    )


def is_down(function: Function) -> ColumnElement[bool]:
    """The SQL condition for servers that jobs leave alone in one direction (R48)."""
    mine, others = counts(function)
    only_the_other = (
        (EmailServer.kind == Kind.BOTH) & (mine < MOST_REFUSALS) & (others >= MOST_REFUSALS)
    )
    return (EmailServer.health == Health.DOWN) & ~only_the_other


def counts(
    function: Function,
) -> tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]:
    """The column that counts the refusals of ``function``, and that of the other one."""
    sent, read = EmailServer.refusals, EmailServer.pop_refusals
    return (sent, read) if function == Function.SEND else (read, sent)


def reasons_of(text: str | None) -> dict[Function, str]:
    """The reason of each direction that fails; one without a mark is that of both."""
    found: dict[Function, str] = {}
    for line in (text or "").splitlines():
        known = next((f for f, mark in _MARKS.items() if line.startswith(mark)), None)
        if known is None:
            return dict.fromkeys(_MARKS, text or "")
        found[known] = line.removeprefix(_MARKS[known])
    return found


def told(reasons: Mapping[Function, str]) -> str | None:
    """What :func:`reasons_of` reads, or None where nothing fails."""
    lines = [
        f"{mark}{' '.join(reasons[function].split())[:_LONGEST]}"
        for function, mark in _MARKS.items()
        if function in reasons
    ]
    return "\n".join(lines) or None


def shown(reasons: str | None) -> str | None:
    """The column for people: our words in the language in force."""
    lines = []
    for line in (reasons or "").splitlines():
        mark = next((mark for mark in _MARKS.values() if line.startswith(mark)), "")
        lines.append(mark + retold(line.removeprefix(mark)))
    return "\n".join(lines) or None


def _refusals(server: EmailServer, function: Function) -> tuple[int, int]:
    mine, others = counts(function)
    return getattr(server, mine.key), getattr(server, others.key)
