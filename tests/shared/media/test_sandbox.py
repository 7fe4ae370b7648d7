"""Children die, hang and swell; nobody else notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photo_factory.shared.media.sandbox import Sandbox, SandboxFailure
from tests.shared.media import made


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made_here = Sandbox(workers=2, timeout_s=1.5, memory_mib=256)
    yield made_here
    made_here.close()


def misbehave(how: str) -> str:
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "hang":
        time.sleep(60)
    if how == "exit":
        os._exit(3)
    if how == "swell":
        hoard = []
        while True:
            hoard.append(bytearray(16 << 20))
    if how == "raise":
        raise ValueError(how)
    if how == "unpicklable":
        raise Stubborn("one", "two")
    return how


class Stubborn(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def told(results: list[Any]) -> list[str]:
    return [
        f"{type(one).__name__}: {one}" if isinstance(one, Exception) else one for one in results
    ]


def test_it_returns_results_in_order(sandbox: Sandbox) -> None:
    assert sandbox.map(misbehave, [("a",), ("b",), ("c",)]).result(30) == ["a", "b", "c"]
    assert sandbox.map(misbehave, []).result(30) == []


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ("segfault", "SandboxFailure: was killed by signal 11"),
        ("hang", "SandboxFailure: took longer than 1.5 s"),
        ("exit", "SandboxFailure: ended by itself with exit code 3"),
        ("swell", "SandboxFailure: used more than 256 MiB"),
        ("raise", "ValueError: raise"),
        ("unpicklable", "RuntimeError: Stubborn: onetwo"),
    ],
)
def test_it_blames_only_the_guilty_job(sandbox: Sandbox, how: str, what: str) -> None:
    jobs = [("a",), (how,), ("b",)]
    assert told(sandbox.map(misbehave, jobs).result(30)) == ["a", what, "b"]


def test_it_goes_on_after_many_deaths(sandbox: Sandbox) -> None:
    promises = [sandbox.map(misbehave, [("segfault",), (str(n),)]) for n in range(3)]
    for number, promise in enumerate(promises):
        failure, fine = promise.result(30)
        assert isinstance(failure, SandboxFailure)
        assert fine == str(number)


def test_it_refuses_work_after_closing() -> None:
    closed = Sandbox(workers=1)
    closed.map(misbehave, [("a",)]).result(30)
    closed.close()
    with pytest.raises(SandboxFailure):
        closed.map(misbehave, [("a",)]).result(30)


def test_it_extracts_in_a_child_without_loading_parsers_here(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg", exif=made.exif())
    script = f"""
        import sys
        from datetime import UTC, datetime
        from photo_factory.shared.media.facts import DatePolicy, extract
        from photo_factory.shared.media.sandbox import Sandbox
        def read(path):
            policy = DatePolicy("Europe/Berlin", {{}}, datetime.now(UTC))
            return extract(path, policy=policy)
        if __name__ == "__main__":
            sandbox = Sandbox(workers=1, preload=("photo_factory.shared.media.preload",))
            facts, = sandbox.map(read, [({str(path)!r},)]).result(60)
            print(facts.captured_at)
            heavy = "PIL", "av", "exifread", "numpy", "timezonefinder", "defusedxml"
            print([name for name in heavy if name in sys.modules])
    """
    assert _run(tmp_path, script).splitlines() == ["2023-12-25 12:34:56", "[]"]


def test_it_does_not_keep_its_parent_from_exiting(tmp_path: Path) -> None:
    script = """
        import time
        from photo_factory.shared.media.sandbox import Sandbox
        if __name__ == "__main__":
            sandbox = Sandbox(workers=1, timeout_s=500)
            sandbox.map(abs, [(-1,)]).result(60)
            sandbox.map(time.sleep, [(400,)])
            print("done")
    """
    assert _run(tmp_path, script) == "done\n"


def test_its_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    script = """
        import os
        from photo_factory.shared.media.sandbox import Sandbox
        if __name__ == "__main__":
            child, = Sandbox(workers=1).map(os.getpid, [()]).result(60)
            print(child, flush=True)
            os.kill(os.getpid(), 9)
    """
    child = int(_run(tmp_path, script, returns=-9))
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def _run(folder: Path, script: str, *, returns: int = 0) -> str:
    path = folder / "script.py"
    path.write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == returns, done.stderr
    return done.stdout
