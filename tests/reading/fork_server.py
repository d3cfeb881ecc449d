"""Readers to be killed, by the dozen: home and database URL, then a line a reader.

Each line is how many seconds ahead of the clock the reader lives; answered by its process id, and
by its exit status once it has ended. Everything is imported once, here.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback

from tests.reading.reading_process import main


def serve(home: str, url: str) -> None:
    """A reader for each line, one at a time."""
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            # What the parent reads is not the child's; its own pipes end with it.
            os.close(sys.stdin.fileno())
            status = 1
            try:
                asyncio.run(main(home, url, line.strip()))
                status = 0
            except BaseException:  # noqa: BLE001 - its last words, whatever they are
                traceback.print_exc()
            finally:
                os._exit(status)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
