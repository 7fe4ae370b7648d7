"""Disks that are full, servers that are gone, silent, lying or not who they say they are."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photo_factory.addons.backup import bandwidth
from photo_factory.addons.backup.bandwidth import Bandwidth
from photo_factory.addons.backup.file_target import FileTarget
from photo_factory.addons.backup.folder_store import FolderStore
from photo_factory.addons.backup.targets import Corrupted, open_target
from photo_factory.shared.errors import SettingsError, TryLater
from photo_factory.shared.files import sha256_of
from tests.addons.backup.conftest import Place
from tests.addons.backup.test_service import run
from tests.backup_parts import PASSWORD
from tests.factory import Factory
from tests.faults.disks import tmpfs

PATH = "Originals/2024/2024-05-01/a.jpg"


@pytest.mark.parametrize("kind", ["file", "sftp", "smb"])
def test_a_full_target_is_told_and_gone_on_with_when_there_is_room(
    kind: str, place_of: Callable[[str], Place], big_source: Path
) -> None:
    place = place_of(kind)
    assert place.folder
    place.folder.rmdir()
    with tmpfs(place.folder, "24m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(8 << 20))
        target = place.open()
        target.initialise()
        with pytest.raises(TryLater, match="is full: make room") as told:
            target.put(big_source, PATH, sha256_of(big_source))
        assert target.name in str(told.value) and target.size(PATH) is None
        small = big_source.with_name("small.jpg")
        small.write_bytes(os.urandom(1 << 20))
        with pytest.raises(TryLater, match="is full"):
            target.put(small, "Originals/b.jpg", sha256_of(small))
        ballast.unlink()
        target.put(small, "Originals/b.jpg", sha256_of(small))
        assert target.sha256("Originals/b.jpg") == sha256_of(small)


def test_a_full_target_is_a_warning_and_spends_no_tries(factory: Factory) -> None:
    usb = factory.home / "usb"
    with tmpfs(usb, "1m"):
        open_target(str(usb), factory.settings()).initialise()
        (usb / "ballast").write_bytes(bytes((1 << 20) - 8192))
        factory.drop("a.jpg", backup_jpeg())
        factory.ingest()
        assert not run(factory, usb)
        status, asset = factory.status("backup"), factory.asset("a.jpg")
        assert status["status"] == "WARNING" and f"{usb} is full" in status["message"]
        assert not asset["has_errors"] and not asset["is_backed_up"]
        (usb / "ballast").unlink()


def backup_jpeg() -> bytes:
    """Larger than what is left on the small disk."""
    from tests.factory import photo

    return photo() + os.urandom(100_000)


@pytest.mark.parametrize("kind", ["sftp", "smb"])  # moto forgets its buckets when it stops
def test_a_server_that_went_away_comes_back(
    kind: str, place_of: Callable[[str], Place], source: Path
) -> None:
    place = place_of(kind)
    assert place.server
    target = place.open(BACKUP_TIMEOUT=5)
    target.initialise()
    place.server.stop()
    try:
        for _ in range(2):
            with pytest.raises(TryLater, match="is away"):
                target.put(source, PATH, sha256_of(source))
    finally:
        place.server.start()
    assert target.put(source, PATH, sha256_of(source)).sha256 == sha256_of(source)


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    "url",
    [
        "sftp://me@127.0.0.1:{}/x",
        "smb://me:pw@127.0.0.1:{}/share",
        "s3://key:secret@bucket/x?endpoint_url=http://127.0.0.1:{}",
    ],
)
def test_a_silent_server_is_not_waited_for_for_ever(url: str, factory: Factory) -> None:
    with silent_server() as port:
        target = open_target(url.format(port), factory.settings(BACKUP_TIMEOUT=1))
        with pytest.raises(TryLater, match="is away"):
            target.check()


def test_a_server_with_an_unknown_or_changed_key_is_refused(
    place_of: Callable[[str], Place], tmp_path: Path
) -> None:
    place = place_of("sftp")
    assert place.server
    nobody = tmp_path / "nobody_is_known"
    nobody.touch()
    with pytest.raises(TryLater, match=r"key is not in .*nobody_is_known; fetch it"):
        place.open(BACKUP_KNOWN_HOSTS=nobody).check()
    changed = tmp_path / "changed"
    other = (place.server.home / "id.pub").read_text().split()
    changed.write_text(f"[127.0.0.1]:{place.server.port} {other[0]} {other[1]}\n")
    with pytest.raises(TryLater, match="somebody else may answer"):
        place.open(BACKUP_KNOWN_HOSTS=changed).check()


def test_a_login_that_is_refused_is_told_without_the_password(
    place_of: Callable[[str], Place],
) -> None:
    for kind in ("sftp", "smb"):
        place = place_of(kind)
        place.settings.pop("BACKUP_KEY_FILE", None)
        name = place.url.partition("://")[2].partition("@")[2]
        place.url = f"{kind}://nobody-here:wrong-{PASSWORD}@{name}"
        with pytest.raises(TryLater) as told:
            place.open(BACKUP_TIMEOUT=5).check()
        assert PASSWORD not in str(told.value) and "nobody-here" in str(told.value)


class Flipping(FolderStore):
    """A disk that flips one bit of each block it is given."""

    @contextmanager
    def append(self, path: str) -> Iterator[Any]:
        with super().append(path) as file:
            yield Flipper(file)


class Flipper:
    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, block: bytes) -> None:
        self._file.write(bytes([block[0] ^ 1]) + block[1:])


def test_bytes_that_change_on_their_way_never_get_a_name(
    factory: Factory, tmp_path: Path, source: Path
) -> None:
    target = FileTarget("a bad disk", Flipping(tmp_path), factory.settings())
    with pytest.raises(Corrupted, match=r"a bad disk gave back other bytes .*source\.jpg"):
        target.put(source, PATH, sha256_of(source))
    with pytest.raises(Corrupted):
        target.write(PATH, b"a list")
    assert [path for path in tmp_path.rglob("*.jpg") if path != source] == []
    assert target.names("Originals/2024/2024-05-01") == []


def test_bandwidth_is_a_bucket_that_all_threads_share() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    bucket = Bandwidth(100.0, lambda: now[0], sleep)
    bucket.take(100)
    assert slept == [], "a second's worth is there from the start"
    bucket.take(50)
    bucket.take(300)
    assert slept == [0.5, 3.0] and now[0] == 3.5
    now[0] += 100
    bucket.take(100)
    bucket.take(100)
    assert slept == [0.5, 3.0, 1.0], "what is not used is not saved up"
    Bandwidth(0, lambda: now[0], sleep).take(1 << 40)
    assert len(slept) == 3


def test_bandwidth_counts_what_is_sent_and_what_is_read_back(
    factory: Factory, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    bucket = Bandwidth(1 << 20, lambda: 0.0, slept.append)
    monkeypatch.setattr(bandwidth, "shared", lambda _rate: bucket)
    open_target(str(tmp_path / "x"), factory.settings())
    (tmp_path / "x").mkdir()
    target = open_target(str(tmp_path / "x"), factory.settings(BACKUP_BANDWIDTH=1))
    target.put(source, PATH, sha256_of(source))
    assert max(slept) == pytest.approx(2 * source.stat().st_size / (1 << 20) - 1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/a, /b\n/c", ["/a", "/b", "/c"]),
        ('["/my disk", "sftp://x/y"]', ["/my disk", "sftp://x/y"]),
        ("/a /a", ["/a"]),
        ("", []),
    ],
)
def test_targets_are_listed_as_people_write_lists(
    given: str, expected: list[str], factory: Factory
) -> None:
    from photo_factory.addons.backup.urls import urls

    assert urls(factory.settings(BACKUP_TARGETS=given)) == expected


@pytest.mark.parametrize(
    "url",
    ["ftp://me:secret@host/x", "sftp:///x", "sftp://me:secret@host:port/x", "Storage/backup",
     "Photos_Inbox", "."],
)  # fmt: skip
def test_what_is_no_target_is_refused_in_one_line_without_secrets(
    url: str, factory: Factory
) -> None:
    with pytest.raises(SettingsError, match="BACKUP_TARGETS") as told:
        open_target(url, factory.settings())
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sftp://me:secret@nas:2222/a/b/", "sftp://me@nas:2222/a/b"),
        ("smb://DOM;me:secret@nas/share/a", "smb://DOM;me@nas/share/a"),
        ("s3://key:secret@Bucket/p", "s3://Bucket/p"),
        ("s3://b/p?endpoint_url=http://u:secret@h:9000&token=secret",
         "s3://b/p?endpoint_url=http://h:9000"),
    ],
)  # fmt: skip
def test_a_target_is_called_by_its_url_without_secrets(
    url: str, name: str, factory: Factory
) -> None:
    assert open_target(url, factory.settings()).name == name


def test_the_settings_never_show_a_target_with_its_password(factory: Factory) -> None:
    from photo_factory.shared.settings import explained

    settings = factory.settings(BACKUP_TARGETS=f"sftp://me:{PASSWORD}@nas/x")
    assert PASSWORD not in str(explained(settings)) + repr(settings)
