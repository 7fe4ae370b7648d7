"""Files that somebody writes to while they are filed: the archive's bytes never follow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from photo_factory.librarian import batch, filing, metadata_extractor, records
from photo_factory.shared import journal
from tests.faults.workshop import Workshop, photo

_WRITER = """
import os, sys
descriptor = os.open(sys.argv[1], os.O_WRONLY)  # the kernel may keep it waiting here
print("open", flush=True)
if sys.argv[2:]:
    sys.stdin.readline()
os.pwrite(descriptor, b"overwritten", 30)
os.close(descriptor)
"""


class Writers:
    """Other programs that overwrite a file."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def open(self, path: Path, *, hold: bool = False) -> subprocess.Popen[bytes]:
        """Start a program that opens the file; it writes at once, unless it is to hold."""
        command = [sys.executable, "-S", "-c", _WRITER, str(path), *(["hold"] if hold else [])]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._started.append(subprocess.Popen(command, **pipes))  # type: ignore[call-overload]
        return self._started[-1]

    def come_for(self, path: Path) -> None:
        """Start one, and give it the time to get as far as the kernel lets it."""
        self.open(path)
        time.sleep(0.3)

    def end(self) -> None:
        for writer in self._started:
            writer.communicate(timeout=60)


@pytest.fixture
def writers() -> Iterator[Writers]:
    started = Writers()
    yield started
    started.end()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have something happen once, just before (or after) a function is called."""

    def arrange(owner: Any, name: str, happen: Callable[[], None], *, after: bool = False) -> None:
        real, done = getattr(owner, name), []

        def wrapped(*arguments: Any, **options: Any) -> Any:
            if after:
                answer = real(*arguments, **options)
            if not done:
                done.append(True)
                happen()
            return answer if after else real(*arguments, **options)

        monkeypatch.setattr(owner, name, wrapped)

    return arrange


def test_it_waits_until_a_writer_closes(workshop: Workshop, writers: Writers) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1))
    writer = writers.open(path, hold=True)
    assert writer.stdout
    writer.stdout.readline()
    summary = workshop.run()
    assert (summary.held, summary.filed) == (1, 0)
    assert workshop.archived() == {}
    writer.communicate(b"\n", timeout=10)
    after = path.read_bytes()
    assert after != photo(1)
    assert workshop.run().filed == 1
    workshop.check(after)


def test_it_does_not_file_what_grows(workshop: Workshop, at: Callable[..., None]) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1)[:300])

    def grow() -> None:
        with path.open("ab") as file:
            file.write(photo(1)[300:])

    at(batch, "open_regular", grow)
    assert workshop.run().filed == 1
    workshop.check(photo(1))


MOMENTS = {
    "before it is linked": (os, "link", False),
    "after it was linked": (os, "link", True),
    "before the intent": (journal.Journal, "intend", False),
    "while its facts are read": (metadata_extractor.MetadataExtractor, "finish", False),
    "before its row": (records.Records, "record", False),
    "after its row": (records.Records, "record", True),
    "before it is taken away": (filing, "take_away", False),
    "before its name goes": (os, "unlink", False),
    "after its name went": (filing, "take_away", True),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_keeps_a_writer_from_the_archive(
    workshop: Workshop, writers: Writers, at: Callable[..., None], moment: str
) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1))
    owner, name, after = MOMENTS[moment]
    seen: list[Path] = []

    def come() -> None:
        seen.extend(p for p in path.parent.iterdir())
        for here in seen:
            writers.come_for(here)

    at(owner, name, come, after=after)
    workshop.run()
    writers.end()
    workshop.run()
    written = photo(1)[:30] + b"overwritten" + photo(1)[41:]
    contents = sorted(set(workshop.archived().values()))
    assert contents in ([photo(1)], [written], sorted([photo(1), written]))
    workshop.check(*contents)
    if seen:
        assert written in contents, "what the writer wrote is lost"


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_notices_that_a_file_was_replaced(
    workshop: Workshop, at: Callable[..., None], moment: str
) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1, "2021:01:01 01:01:01"))
    other = workshop.paths.storage / "other"
    newer = photo(2, "2022:02:02 02:02:02")
    other.write_bytes(newer)
    owner, name, after = MOMENTS[moment]
    at(owner, name, lambda: other.replace(path), after=after)
    workshop.run()
    workshop.run()
    for archived, content in workshop.archived().items():
        day = "2021-01-01" if content != newer else "2022-02-02"
        assert archived.parent.name == day
    assert newer in workshop.archived().values()
    workshop.check(*set(workshop.archived().values()))


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_files_under_a_name_given_meanwhile(
    workshop: Workshop, at: Callable[..., None], moment: str
) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1))

    def rename() -> None:
        if path.exists():
            path.rename(path.with_name("IMG_2.jpg"))

    owner, name, after = MOMENTS[moment]
    at(owner, name, rename, after=after)
    workshop.run()
    assert workshop.run().all_went_well
    workshop.check(photo(1))
    assert not {row["state"] for row in workshop.arrivals()} & {"held", "failed"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_says_nothing_of_what_was_deleted_meanwhile(
    workshop: Workshop, at: Callable[..., None], moment: str
) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1))
    owner, name, after = MOMENTS[moment]
    at(owner, name, lambda: path.unlink(missing_ok=True), after=after)
    assert workshop.run().all_went_well, workshop.reasons()
    workshop.check(*workshop.archived().values())


def test_it_gives_the_archive_bytes_of_its_own_where_a_second_name_exists(
    workshop: Workshop, tmp_path: Path
) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1))
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.hardlink_to(path)
    workshop.run()
    elsewhere.write_bytes(b"written over")
    workshop.check(photo(1))
