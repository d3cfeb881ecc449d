"""The log of processes that share a state folder."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tui_app import logs

_WRITER = """
import logging, pathlib, sys
from tui_app import logs
logs._BYTES, logs._KEPT = 4_000, 300
logs.start(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for n in range(1_000):
    logging.getLogger(sys.argv[2]).info("line %d", n)
"""
_TOP = Path(__file__).resolve().parents[1]


def test_two_processes_lose_no_line_while_it_begins_anew(tmp_path: Path) -> None:
    """Every line of both is there once, whole, in some file, and only the owner reads them."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), name],
            cwd=_TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    for each in writers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in writers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in writers:
        assert each.wait(60) == 0
        each.communicate()
    files = list(tmp_path.glob("carteiro.log*"))
    assert len(files) > 20
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    told = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    lines = sorted((each["from"], int(each["message"].split()[1])) for each in told)
    assert lines == [(name, n) for name in ("a", "b") for n in range(1_000)]


def test_a_full_disk_is_not_told_over_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python's own complaint would stand in the middle of a picture, or behind a command's one line."""
    logs.log_file(tmp_path).symlink_to("/dev/full")
    handler = logs.start(tmp_path)
    try:
        logging.getLogger("carteiro").error("a line")
    finally:
        logging.getLogger().removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()
    assert capsys.readouterr().err == ""
