"""A newcomer has the name of an asset whose file is missing: neither loses anything by it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photo_factory.librarian import free_names
from photo_factory.librarian.free_names import FreeNames
from photo_factory.librarian.records import Records
from photo_factory.shared import manifest
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.journal import Journal
from tests.faults import invariant
from tests.faults.factory import Factory
from tests.faults.workshop import Workshop, photo, sha256

Patch = pytest.MonkeyPatch


@pytest.fixture
def missing(both: Workshop) -> Path:
    """Where the file of an asset stood, before somebody deleted it."""
    both.put("pixel/IMG_1.jpg", photo("first"))
    both.run()
    path = both.paths.on_disk(both.assets()[0]["final_path"])
    path.unlink()
    return path


@contextmanager
def away() -> Iterator[None]:
    """The ledger cannot be reached inside the block."""

    def refuse(_: Records) -> None:
        raise LedgerAway("away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Records, "ready", refuse)
        patch.setattr(Records, "may_be_back", lambda _: False)
        yield


@contextmanager
def names_from_the_disk_alone() -> Iterator[None]:
    """Names are chosen as before, when filing asked neither the ledger nor the day folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FreeNames, "is_taken", lambda self, path, _: path in self._chosen)
        patch.setattr(FreeNames, "_has_asset", lambda *_: False)
        yield


def dies(shop: Workshop) -> None:
    """A run that ends as before, when the ledger refused the row."""

    def refuse(*_: object) -> None:
        raise RuntimeError("UNIQUE constraint failed")

    with pytest.MonkeyPatch.context() as patch, names_from_the_disk_alone():
        patch.setattr(Records, "record", refuse)
        with pytest.raises(RuntimeError, match="UNIQUE"):
            shop.run()


def both_are_kept(shop: Workshop, missing: Path) -> None:
    """Only the first is missing, provably; when it comes again, all is as it should be."""
    newcomer = missing.with_name("IMG_1_1.jpg")
    assert shop.archived() == {newcomer: photo("second")}
    named = {shop.paths.on_disk(row["final_path"]): row["file_hash"] for row in shop.assets()}
    assert named == {missing: sha256(photo("first")), newcomer: sha256(photo("second"))}
    sums = (missing.parent / "SHA256SUMS").read_text().splitlines()
    assert sorted(sums) == sorted(f"{one}  {path.name}" for path, one in named.items())
    assert sorted(row["final_path"] for row in manifest.read(missing.parent)) == sorted(
        row["final_path"] for row in shop.assets()
    )
    assert shop.left() == []
    shop.put("backup/again.jpg", photo("first"))
    assert shop.run().duplicates == 1
    assert missing.read_bytes() == photo("first")
    shop.check(photo("first"), photo("second"))
    assert (shop.paths.journal / "filing.jsonl").stat().st_size == 0
    states = [(row["name"], row["state"]) for row in shop.arrivals()]
    assert states.count(("IMG_1.jpg", "filed")) == 2


def test_it_files_a_namesake_of_what_is_missing(both: Workshop, missing: Path) -> None:
    both.put("other/IMG_1.jpg", photo("second"))
    assert both.run().filed == 1
    both_are_kept(both, missing)


def test_it_asks_the_ledger_where_the_list_was_lost(workshop: Workshop) -> None:
    workshop.put("pixel/IMG_1.jpg", photo("first"))
    workshop.run()
    (missing,) = workshop.archived()
    missing.unlink()
    for name in manifest.FILES:
        (missing.parent / name).unlink()
    workshop.put("other/IMG_1.jpg", photo("second"))
    summary = workshop.run()
    assert (summary.filed, summary.pending_ledger) == (1, 0)
    assert workshop.archived() == {missing.with_name("IMG_1_1.jpg"): photo("second")}


def test_it_files_it_while_the_ledger_is_away(both: Workshop, missing: Path) -> None:
    both.put("other/IMG_1.jpg", photo("second"))
    with away():
        assert (both.run().filed, both.left()) == (1, [])
        assert both.archived() == {missing.with_name("IMG_1_1.jpg"): photo("second")}
    both.run()
    both_are_kept(both, missing)


def test_it_gives_another_name_when_the_list_was_lost_as_well(
    both: Workshop, missing: Path
) -> None:
    for name in manifest.FILES:
        (missing.parent / name).unlink()
    both.put("other/IMG_1.jpg", photo("second"))
    with away():
        assert both.run().filed == 1
        assert both.archived() == {missing: photo("second")}, "nobody could know"
    both.run()
    both_are_kept(both, missing)


def test_it_does_not_die_when_the_ledger_refuses_the_name(both: Workshop, missing: Path) -> None:
    both.put("other/IMG_1.jpg", photo("second"))
    both.put("other/zzz.jpg", photo("second"))
    with names_from_the_disk_alone():
        summary = both.run()
    assert (summary.filed, summary.duplicates, summary.pending_ledger) == (1, 1, 2)
    both.run()
    both_are_kept(both, missing)


@pytest.mark.parametrize("list_was_rewritten", [False, True])
def test_it_mends_what_made_the_version_before_die(
    both: Workshop, missing: Path, list_was_rewritten: bool
) -> None:
    both.put("other/IMG_1.jpg", photo("second"))
    dies(both)
    if list_was_rewritten:  # as each further start did
        journal = Journal(both.paths.journal)
        manifest.amend(missing.parent, present=[entry.row for entry, _ in journal.entries()])
        journal.close()
    else:
        with away():  # then nothing can be mended yet, nor may be made worse
            both.run()
        lines = (missing.parent / "SHA256SUMS").read_text()
        assert f"{sha256(photo('first'))}  IMG_1.jpg\n" in lines
    both.run()
    both_are_kept(both, missing)
    both.put("other/NEW.jpg", photo("third"))
    assert both.run().filed == 1


def test_it_mends_what_the_version_before_filed_while_the_ledger_was_away(
    both: Workshop, missing: Path
) -> None:
    both.put("other/IMG_1.jpg", photo("second"))
    with away(), names_from_the_disk_alone():
        assert both.run().filed == 1
    assert both.archived() == {missing: photo("second")}
    both.run()
    both_are_kept(both, missing)


def _after(work: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The work, which fails the so-manieth time, when it is done."""
    calls = []

    def failing(*args: Any, **kwargs: Any) -> Any:
        result = work(*args, **kwargs)
        calls.append(args)
        if len(calls) == count:
            raise OSError(5, "the power fails", "here")
        return result

    return failing


@pytest.mark.parametrize("links", [True, False], ids=["linked", "renamed"])
@pytest.mark.parametrize(
    ("step", "count"),
    [("amend", 1), ("reveal", 1), ("fsync_folder", 1), ("fsync_folder", 2), ("intend", 1)],
)
def test_a_crash_while_it_gets_its_name_changes_nothing(
    workshop: Workshop, monkeypatch: Patch, step: str, count: int, links: bool
) -> None:
    missing = _filed_under_anothers_name(workshop)
    reveal = free_names.reveal if links else os.rename
    where: Any = {"amend": manifest, "intend": Journal}.get(step, free_names)
    with monkeypatch.context() as patch:
        patch.setattr(free_names, "reveal", reveal)
        patch.setattr(where, step, _after(getattr(where, step), count))
        workshop.run()
    assert photo("second") in workshop.archived().values()
    monkeypatch.setattr(free_names, "reveal", reveal)
    workshop.run()
    both_are_kept(workshop, missing)


def _filed_under_anothers_name(shop: Workshop) -> Path:
    """A journal of before, whose only copy of the second photo stands where the first one did."""
    shop.put("pixel/IMG_1.jpg", photo("first"))
    shop.run()
    (missing,) = (path for path in shop.archived() if path.name == "IMG_1.jpg")
    missing.unlink()
    shop.put("other/IMG_1.jpg", photo("second"))
    with away(), names_from_the_disk_alone():
        shop.run()
    assert shop.left() == []
    return missing


def test_of_two_that_wait_under_one_name_the_later_gets_another(workshop: Workshop) -> None:
    """The first was deleted before its row was written."""
    missing = workshop.paths.day_folder("2023-12-25") / "IMG_1.jpg"
    for content in ("first", "second"):
        missing.unlink(missing_ok=True)
        workshop.put(f"{content}/IMG_1.jpg", photo(content))
        with away(), names_from_the_disk_alone():
            workshop.run()
    workshop.run()
    both_are_kept(workshop, missing)


def test_a_repaired_file_is_not_touched_by_a_twin_that_was_filed_under_its_name(
    workshop: Workshop,
) -> None:
    """The twin's bytes are elsewhere in the archive; what stands under the name is whole."""
    workshop.put("pixel/OTHER.jpg", photo("second"))
    missing = _filed_under_anothers_name(workshop)
    missing.write_bytes(photo("first"))  # from a backup, by hand
    workshop.run()
    workshop.check(photo("first"), photo("second"))
    assert missing.read_bytes() == photo("first")


def test_the_whole_promise_holds_for_the_program_itself(tmp_path: Path) -> None:
    factory = Factory(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite3")
    factory.deliver("pixel/IMG_1.jpg", photo("first"))
    factory.ingest(check=True)
    (row,) = invariant.rows(factory, "media_assets")
    factory.paths.on_disk(row["final_path"]).unlink()
    factory.deliver("other/IMG_1.jpg", photo("second"))
    factory.ingest(check=True)
    factory.deliver("backup/again.jpg", photo("first"))
    factory.ingest(check=True)
    invariant.check(factory, factory.given)
