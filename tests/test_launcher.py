"""The launcher: makes an environment once, uses no half of one, and gets out of the way."""

from __future__ import annotations

import ensurepip
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers.ports import wait_until
from tui_app import pip_wheel

TOP = Path(__file__).parents[1]

_PROGRAM = """\
import os, sys
import tiny
import services.part
print(sys.argv[1:], sys.prefix, services.part.__cached__, os.getpid(), sep="\\n", flush=True)
if sys.argv[1:] == ["wait"]:
    import signal
    signal.pause()
"""


def _wheel(folder: Path) -> Path:
    """The smallest wheel, so that no registry is asked."""
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n")
    return wheel


def _checkout(folder: Path) -> Path:
    top = folder / "a checkout"
    for room in ("tui_app", "screens", "services"):
        (top / room).mkdir(parents=True)
        (top / room / "__init__.py").touch()
    (top / "tui_app/__main__.py").write_text(_PROGRAM)
    (top / "services/part.py").touch()
    shutil.copy(TOP / "carteiro", top)
    shutil.copy(TOP / "tui_app/environment.sh", top / "tui_app")
    wheel = _wheel(folder)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (top / "requirements.lock").write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return top


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A program of two modules that starts as Carteiro does, with one dependency."""
    return _checkout(tmp_path)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another, whose environment has been made."""
    top = _checkout(tmp_path_factory.mktemp("started"))
    _run(top / "carteiro")
    return top


@pytest.fixture
def made(started: Path, tmp_path: Path) -> Path:
    """A copy of ``started`` for the test alone."""
    return shutil.copytree(started, tmp_path / "a checkout", symlinks=True)


def _start(*argv: str | Path, cwd: Path | None = None, **more: str) -> subprocess.Popen[str]:
    """In a plain environment: this run's own Python must not show through."""
    folder = Path(sys.base_prefix) / "bin"
    home = more.pop("HOME", os.environ.get("HOME", "/"))
    return subprocess.Popen(
        [str(a) for a in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"} | more,
    )


def _run(*argv: str | Path, cwd: Path | None = None, **more: str) -> list[str]:
    process = _start(*argv, cwd=cwd, **more)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.splitlines()


def _environments(checkout: Path) -> list[Path]:
    return sorted((checkout / ".env").glob("requirements-*"))


def test_it_makes_an_environment_once_and_gives_the_arguments_on(checkout: Path) -> None:
    first = _run(checkout / "carteiro", "a", "b c")
    made = _environments(checkout)
    stamp = (made[0] / "ready").stat().st_mtime_ns
    second = _run(checkout / "carteiro", "--json")
    assert (first[0], second[0]) == ("['a', 'b c']", "['--json']")
    assert [str(e) for e in made] == [first[1]] == [second[1]]
    assert (made[0] / "ready").stat().st_mtime_ns == stamp


def test_a_changed_lock_makes_another_environment(made: Path) -> None:
    before = _run(made / "carteiro")[1]
    with (made / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert _run(made / "carteiro")[1] != before


def test_it_starts_through_links_from_anywhere_and_after_a_move(
    checkout: Path, tmp_path: Path
) -> None:
    """A folder called ``services`` where the person stands is not the program's."""
    (tmp_path / "elsewhere/services").mkdir(parents=True)
    (tmp_path / "elsewhere/services/__init__.py").write_text("raise SystemExit('not mine')")
    link = tmp_path / "elsewhere/link"
    link.symlink_to("../link")
    (tmp_path / "link").symlink_to(checkout / "carteiro")
    assert _run("./link", "x", cwd=tmp_path / "elsewhere")[0] == "['x']"
    assert _run("sh", "carteiro", "x", cwd=checkout)[0] == "['x']"
    moved = checkout.rename(tmp_path / "moved")
    part = _run(moved / "carteiro")[2]
    assert Path(part).is_relative_to(moved)


def test_every_module_has_fresh_byte_code(checkout: Path) -> None:
    """Also under PYTHONDONTWRITEBYTECODE, and for what has changed or come since."""
    _run(checkout / "carteiro", PYTHONDONTWRITEBYTECODE="1")
    never_imported = checkout / "screens/later.py"
    never_imported.write_text("x = 1\n")
    _run(checkout / "carteiro", PYTHONDONTWRITEBYTECODE="1")
    assert list((checkout / "screens/__pycache__").glob("later.*.pyc"))
    assert list(_environments(checkout)[0].glob("lib/*/site-packages/__pycache__/tiny.*.pyc"))


def test_a_wrong_hash_leaves_nothing_that_would_be_used(checkout: Path) -> None:
    lock = checkout / "requirements.lock"
    good = lock.read_text()
    lock.write_text(re.sub("sha256:.*", "sha256:" + "0" * 64, good))
    process = _start(checkout / "carteiro")
    assert "requirements.lock" in process.communicate()[1]
    assert process.returncode == 1
    assert _environments(checkout) == []
    lock.write_text(good)
    assert _run(checkout / "carteiro", "x")[0] == "['x']"


def test_a_build_killed_half_way_is_made_anew(checkout: Path) -> None:
    process = _start("setsid", checkout / "carteiro")
    wait_until(lambda: bool(_environments(checkout)), "the environment is begun")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    left = _environments(checkout)[0]
    assert not (left / "ready").exists()
    (left / "half").touch()
    assert _run(checkout / "carteiro", "x")[:2] == ["['x']", str(left)]
    assert not (left / "half").exists()


def test_an_environment_whose_python_has_gone_is_made_anew(made: Path) -> None:
    _run(made / "carteiro")
    python = _environments(made)[0] / "bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert _run(made / "carteiro", "x")[0] == "['x']"


def test_started_three_times_at_once_it_builds_once(checkout: Path) -> None:
    started = [_start(checkout / "carteiro", str(n)) for n in range(3)]
    told = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert sum("preparando" in err for _, err in told) == 1
    assert len(_environments(checkout)) == 1


def test_signals_reach_the_program(made: Path) -> None:
    """The launcher has become the program: same process, so SIGHUP and SIGTERM arrive."""
    _run(made / "carteiro")
    process = _start(made / "carteiro", "wait")
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(4)][3].strip() == str(process.pid)
    process.terminate()
    process.communicate()
    assert process.returncode == -signal.SIGTERM


def test_without_a_python_it_names_the_cure(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("cksum", "find", "mkdir"):
        (tools / name).symlink_to(shutil.which(name) or name)
    for language, words in (("pt_BR.UTF-8", "falta o Python 3.11"), ("en_US.UTF-8", "is missing")):
        process = _start("/bin/sh", checkout / "carteiro", PATH=str(tools), LANG=language)
        err = process.communicate()[1]
        assert process.returncode == 1
        assert words in err
        assert "apt install" in err


@pytest.fixture
def without_pip(checkout: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of a machine whose Python has no pip, as Debian's, and an index that has it."""
    # Debian's Python keeps its wheels in a folder of their own.
    bundled = sysconfig.get_config_var("WHEEL_PKG_DIR") or ensurepip.__path__[0] + "/_bundled"
    (wheel,) = Path(bundled).glob("pip-*.whl")
    script = (TOP / "tui_app/pip_wheel.py").read_text()
    script = script.replace(pip_wheel.NAME, wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (checkout / "tui_app/pip_wheel.py").write_text(script.replace(pip_wheel.SHA256, digest))
    page = tmp_path / "index/pip/index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
    shutil.copy(wheel, page.parent)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("uv", "python3.13", "python3.12"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
    real = Path(sys.base_prefix) / "bin" / "python3"
    (programs / "python3.11").write_text(
        f'#!/bin/bash\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec -a "$0" {real} "$@"\n'
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    serve = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "PATH": f"{programs}:/usr/bin:/bin",
            "PIP_INDEX_URL": f"http://127.0.0.1:{server.server_port}",
        }
        server.shutdown()


def test_a_python_without_pip_gets_it(checkout: Path, without_pip: dict[str, str]) -> None:
    assert _run(checkout / "carteiro", "a", **without_pip)[0] == "['a']"
    assert _run(checkout / "carteiro", "b", **without_pip)[0] == "['b']"
    (made,) = _environments(checkout)
    assert list(made.glob("pip-*.whl"))


def test_another_pip_than_the_one_meant_is_not_run(
    checkout: Path, without_pip: dict[str, str]
) -> None:
    script = checkout / "tui_app/pip_wheel.py"
    script.write_text(re.sub('SHA256 = "[0-9a-f]+"', f'SHA256 = "{"0" * 64}"', script.read_text()))
    process = _start(checkout / "carteiro", **without_pip)
    _out, err = process.communicate()
    assert process.returncode == 1
    assert "not the file that was meant" in err
    assert _environments(checkout) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_whom_the_checkout_does_not_belong_to_gets_an_environment_of_his_own(
    checkout: Path, tmp_path: Path
) -> None:
    """Nothing is written into the checkout; the second start finds everything in the cache."""
    public = Path(shutil.move(checkout, f"/tmp/{tmp_path.name}-{os.getpid()}"))
    try:
        wheel = shutil.copy(tmp_path / "tiny-1.0-py3-none-any.whl", public)
        lock = public / "requirements.lock"
        lock.write_text(re.sub("file:[^ ]*", Path(wheel).as_uri(), lock.read_text()))
        home = public / "home"
        home.mkdir()
        shutil.chown(home, "nobody")
        public.chmod(0o755)
        as_nobody = ("setpriv", "--reuid=nobody", "--clear-groups", public / "carteiro")
        path = "/usr/bin:/bin"
        if shutil.which("python3", path=path) is None:
            pytest.skip("no Python that everybody may run")
        first, second = (_run(*as_nobody, HOME=str(home), PATH=path) for _ in range(2))
        assert first[:3] == second[:3]
        assert Path(first[1]).is_relative_to(home / ".cache/carteiro")
        assert Path(first[2]).is_relative_to(home / ".cache/carteiro")
        assert Path(first[2]).exists()
        assert not (public / ".env").exists()
    finally:
        shutil.rmtree(public)


@pytest.mark.parametrize("over_ssh", [False, True])
def test_over_ssh_the_client_does_not_say_where_programs_are(
    checkout: Path, tmp_path: Path, over_ssh: bool
) -> None:
    """R54: with ``--user``, a cache folder that the client names is not looked into."""
    sum_, size = subprocess.run(
        ["cksum"], stdin=(checkout / "requirements.lock").open(), capture_output=True, check=True
    ).stdout.split()[:2]
    place = subprocess.run(
        ["cksum"], input=str(checkout).encode(), capture_output=True, check=True
    ).stdout.split()[0]
    name = f"requirements-{sum_.decode()}-{size.decode()}-{place.decode()}-3.x"
    planted = tmp_path / "theirs/carteiro" / name
    (planted / "bin").mkdir(parents=True)
    (planted / "bin/python").write_text("#!/bin/sh\necho planted $PIP_INDEX_URL\n")
    (planted / "bin/python").chmod(0o755)
    (planted / "ready").touch()
    more = {"XDG_CACHE_HOME": str(tmp_path / "theirs"), "PIP_INDEX_URL": "http://evil.example"}
    if over_ssh:
        more |= {"SSH_CONNECTION": "::1 1 ::1 22", "UV_INDEX_URL": "http://evil.example"}
    first = _run(checkout / "carteiro", "--user", "ana", **more)[0]
    assert first == ("['--user', 'ana']" if over_ssh else "planted http://evil.example")


def test_no_variable_of_pythons_has_a_say(made: Path, tmp_path: Path) -> None:
    """R54: the program ends when it ends, and imports what belongs to it."""
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('not mine')")
    more = {"PYTHONINSPECT": "1", "PYTHONPATH": str(tmp_path), "PYTHONVERBOSE": "1"}
    assert _run(made / "carteiro", "x", **more)[0] == "['x']"


def _plain(checkout: Path) -> str:
    return Path(_run(checkout / "carteiro")[1]).name


def test_the_extra_is_chosen_for_good_once_it_is_there(made: Path) -> None:
    """R31: `carteiro extra danfe`; what cannot be installed changes nothing."""
    lock = made / "requirements-danfe.lock"
    lock.write_text(f"nowhere @ {made.as_uri()}/nowhere.whl --hash=sha256:{'0' * 64}\n")
    failed = _start(made / "carteiro", "extra", "danfe")
    failed.communicate()
    assert failed.returncode == 1
    assert not _plain(made).startswith("requirements-danfe-")
    lock.write_text((made / "requirements.lock").read_text())
    _run(made / "carteiro", "extra", "danfe")
    assert _plain(made).startswith("requirements-danfe-")
    _run(made / "carteiro", "extra", "none")
    assert not _plain(made).startswith("requirements-danfe-")
    for asked in ("--help", "pdf"):
        assert _run(made / "carteiro", "extra", asked)[0] == str(["extra", asked])


def test_the_lock_files_agree() -> None:
    """What is tested is what runs, every line with its hash, and no place but the registry."""
    pinned = [
        dict(re.findall(r"^([\w.-]+)==([\w.]+)", (TOP / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-danfe.lock", "requirements-dev.lock")
    ]
    assert pinned[0].items() <= pinned[1].items() <= pinned[2].items()
    for name in ("requirements.lock", "requirements-danfe.lock", "requirements-dev.lock"):
        text = (TOP / name).read_text()
        assert not re.search(r"://|find-links|index-url", text)
        pins = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in pin for pin in pins)
