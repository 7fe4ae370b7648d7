"""What `backup verify` does when a target fails in the midst of it: nothing counts that is not."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from photo_factory.addons.backup import verifying
from photo_factory.addons.backup.file_target import FileTarget
from photo_factory.addons.backup.folder_store import FolderStore
from photo_factory.addons.backup.repairing import Mender
from photo_factory.addons.backup.targets import (
    Corrupted,
    Target,
)
from photo_factory.commands.backup import run_verify, show_verified
from photo_factory.shared import corrections
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError, TryLater
from photo_factory.shared.facts import Asset
from photo_factory.shared.files import exclusive_lock
from tests.addons.backup.test_getting_back import copy_of, rot, settings_of
from tests.addons.backup.test_service import a_target, rows, run, sums_hold
from tests.factory import Factory


def by_id(factory: Factory) -> list[str]:
    """Names in the order in which verify reads them."""
    found = sorted(factory.assets(), key=lambda row: row["id"])
    return [Path(row["final_path"]).name for row in found]


def problems(factory: Factory) -> list[str]:
    return [row["path"] for row in rows(factory) if row["problem"] or not row["verified_at"]]


@pytest.mark.parametrize(
    "error", [TryLater("it is full: make room there"), Corrupted("other bytes"), KeyboardInterrupt]
)
def test_a_copy_that_was_put_aside_counts_nowhere_until_there_is_another(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    rot(copy_of(factory, usb, by_id(factory)[0]))

    def failing(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(FileTarget, "put", failing)
        if isinstance(error, PhotoFactoryError):
            (found,) = run_verify(settings_of(factory, usb), None, 100)
            assert (found.checked, found.copies, found.all_is_well) == (1, 2, False)
            assert str(error) in found.failed[0] and found.away is None
        else:
            with pytest.raises(KeyboardInterrupt):
                run_verify(settings_of(factory, usb), None, 100)
    assert len(problems(factory)) == 1
    assert not factory.asset(by_id(factory)[0])["is_backed_up"]
    assert factory.asset(by_id(factory)[1])["is_backed_up"]
    assert run(factory, usb) and problems(factory) == []
    assert copy_of(factory, usb, by_id(factory)[0]).exists()


def test_a_mended_copy_counts_again_without_a_word_from_anybody(
    factory: Factory, usb: Path
) -> None:
    rot(copy_of(factory, usb, "a.jpg"))
    run_verify(settings_of(factory, usb), None, 100)
    assert problems(factory) == []
    assert run(factory, usb)
    assert all(row["is_backed_up"] and not row["has_errors"] for row in factory.assets())


def test_a_running_service_hears_of_it_only_when_the_damaged_copy_is_out_of_its_way(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take it for a stranger's, and park the photo; but it counts nowhere before that."""
    rot(copy_of(factory, usb, "a.jpg"))
    renamed, put = FileTarget.rename, FileTarget.put
    seen: list[tuple[str, int, bool]] = []

    def looked_at(target: FileTarget, *given: Any) -> Any:
        does = renamed if len(given) == 2 else put
        flag = factory.asset("a.jpg")["is_backed_up"]
        seen.append((does.__name__, len(problems(factory)), flag))
        return does(target, *given)

    monkeypatch.setattr(FileTarget, "rename", looked_at)
    monkeypatch.setattr(FileTarget, "put", looked_at)
    run_verify(settings_of(factory, usb), None, 100)
    assert seen == [("rename", 1, True), ("put", 1, False)]


def pulled_out_at(patch: pytest.MonkeyPatch, usb: Path, name: str) -> None:
    """The disk drops out and is unmounted while a file is to be read; an empty folder stays."""
    real = FolderStore.blocks

    def unmounting(store: FolderStore, path: str) -> Iterator[bytes]:
        if path.endswith(name) and not usb.with_name("pulled").exists():
            usb.rename(usb.with_name("pulled"))
            usb.mkdir()
        return real(store, path)

    patch.setattr(FolderStore, "blocks", unmounting)


@pytest.mark.parametrize("is_original_whole", [True, False])
def test_nothing_is_written_below_the_mount_point_of_a_disk_that_dropped_out(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch, is_original_whole: bool
) -> None:
    if not is_original_whole:
        rot(factory.on_disk(factory.asset(by_id(factory)[0])))
    pulled_out_at(monkeypatch, usb, by_id(factory)[0])
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert "is not mounted" in str(found.away)
    assert (found.checked, found.copies_mended, found.lost, found.failed) == (0, [], [], [])
    assert list(usb.iterdir()) == []
    assert problems(factory) == [], "what it held is as it was"
    assert all(row["is_backed_up"] for row in factory.assets())


@pytest.mark.parametrize(
    "cause",
    [
        ClientError({"Error": {"Code": "InvalidObjectState"}}, "GetObject"),  # in an archive class
        ReadTimeoutError(endpoint_url="https://nas:9000"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        TimeoutError("timed out"),
    ],
)
def test_a_refusal_or_a_broken_connection_says_nothing_of_a_copys_bytes(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch, cause: Exception
) -> None:
    real = FileTarget.sha256

    def refusing(target: FileTarget, path: str) -> str:
        if path.endswith(by_id(factory)[0]):
            raise TryLater("it is away") from cause
        return real(target, path)

    monkeypatch.setattr(FileTarget, "sha256", refusing)
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert (found.away, found.checked, found.copies_mended) == (None, 1, [])
    assert (getattr(cause, "strerror", None) or str(cause)) in found.failed[0]
    assert not found.all_is_well
    assert problems(factory) == [] and not (usb / "Damaged").exists()


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), LedgerAway("gone")])
def test_what_was_mended_is_told_whatever_comes_after(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    first, second = by_id(factory)
    rot(copy_of(factory, usb, first))
    factory.on_disk(factory.asset(second)).unlink()

    def failing(_mender: Mender, _asset: Asset, _target: Target, _path: str) -> None:
        raise error

    monkeypatch.setattr(Mender, "__call__", failing)
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert [Path(path).name for path in found.copies_mended] == [first]
    assert not found.all_is_well and not found.as_json()["ok"]
    assert ("gone" in str(found.away)) is isinstance(error, LedgerAway)
    assert ("denied" in "".join(found.failed)) is isinstance(error, OSError)
    assert sums_hold(usb) == 2


def test_one_that_cannot_be_mended_now_does_not_keep_the_others_from_it(
    factory: Factory,
    usb: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = by_id(factory)
    other = a_target(factory, "other")
    assert run(factory, usb, other)
    monkeypatch.setattr("photo_factory.addons.backup.repairing.LOCK_S", 0)
    factory.on_disk(factory.asset(first)).unlink()
    rot(copy_of(factory, usb, second))
    with exclusive_lock(factory.paths.journal / "lock"):
        found = run_verify(settings_of(factory, usb, other), None, 100)
    assert all("is filing" in one.failed[0] and first in one.failed[0] for one in found)
    assert [len(one.copies_mended) for one in found] == [1, 0]
    assert [one.checked for one in found] == [1, 1]
    show_verified(found)
    told = capsys.readouterr()
    assert "is filing" in " ".join((told.out + told.err).split())


def test_no_photo_is_lost_because_the_archive_dropped_out(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rot(copy_of(factory, usb, by_id(factory)[0]))
    originals, real = factory.paths.originals, verifying.hash_here

    def unmounting(asset: Asset) -> str | None:
        if not originals.with_name("pulled").exists():
            originals.rename(originals.with_name("pulled"))
            originals.mkdir()
        return real(asset)

    monkeypatch.setattr(verifying, "hash_here", unmounting)
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert found.lost == [] and str(originals) in str(found.away)
    assert problems(factory) == []


def test_a_photo_that_was_re_filed_since_its_row_was_read_is_not_lost(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes by some hundred rows at once, which may be hours of films."""
    real, asset = verifying.hash_here, factory.asset("a.jpg")

    def meanwhile(one: Asset) -> str | None:
        if one.id == asset["id"]:
            with factory.engine.begin() as connection:
                corrections.ask(connection, one.id, "anna", captured_at=datetime(2020, 6, 7))
            factory.ingest()
        return real(one)

    monkeypatch.setattr(verifying, "hash_here", meanwhile)
    copy_of(factory, usb, "a.jpg").unlink()  # as the service does once it is copied anew
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert factory.asset("a.jpg")["final_path"] != asset["final_path"]
    assert found.all_is_well and problems(factory) == []
