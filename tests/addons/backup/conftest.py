"""Every kind of target, served for real, and a factory that backs up into them."""

from __future__ import annotations

import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from photo_factory.addons.backup.targets import Target, open_target
from photo_factory.shared import executors
from photo_factory.shared.files import sha256_of
from tests import backup_parts
from tests.backup_parts import BUCKET, PASSWORD, USER, Server
from tests.factory import Factory

KINDS = ("file", "sftp", "s3", "smb")
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _nobody_stops() -> None:
    """A loop that ran in this process before has left its wish to end behind."""
    executors.stopping.clear()


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


@dataclass
class Place:
    """A target's URL, the settings to reach it, and how a test gets behind its back."""

    kind: str
    url: str
    factory: Factory
    settings: dict[str, Any] = field(default_factory=dict)
    server: Server | None = None
    folder: Path | None = None
    """Where its files are on this machine; S3 has none."""

    def open(self, **changes: Any) -> Target:
        return open_target(self.url, self.factory.settings(**{**self.settings, **changes}))

    def change(self, path: str, content: bytes) -> None:
        """Rot: other bytes, unnoticed by the target."""
        if self.folder:
            (self.folder / path).write_bytes(content)
            return
        assert self.server
        client: Any = backup_parts.s3_client(self.server.port)
        prefix = self.url.partition("?")[0].rpartition("/")[2]
        client.put_object(Bucket=BUCKET, Key=f"{prefix}/{path}", Body=content)


@pytest.fixture(scope="session")
def _sftp() -> Iterator[tuple[Server, Path]]:
    with backup_parts.sftp_server() as made:
        yield made


@pytest.fixture(scope="session")
def _smb() -> Iterator[tuple[Server, Path]]:
    with backup_parts.smb_server() as made:
        yield made


@pytest.fixture(scope="session")
def _s3() -> Iterator[Server]:
    with backup_parts.s3_server() as made:
        client: Any = backup_parts.s3_client(made.port)
        client.create_bucket(Bucket=BUCKET)
        yield made


@pytest.fixture
def place_of(
    request: pytest.FixtureRequest, tmp_path: Path, factory: Factory
) -> Callable[[str], Place]:
    """Makes an empty place for a target of a kind."""

    def made(kind: str) -> Place:
        name = f"backup{next(_numbers)}"
        if kind == "file":
            folder = tmp_path / name
            folder.mkdir()
            return Place(kind, str(folder), factory, folder=folder)
        if kind == "sftp":
            server, home = request.getfixturevalue("_sftp")
            folder = home / name
            folder.mkdir()
            url = f"sftp://{USER}@127.0.0.1:{server.port}{folder}"
            keys = {"BACKUP_KNOWN_HOSTS": home / "known_hosts", "BACKUP_KEY_FILE": home / "id"}
            return Place(kind, url, factory, keys, server, folder)
        if kind == "smb":
            server, share = request.getfixturevalue("_smb")
            (share / name).mkdir()
            url = f"smb://{USER}:{PASSWORD}@127.0.0.1:{server.port}/share/{name}"
            return Place(kind, url, factory, {}, server, share / name)
        server = request.getfixturevalue("_s3")
        endpoint = f"http://127.0.0.1:{server.port}"
        url = f"s3://key:{PASSWORD}@{BUCKET}/{name}?endpoint_url={endpoint}"
        return Place(kind, url, factory, {}, server)

    return made


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, place_of: Callable[[str], Place]) -> Place:
    """A place of every kind."""
    return place_of(request.param)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to copy, of more than one block, unlike every other."""
    path = tmp_path / "source.jpg"
    path.write_bytes(uuid.uuid4().bytes + os.urandom(3 << 20))
    return path


@pytest.fixture
def usb(factory: Factory) -> Path:
    """A target that holds two photos."""
    from tests.addons.backup.test_service import a_target, run  # which imports from here

    folder = a_target(factory)
    factory.drop("phone/a.jpg")
    factory.drop("phone/b.jpg")
    factory.ingest()
    assert run(factory, folder)
    return folder


@pytest.fixture
def big_source(tmp_path: Path) -> Path:
    """Larger than one part of an S3 upload."""
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom((33 << 20) + 7))
    return path


def twin(source: Path, name: str) -> Path:
    """The same bytes under another local name."""
    return Path(shutil.copy(source, source.with_name(name)))


__all__ = ["KINDS", "Place", "sha256_of", "twin"]
