"""Faults put into the real program's system calls: held with a reason, filed when they are over."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults import invariant
from tests.faults.factory import PROGRAM, Factory, jpeg
from tests.parts import require_part


def _has_strace() -> bool:
    return shutil.which("strace") is not None


def injected(factory: Factory, *options: str | Path) -> tuple[int, dict[str, Any]]:
    """Run `ingest` with faults injected by strace; its exit code and its summary."""
    require_part("strace", "strace", _has_strace())
    command = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        "/dev/null",
        *map(str, options),
        *PROGRAM,
    ]
    ran = subprocess.run(
        [*command, "ingest", "--once", "--json"],
        env=factory.env,
        cwd=factory.home,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.stdout.strip(), ran.stderr
    return ran.returncode, json.loads(ran.stdout)


def reasons(factory: Factory) -> dict[str, str]:
    """Why files are held or failed, by name, as the ledger tells it."""
    rows = invariant.rows(factory, "arrivals")
    return {row["name"]: row["reason"] for row in rows if row["state"] in ("held", "failed")}


def recovers(factory: Factory) -> None:
    """With the fault over, the next run files everything by itself."""
    invariant.check_bytes_only(factory, factory.given)
    code, summary = factory.ingest("--once")
    assert (code, summary["held"], summary["failed"]) == (0, 0, 0), factory.stderr
    invariant.check(factory, factory.given)
    assert reasons(factory) == {}


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    """Two photos that arrived; the ledger is SQLite."""
    made = Factory(tmp_path, STABILITY_DELAY="0", SETTLE_TIMEOUT="2", WORKERS="1")
    for name in ("one", "two"):
        made.deliver(f"phone/{name}.jpg", jpeg(name, size=50_000))
    return made


COPIED = ("-e", "inject=linkat:error=EXDEV")
"""No link can be had, as between two disks: the bytes are copied."""

REFUSED = {
    "link EIO": (("-e", "inject=linkat:error=EIO"), "Originals", "check it"),
    "link EROFS": (("-e", "inject=linkat:error=EROFS"), "Originals", "mount it writable"),
    "copy ENOSPC": ((*COPIED, "-e", "inject=sendfile:error=ENOSPC"), "Originals", "make room"),
    "copy short": ((*COPIED, "-e", "inject=sendfile:retval=50000"), "Originals", "is failing"),
    "rename EIO": ((*COPIED, "-e", "inject=renameat2:error=EIO"), "Originals", "check it"),
    "fsync EIO": (("-e", "inject=fsync:error=EIO"), "", "check it"),
    "folder EACCES": (("-e", "inject=mkdir:error=EACCES"), "", "give this user access"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_it_holds_what_the_system_refuses(factory: Factory, fault: str) -> None:
    options, where, advice = REFUSED[fault]
    code, summary = injected(factory, *options)
    assert code == 1
    assert summary["held"] + summary["failed"] == 2
    assert len(invariant.inbox_files(factory)) == 2
    assert invariant.finals(factory) == [] or fault == "fsync EIO"
    if fault not in ("fsync EIO", "folder EACCES"):  # where nothing can be written in the ledger
        told = reasons(factory)
        assert sorted(told) == ["one.jpg", "two.jpg"]
        for reason in told.values():
            assert where in reason
            assert advice in reason
    recovers(factory)


def test_it_files_across_disks_by_copying(factory: Factory) -> None:
    assert injected(factory, *COPIED)[0] == 0
    invariant.check(factory, factory.given)


@pytest.mark.parametrize("call", ["fsync:error=EIO", "write:error=ENOSPC"])
def test_it_files_nothing_that_it_cannot_journal(factory: Factory, call: str) -> None:
    factory.ingest("--once", check=True)
    factory.deliver("phone/three.jpg", jpeg("three"))
    journal = factory.paths.journal / "filing.jsonl"
    code, summary = injected(factory, "-P", journal, "-e", f"inject={call}")
    assert (code, summary["held"]) == (1, 1)
    assert len(invariant.finals(factory)) == 2
    assert "filing.jsonl" in reasons(factory)["three.jpg"]
    recovers(factory)


def test_it_survives_a_journal_that_was_written_in_part(factory: Factory) -> None:
    """The write claims success and wrote nothing: the line is torn and passed over."""
    factory.ingest("--once", check=True)
    factory.deliver("phone/three.jpg", jpeg("three"))
    journal = factory.paths.journal / "filing.jsonl"
    injected(factory, "-P", journal, "-e", "inject=write:retval=10:when=1")
    recovers(factory)


@pytest.mark.parametrize(
    ("name", "call"), [("SHA256SUMS", "write:error=ENOSPC"), ("ledger.jsonl", "fsync:error=EIO")]
)
def test_it_recovers_from_a_day_folder_that_takes_no_entry(
    factory: Factory, name: str, call: str
) -> None:
    factory.ingest("--once", check=True)
    factory.deliver("phone/three.jpg", jpeg("three"))
    [folder] = {path.parent for path in invariant.finals(factory)}
    injected(factory, "-P", folder / name, "-e", f"inject={call}")
    recovers(factory)


def test_it_holds_an_inbox_file_that_cannot_be_read(factory: Factory) -> None:
    path = factory.inbox / "phone" / "one.jpg"
    code, summary = injected(factory, "-P", path, "-e", "inject=pread64,preadv,preadv2:error=EIO")
    assert (code, summary["held"], summary["filed"]) == (1, 1, 1)
    assert str(path) in reasons(factory)["one.jpg"]
    recovers(factory)


def test_it_leaves_in_the_inbox_what_cannot_be_removed(factory: Factory) -> None:
    path = factory.inbox / "phone" / "one.jpg"
    _, summary = injected(factory, "-P", path, "-e", "inject=rename:error=EACCES")
    assert summary["filed"] == 2
    assert path.exists()
    recovers(factory)
