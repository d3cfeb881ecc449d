"""Small file systems of their own, for what happens when there is no more room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.ports import is_root


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """``folder`` is a file system of so many bytes ("24m"); skips where none may be mounted."""
    if not is_root():
        pytest.skip("a file system of one's own needs root")
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder]
    told = subprocess.run(mount, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip(f"nothing may be mounted here: {told.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def enlarge(folder: Path, size: str) -> None:
    """Make room on a disk of :func:`small_disk`."""
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
