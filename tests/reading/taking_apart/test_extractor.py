import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.reading.taking_apart import child, frames
from services.reading.taking_apart.extract import Caps, Extracted, extract
from services.reading.taking_apart.extractor import Extractor
from services.reading.taking_apart.problems import Problem
from services.reading.taking_apart.shared import SIZE
from tests.documents.generator import Party, cnpj, mail, nfe

ISSUER = Party(cnpj(1), "FORNECEDOR")
XMLS = [nfe(ISSUER, cnpj(2), number) for number in range(1, 41)]
MAILS = [mail([xml], seed=i, as_zip=i % 2 == 0) for i, xml in enumerate(XMLS)]
_KILL = b"Subject: kill\r\n\r\n"
_HANG = b"Subject: hang\r\n\r\n"

# A child that dies or hangs over certain messages, as a real one would over a fault of a library.
_FRAGILE = """
import os, time
from services.reading.taking_apart import child
real = child.extract
def fragile(raw, caps):
    if raw.startswith(b"Subject: kill"):
        os.abort()
    if raw.startswith(b"Subject: hang"):
        time.sleep(1000)
    return real(raw, caps)
child.extract = fragile
child.main()
"""


@pytest.fixture
async def extractor() -> AsyncIterator[Extractor]:
    one = Extractor()
    yield one
    await one.close()


def _niceness_of_session(pid: int) -> int | None:
    """None where Linux does not go by sessions."""
    try:
        told = Path("/proc", str(pid), "autogroup").read_text()
    except OSError:
        return None
    return int(told.split()[-1]) if told else None


async def test_it_is_the_last_for_a_core(extractor: Extractor) -> None:
    """Keys come first: lower than we are as a process, and as a session where Linux goes by sessions."""
    await extractor.start()
    assert extractor.pid is not None
    niceness = os.getpriority(os.PRIO_PROCESS, extractor.pid)
    assert niceness > os.getpriority(os.PRIO_PROCESS, 0)
    assert os.sched_getscheduler(extractor.pid) == os.SCHED_BATCH
    assert _niceness_of_session(extractor.pid) in (10, None)


async def test_what_the_shared_memory_does_not_hold(extractor: Extractor) -> None:
    """R41: a message larger than it, between small ones: all are read, each as itself."""
    large = mail([XMLS[0]], pdf_bytes=3 * SIZE // 2)
    assert len(large) > SIZE
    one, two, three = await extractor.extract_many([MAILS[1], large, MAILS[3]])
    for answer, xml in ((one, XMLS[1]), (two, XMLS[0]), (three, XMLS[3])):
        assert isinstance(answer, Extracted)
        assert [found.xml for found in answer.found] == [xml]


@pytest.fixture
async def fragile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Extractor]:
    (tmp_path / "fragile_child.py").write_text(_FRAGILE)
    monkeypatch.setattr("services.reading.taking_apart.extractor._CHILD", "fragile_child")
    root = Path(child.__file__).parents[3]
    monkeypatch.setattr(
        "services.reading.taking_apart.extractor._environment",
        lambda: {"PYTHONPATH": f"{root}{os.pathsep}{tmp_path}"},
    )
    one = Extractor(deadline=1.0)
    yield one
    await one.close()


async def test_what_comes_back_is_what_was_found(extractor: Extractor) -> None:
    """R37: the same as in this process, in order, over several chunks."""
    expected = [extract(raw, Caps()) for raw in MAILS]
    assert await extractor.extract_many(MAILS) == expected
    assert [one.found[0].xml for one in expected] == XMLS
    assert await extractor.extract_many([]) == []


async def test_several_coroutines_at_once(extractor: Extractor) -> None:
    answers = await asyncio.gather(*(extractor.extract_many([raw]) for raw in MAILS))
    assert [found.xml for (one,) in answers for found in one.found] == XMLS  # type: ignore[union-attr]


async def test_problems_and_checks_cross_over(extractor: Extractor) -> None:
    """R40, R41."""
    (answer,) = await extractor.extract_many([mail([XMLS[0][:900]])])
    assert isinstance(answer, Extracted)
    assert [problem.reason for problem in answer.problems] == ["malformed"]
    good, bad = await extractor.check_many([XMLS[0], b"junk"])
    assert (good.signature.code, good.schema.code) == ("ok", "ok")
    assert bad.signature.code == "unverifiable"


async def test_a_poisonous_message_is_set_apart(fragile: Extractor) -> None:
    """R41: the child dies over it; its neighbours are read in the same call."""
    raws = [*MAILS[:5], _KILL, *MAILS[5:10]]
    answers = await fragile.extract_many(raws)
    assert answers[5] == Problem("poison", "IncompleteReadError")
    rest = answers[:5] + answers[6:]
    assert [found.xml for one in rest for found in one.found] == XMLS[:10]  # type: ignore[union-attr]


async def test_a_message_without_end_is_set_apart(fragile: Extractor) -> None:
    """R41: a deadline for the chunk, then for the message alone."""
    answers = await fragile.extract_many([MAILS[0], _HANG, MAILS[1]])
    assert answers[1] == Problem("poison", "deadline")
    assert [found.xml for one in (answers[0], answers[2]) for found in one.found] == XMLS[:2]  # type: ignore[union-attr]


async def test_a_killed_child_is_replaced(extractor: Extractor) -> None:
    await extractor.start()
    pid = extractor.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    answers = await extractor.extract_many(MAILS[:3])
    assert all(isinstance(one, Extracted) for one in answers)
    assert extractor.pid != pid


async def test_a_cancelled_question_leaves_no_stale_answer(extractor: Extractor) -> None:
    await extractor.start()
    asked = asyncio.create_task(extractor.extract_many(MAILS))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    (answer,) = await extractor.extract_many([MAILS[7]])
    assert isinstance(answer, Extracted)
    assert answer.found[0].xml == XMLS[7]


async def test_the_child_is_kept_small(extractor: Extractor) -> None:
    """Memory capped, lower priority, no secret in its environment."""
    os.environ["CARTEIRO_TEST_SECRET"] = "s3cret"
    try:
        await extractor.start()
    finally:
        del os.environ["CARTEIRO_TEST_SECRET"]
    proc = Path(f"/proc/{extractor.pid}")
    assert b"s3cret" not in (proc / "environ").read_bytes()
    limits = (proc / "limits").read_text()
    assert str(child.MEMORY) in limits
    assert (
        os.getpriority(os.PRIO_PROCESS, extractor.pid or 0)
        >= os.getpriority(os.PRIO_PROCESS, 0) + 5
    )


def test_the_child_does_not_outlive_its_parent() -> None:
    """Killed without a chance to clean up."""
    script = (
        "import asyncio\nfrom services.reading.taking_apart.extractor import Extractor\n"
        "async def main():\n    one = Extractor()\n    await one.start()\n"
        "    print(one.pid, flush=True)\n    await asyncio.sleep(1000)\nasyncio.run(main())\n"
    )
    root = Path(child.__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, "the child still runs"
        time.sleep(0.01)


def test_asking_loads_no_parser() -> None:
    """The process with the screen never parses what strangers wrote, nor pays for loading it."""
    script = (
        "import sys\nimport services.reading.taking_apart.extractor\n"
        "print(sorted({'lxml', 'signxml', 'fast_mail_parser', 'nfelib'} & set(sys.modules)))"
    )
    root = Path(child.__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "[]"


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    "text",
    [b"", b"null", b"[]", b"[1]", b"[[1,2,3]]", b'[[["a","b","c",1],[],[]]]', b"[" * 100_000],
)
def test_a_reply_out_of_form_is_refused(text: bytes) -> None:
    """What comes back was made from hostile input: it is data, and checked."""
    with pytest.raises(frames.BadFrame):
        frames.read_extracted(text, b"", 1)
    with pytest.raises(frames.BadFrame):
        frames.read_checks(text, 1)
