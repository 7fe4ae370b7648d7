"""An S3 bucket as a target; any store that speaks Amazon's protocol.

A PUT is seen whole or not at all, so objects need no temporary names. The store is asked to check
and keep a SHA-256 (`x-amz-checksum-sha256`); where it says none, the object is read back.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

from photo_factory.addons.backup import bandwidth, s3_client, s3_parts, sweeping
from photo_factory.addons.backup.file_target import hidden, received
from photo_factory.addons.backup.s3_parts import PART, Parts, base64_of
from photo_factory.addons.backup.targets import (
    MARKER,
    READ_BACK,
    STORE_CHECKSUM,
    Corrupted,
    Proof,
    blocks_of,
    damaged,
    occupied,
    sha256_of,
)
from photo_factory.addons.backup.urls import Address
from photo_factory.shared import files
from photo_factory.shared.errors import TryLater
from photo_factory.shared.settings import Settings


class S3Target:
    """A Target (see there) in a bucket, below a prefix."""

    def __init__(self, at: Address, settings: Settings) -> None:
        self.name = at.name
        self._at, self._settings = at, settings
        self._bandwidth = bandwidth.shared(settings.backup_bandwidth)
        self._running = sweeping.Running()
        self._in_bucket = {"Bucket": at.host}

    def check(self) -> None:
        with self._speaking():
            self._s3.head_bucket(**self._in_bucket)
        if self.size(MARKER) is None:
            raise TryLater(
                f"backup target {self.name} was never initialised: say `photo-factory backup init` "
                "with its URL once"
            )

    def initialise(self) -> None:
        with self._speaking():
            self._s3.head_bucket(**self._in_bucket)
        self.write(MARKER, b"A backup of Photo Factory; see docs/BACKUP.md\n")

    def size(self, path: str) -> int | None:
        try:
            with self._speaking():
                return int(self._s3.head_object(**self._at_key(path))["ContentLength"])
        except FileNotFoundError:
            return None

    def sha256(self, path: str) -> str:
        return sha256_of(self._blocks(path))

    def put(self, source: Path, path: str, file_hash: str) -> Proof:
        if self.size(path) is not None:
            return self._adopted(path, file_hash)
        size = self._size_here(source, file_hash)
        try:
            with self._speaking():
                told = self._put_new(source, path, file_hash, size)
        except (FileExistsError, TryLater) as error:
            # Two that go on with one upload send the same parts; who is later finds it gone.
            if self.size(path) is None:
                raise TryLater(str(error)) from error
            return self._adopted(path, file_hash)
        if told:
            return Proof(file_hash, STORE_CHECKSUM)
        return self._read_back(path, file_hash)

    def write(self, path: str, content: bytes) -> None:
        with self._speaking():
            told = self._put_whole(path, content)
        if not told and self.read(path) != content:
            raise Corrupted(f"backup target {self.name} gave back another {path} than it got")

    def read(self, path: str) -> bytes:
        return b"".join(self._blocks(path))

    def fetch(self, path: str, into: Path) -> str:
        return received(self._blocks(path), into)

    def rename(self, old: str, new: str) -> None:
        """A copy inside the store, compared, before the old key goes."""
        if self.size(new) is not None:
            raise FileExistsError(new)
        expected = self.sha256(old)
        with self._speaking():
            source = {**self._in_bucket, "Key": self._key(old)}
            self._s3.copy_object(**self._at_key(new), CopySource=source)
        self._read_back(new, expected)
        self.remove(old)

    def remove(self, path: str) -> None:
        with self._speaking():
            self._s3.delete_object(**self._at_key(path))

    def sweep(self, older_than_s: float) -> int:
        where = (self._key("Originals/"), self._key("Ledger/"))
        with self._speaking():
            return sum(
                s3_parts.sweep(self._s3, {**self._in_bucket, "Prefix": one}, older_than_s,
                               self._running)
                for one in where
            )  # fmt: skip

    def names(self, folder: str) -> list[str]:
        found = (one["Key"] for page in self._pages(folder) for one in page.get("Contents", ()))
        names = sorted(posixpath.basename(key) for key in found)
        return [name for name in names if name and not hidden(name)]

    def folders(self, folder: str) -> list[str]:
        found = (
            p["Prefix"] for page in self._pages(folder) for p in page.get("CommonPrefixes", ())
        )
        return sorted(posixpath.basename(prefix.rstrip("/")) for prefix in found)

    @cached_property
    def _s3(self) -> Any:
        return s3_client.opened(self._at, self._settings)

    def _key(self, path: str) -> str:
        return posixpath.join(self._at.path.strip("/"), path)

    def _at_key(self, path: str) -> dict[str, str]:
        return {**self._in_bucket, "Key": self._key(path)}

    def _size_here(self, source: Path, file_hash: str) -> int:
        """The size of a source that holds what it should: what is sent cannot be taken back."""
        if sha256_of(blocks_of(source)) != file_hash:
            raise damaged(source)
        return source.stat().st_size

    def _adopted(self, path: str, file_hash: str) -> Proof:
        if self.sha256(path) != file_hash:
            raise occupied(self.name, path)
        return Proof(file_hash, READ_BACK)

    def _read_back(self, path: str, file_hash: str) -> Proof:
        if self.sha256(path) == file_hash:
            return Proof(file_hash, READ_BACK)
        self.remove(path)
        raise Corrupted(
            f"backup target {self.name} gave back other bytes than it got for {path}: nothing was "
            "kept there"
        )

    def _put_new(self, source: Path, path: str, file_hash: str, size: int) -> bool:
        if size > PART:
            with self._running.writing(self._key(path)):
                parts = Parts(self._s3, self._at_key(path), self._bandwidth)
                return parts.put(source, file_hash, size)
        content = b"".join(blocks_of(source))
        if hashlib.sha256(content).hexdigest() != file_hash:  # another reading than the first
            raise damaged(source)
        return self._put_whole(path, content, is_new=True)

    def _put_whole(self, path: str, content: bytes, *, is_new: bool = False) -> bool:
        """One PUT; whether the store says that it holds these bytes."""
        self._bandwidth.take(len(content))
        wanted = base64_of(hashlib.sha256(content).digest())
        given = {**self._at_key(path), "Body": content, **s3_client.sum_to_keep(wanted)}
        if is_new:
            told = s3_client.make_new(self._s3, "put_object", **given)
        else:
            told = self._s3.put_object(**given)
        return self._is_told(path, told.get("ChecksumSHA256"), wanted)

    def _is_told(self, path: str, told: str | None, wanted: str) -> bool:
        if told is not None and told != wanted:
            self.remove(path)
            raise Corrupted(f"backup target {self.name} got other bytes of {path} than were sent")
        if told is None:
            return False
        # What it says at once may be an echo: what it keeps is what counts.
        kept = self._s3.head_object(**self._at_key(path), ChecksumMode="ENABLED")
        return bool(kept.get("ChecksumSHA256") == wanted)

    def _blocks(self, path: str) -> Iterator[bytes]:
        with self._speaking():
            body = self._s3.get_object(**self._at_key(path))["Body"]
            with body:
                for block in body.iter_chunks(files.READ_SIZE):
                    self._bandwidth.take(len(block))
                    yield block

    def _pages(self, folder: str) -> Iterator[dict[str, Any]]:
        prefix = self._key(folder).rstrip("/") + "/" if self._key(folder) else ""
        with self._speaking():
            yield from self._s3.get_paginator("list_objects_v2").paginate(
                **self._in_bucket, Prefix=prefix, Delimiter="/"
            )

    def _speaking(self) -> AbstractContextManager[None]:
        return s3_client.speaking(self.name)
