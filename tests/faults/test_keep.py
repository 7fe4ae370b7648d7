"""Mode `keep`: every file stays where it is as well, and is filed once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from photo_factory.librarian import filing
from tests.faults.outages import Moved, away, prepared
from tests.faults.workshop import Workshop, photo


@pytest.fixture
def keeping(made: Callable[..., Workshop]) -> Workshop:
    return made(INBOX_MODE="keep")


def _state(path: Path) -> tuple[int, int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mode, found.st_mtime_ns, found.st_uid


@pytest.mark.parametrize("means", ["link", "copy"])
def test_it_files_once_and_leaves_everything_as_it_was(
    keeping: Workshop, monkeypatch: pytest.MonkeyPatch, means: str
) -> None:
    paths = [keeping.put(f"phone/IMG_{n}.jpg", photo(n)) for n in range(3)]
    paths.append(keeping.put("phone/again.jpg", photo(1)))
    for path in paths:
        path.chmod(0o640)
    before = [_state(path) for path in paths]
    if means == "copy":
        monkeypatch.setattr(filing, "_linked", lambda *_: False)
    summary = keeping.run()
    assert (summary.filed, summary.duplicates) == (3, 1)
    assert [_state(path) for path in paths] == before
    keeping.check(*map(photo, range(3)))
    shared = [path.samefile(final) for path in paths for final in keeping.archived()]
    assert sum(shared) == (3 if means == "link" else 0)
    assert keeping.run().seen == 0
    assert len(keeping.arrivals()) == 4


def test_it_takes_a_changed_file_for_a_new_arrival(keeping: Workshop) -> None:
    path = keeping.put("phone/IMG_1.jpg", photo(1))
    keeping.run()
    path.unlink()
    keeping.put("phone/IMG_1.jpg", photo(2))
    assert keeping.run().filed == 1
    keeping.check(photo(1), photo(2))
    assert keeping.run().seen == 0


def test_it_waits_for_the_ledger_to_tell_old_from_new(
    made: Callable[..., Workshop], tmp_path: Path
) -> None:
    outage = prepared(Moved(tmp_path))
    keeping = made(url=outage.url, INBOX_MODE="keep")
    keeping.put("phone/IMG_1.jpg", photo(1))
    keeping.run()
    with away(outage), pytest.raises(Exception, match="cannot be reached"):
        keeping.run()
    assert keeping.run().seen == 0
    keeping.check(photo(1))
