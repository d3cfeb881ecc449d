"""Python's garbage collector in a program that a person waits for.

Whoever collects looks at everything that lives, and what is imported at start lives to the end: a
hundred thousand objects, a tenth of a second without a key's answer, every few seconds of paging.
"""

from __future__ import annotations

import gc

# So many objects made and not gone before the youngest are looked at, and how often that is done
# before the older, and those before all that is not put aside.
_THRESHOLDS = (5_000, 10, 50)


def hold() -> None:
    """Collect nothing while the program starts: there is nothing to be found yet."""
    gc.disable()


def settle() -> None:
    """Put aside what lives now, and collect from here on; to be said again when more was loaded."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
