"""``carteiro demo`` as a process: what it tells, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.ports import find, is_root, wait_until

ROOT = Path(__file__).parents[2]
OFFLINE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""A network of its own with nothing but its loopback interface."""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``carteiro demo`` with a temporary folder of its own."""
    begun: list[subprocess.Popen[str]] = []

    def run(*words: str, within: tuple[str, ...] = (), **more: int) -> subprocess.Popen[str]:
        known = {k: v for k, v in os.environ.items() if not k.startswith(("CARTEIRO", "LC_"))}
        process = subprocess.Popen(
            (*within, sys.executable, "-m", "tui_app", "demo", *words),
            cwd=ROOT,
            env={**known, "TMPDIR": str(tmp_path), "LC_ALL": "pt_BR.UTF-8", "TERM": "xterm"},
            text=True,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        )
        begun.append(process)
        return process

    yield run
    for process in begun:
        if process.poll() is None:
            process.kill()
            process.wait()


def alive(folder: Path) -> list[int]:
    """The processes whose temporary folder this is."""
    mine = f"TMPDIR={folder}".encode()
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mine in (each / "environ").read_bytes().split(b"\0"):
                found.append(int(each.name))
        except OSError:
            continue
    return found


def gone(folder: Path) -> bool:
    """Neither file nor process."""
    return not list(folder.iterdir()) and not alive(folder)


def test_headless(start: Start, tmp_path: Path) -> None:
    """R13, R32, R34, R36, R45, R49: everything happens, without a network where that can be taken
    away, is counted, and leaves nothing behind."""
    alone = OFFLINE if is_root() and find("ip") and find("unshare") else ()
    process = start("--headless", "--seconds", "50", "--json", within=alone)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, out + err
    *told, summary = map(json.loads, out.splitlines())
    assert {"mailbox_inactivated", "mailbox_recovered"} <= {event["type"] for event in told}
    assert summary["event"] == "summary"
    assert summary["complete"]
    assert summary["sent"] > summary["refused_recipients"] > 0
    assert gone(tmp_path)


def test_interrupted(start: Start, tmp_path: Path) -> None:
    """Ctrl+C takes everything along."""
    process = start("--headless")
    assert process.stdout is not None
    while "s  " not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert gone(tmp_path)


def test_ended_while_it_is_made(start: Start, tmp_path: Path) -> None:
    """So does a machine that goes down before there is anything to see."""
    process = start("--headless")
    wait_until(lambda: bool(list(tmp_path.iterdir())), "the folder")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert gone(tmp_path)


def test_console_loses_its_terminal(start: Start, tmp_path: Path) -> None:
    """So does a connection that drops."""
    ours, theirs = pty.openpty()
    try:
        process = start(stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        while b"Visita guiada" not in shown:
            shown += os.read(ours, 65_536)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: _read(ours) or process.poll() is not None, "its end", 30)
        assert process.wait(30) == 128 + signal.SIGHUP
    finally:
        os.close(ours)
    assert gone(tmp_path)


def _read(handle: int) -> bool:
    """Take what is drawn, so that nobody waits for it; False."""
    os.set_blocking(handle, False)
    try:
        os.read(handle, 65_536)
    except OSError:
        return False
    return False


def test_killed_is_cleaned_up_by_the_next(start: Start, tmp_path: Path) -> None:
    """A killed one takes its processes along; its folder goes when the next one starts."""
    killed = start("--headless")
    assert killed.stdout is not None
    while "s  " not in killed.stdout.readline():
        assert killed.poll() is None
    killed.kill()
    killed.wait()
    (left,) = tmp_path.iterdir()
    wait_until(lambda: not alive(tmp_path), "its processes ended")
    following = start("--headless")
    wait_until(lambda: not left.exists(), "the killed one's folder gone")
    following.send_signal(signal.SIGTERM)
    following.communicate(timeout=30)
    assert gone(tmp_path)


def test_seconds_are_for_headless(start: Start, tmp_path: Path) -> None:
    """Wrong usage is told as such, and makes nothing."""
    for words in (["--seconds", "20"], ["--headless", "--seconds", "1"]):
        process = start(*words, "--json")
        _out, err = process.communicate(timeout=30)
        assert process.returncode == 2
        assert json.loads(err)["error"]["code"] == "usage"
    assert gone(tmp_path)
