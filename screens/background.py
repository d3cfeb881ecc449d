"""Work that goes on beside the person's keys, in Textual's workers.

The work is handed over as a function, not as a coroutine: a worker may be cancelled before it
begins, and a coroutine that nobody awaits makes Python write a warning over the screen.

What fails and is not told by the work itself is told here: a key that does nothing, and says
nothing, leaves a person alone with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import WorkType

from screens.widgets.foreign import notify_safe
from services.errors import CarteiroError
from services.language import _

P = ParamSpec("P")
log = logging.getLogger(__name__)


def run_newest(
    host: DOMNode,
    group: str,
    work: Callable[P, Coroutine[Any, Any, Any]],
    *args: P.args,
    **named: P.kwargs,
) -> None:
    """Begin ``work``; what ``host`` still does in the same group is given up for it."""
    begun: WorkType[None] = partial(_told, host, partial(work, *args, **named))
    host.run_worker(begun, group=group, exclusive=True, exit_on_error=False)


def run_beside(
    host: DOMNode,
    group: str,
    work: Callable[P, Coroutine[Any, Any, Any]],
    *args: P.args,
    **named: P.kwargs,
) -> None:
    """Begin ``work`` beside whatever else ``host`` does."""
    begun: WorkType[None] = partial(_told, host, partial(work, *args, **named))
    host.run_worker(begun, group=group, exit_on_error=False)


async def _told(host: DOMNode, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Do ``work``; a refusal, or that something broke, becomes a message for the person."""
    try:
        await work()
    except CarteiroError as e:
        notify_safe(host.app, e.message, "error")
    except Exception as e:
        # Whoever left a dialog while it worked misses none of its widgets.
        if host.is_attached or not isinstance(e, NoMatches):
            log.exception("work of %s failed", type(host).__name__)
            words = _("Ocorreu uma falha interna; os detalhes estão no log")
            notify_safe(host.app, words, "error")
