"""The collector in the console: what is loaded at start is not looked at again."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
from tui_app import collector
collector.hold()
assert not gc.isenabled()
import textual.app, sqlalchemy.orm
loaded = len(gc.get_objects())
collector.settle()
class Ring: pass
ring = Ring(); ring.ring = ring
del ring
print(loaded, len(gc.get_objects()), gc.isenabled(), gc.collect())
"""


def test_what_is_loaded_is_put_aside_and_what_is_dropped_is_still_found() -> None:
    """A full collection has a tenth of the objects to go through, and finds a ring of them."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True
    )
    loaded, left, enabled, found = done.stdout.split()
    assert int(loaded) > 10 * int(left)
    assert enabled == "True"
    assert int(found) >= 1
