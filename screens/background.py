"""Work that goes on beside the person's keys, in Textual's workers.

The work is handed over as a function, not as a coroutine: a worker may be cancelled before it
begins, and a coroutine that nobody awaits makes Python write a warning over the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec

from textual.dom import DOMNode
from textual.worker import WorkType

P = ParamSpec("P")


def run_newest(
    host: DOMNode,
    group: str,
    work: Callable[P, Coroutine[Any, Any, Any]],
    *args: P.args,
    **named: P.kwargs,
) -> None:
    """Begin ``work``; what ``host`` still does in the same group is given up for it."""
    begun: WorkType[Any] = partial(work, *args, **named)
    host.run_worker(begun, group=group, exclusive=True, exit_on_error=False)


def run_beside(
    host: DOMNode,
    group: str,
    work: Callable[P, Coroutine[Any, Any, Any]],
    *args: P.args,
    **named: P.kwargs,
) -> None:
    """Begin ``work`` beside whatever else ``host`` does."""
    begun: WorkType[Any] = partial(work, *args, **named)
    host.run_worker(begun, group=group, exit_on_error=False)
