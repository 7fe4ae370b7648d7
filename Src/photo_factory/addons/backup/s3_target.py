"""An S3 bucket as a target; any store that speaks Amazon's protocol.

A PUT is seen whole or not at all, so objects need no temporary names. The store is asked to check
and keep a SHA-256 (`x-amz-checksum-sha256`); where it says none, the object is read back.
"""

from __future__ import annotations

import base64
import hashlib
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from photo_factory.addons.backup import bandwidth
from photo_factory.addons.backup.file_target import hidden, received
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

PART = 16 << 20
"""Bytes; what is larger is sent in parts, so that a cut costs one part. S3 takes 10,000 parts."""

_MOST_PARTS = 10_000
_MISSING = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
_FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"}
_UNKNOWN = {"NotImplemented", "501"}


class S3Target:
    """A Target (see there) in a bucket, below a prefix."""

    def __init__(self, at: Address, settings: Settings) -> None:
        self.name = at.name
        self._at, self._settings = at, settings
        self._bandwidth = bandwidth.shared(settings.backup_bandwidth)
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
                told = self._put_parts(source, path, size) if size > PART else (
                    self._put_whole(path, b"".join(blocks_of(source)), IfNoneMatch="*")
                )  # fmt: skip
        except FileExistsError:  # another worker was quicker, or a stranger
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
        """A client, which threads may share."""
        from botocore.config import Config
        from botocore.session import get_session

        at, timeout = self._at, self._settings.backup_timeout
        config = Config(
            connect_timeout=min(timeout, 30.0),
            read_timeout=timeout,
            retries={"mode": "standard", "total_max_attempts": 2},
            s3={"addressing_style": "path"} if "endpoint_url" in at.options else {},
            # We ask for SHA-256 ourselves; other sums are not understood by every store.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=32,
        )
        return get_session().create_client(
            "s3",
            endpoint_url=at.options.get("endpoint_url"),
            region_name=at.options.get("region", os.environ.get("AWS_DEFAULT_REGION", "us-east-1")),
            aws_access_key_id=at.user,
            aws_secret_access_key=at.password,
            config=config,
        )

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

    def _put_whole(self, path: str, content: bytes, **condition: str) -> bool:
        """One PUT; whether the store says that it holds these bytes."""
        self._bandwidth.take(len(content))
        wanted = _base64(hashlib.sha256(content).digest())
        given = {**self._at_key(path), "Body": content, **_sum(wanted)}
        try:
            told = self._s3.put_object(**given, **condition)
        except ClientError as error:
            if not condition or _code(error) not in _UNKNOWN:
                raise
            told = self._s3.put_object(**given)  # a store without conditional writes
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

    def _put_parts(self, source: Path, path: str, size: int) -> bool:
        """A multipart upload, gone on with where an earlier one was cut."""
        part = max(PART, -(-size // _MOST_PARTS))
        upload, there = self._begun(path)
        sums, parts = [], []
        for number, block in enumerate(_regrouped(blocks_of(source), part), start=1):
            sums.append(hashlib.sha256(block).digest())
            wanted, md5 = _base64(sums[-1]), hashlib.md5(block, usedforsecurity=False).hexdigest()
            # A part's ETag is its MD5 nearly everywhere; the proof is that of the whole.
            etag = f'"{md5}"'
            if there.get(number) != (len(block), etag):
                etag = self._put_part(path, upload, number, block, wanted)
            parts.append({"PartNumber": number, "ETag": etag, "ChecksumSHA256": wanted})
        self._complete(path, upload, parts)
        return self._keeps(path, _base64(hashlib.sha256(b"".join(sums)).digest()))

    def _keeps(self, path: str, of_parts: str) -> bool:
        """Whether the store's own sum of the parts' sums is ours; it may end with their number."""
        kept = self._s3.head_object(**self._at_key(path), ChecksumMode="ENABLED")
        told: str = kept.get("ChecksumSHA256", "")
        return told.partition("-")[0] == of_parts

    def _begun(self, path: str) -> tuple[str, dict[int, tuple[int, str]]]:
        """An upload to go on with, and its parts: number to size and ETag."""
        key = self._key(path)
        listed = self._s3.list_multipart_uploads(**self._in_bucket, Prefix=key)
        for one in listed.get("Uploads", ()):
            if one["Key"] == key:
                return one["UploadId"], self._parts(path, one["UploadId"])
        given = {**self._at_key(path), "ChecksumAlgorithm": "SHA256"}
        return self._s3.create_multipart_upload(**given)["UploadId"], {}

    def _parts(self, path: str, upload: str) -> dict[int, tuple[int, str]]:
        pages = self._s3.get_paginator("list_parts").paginate(**self._at_key(path), UploadId=upload)
        parts = (one for page in pages for one in page.get("Parts", ()))
        return {one["PartNumber"]: (one["Size"], one["ETag"]) for one in parts}

    def _put_part(self, path: str, upload: str, number: int, block: bytes, wanted: str) -> str:
        self._bandwidth.take(len(block))
        told = self._s3.upload_part(
            **self._at_key(path), UploadId=upload, PartNumber=number, Body=block,
            **_sum(wanted),
        )  # fmt: skip
        return str(told["ETag"])

    def _complete(self, path: str, upload: str, parts: list[dict[str, Any]]) -> None:
        given = {**self._at_key(path), "UploadId": upload, "MultipartUpload": {"Parts": parts}}
        try:
            self._s3.complete_multipart_upload(**given, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) not in _UNKNOWN:
                raise
            self._s3.complete_multipart_upload(**given)

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

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Tell what the store refuses as nobody's fault."""
        try:
            yield
        except ClientError as error:
            raise self._refusal(error) from error
        except (BotoCoreError, HTTPClientError) as error:
            reason = str(error).splitlines()[0]
            raise TryLater(f"backup target {self.name} is away: {reason}") from error

    def _refusal(self, error: ClientError) -> Exception:
        code, message = _code(error), error.response.get("Error", {}).get("Message", "")
        if code in _MISSING and error.operation_name != "HeadBucket":
            return FileNotFoundError(f"{self.name}: {error.operation_name}: {message}")
        if code in _TAKEN:
            return FileExistsError(f"{self.name}: {message}")
        if code in _FULL:
            return TryLater(f"backup target {self.name} is full: make room there")
        return TryLater(
            f"backup target {self.name} refuses {error.operation_name}: {code} {message}"
        )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _sum(wanted: str) -> dict[str, str]:
    """Have the store check this SHA-256, and keep it."""
    return {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": wanted}


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _regrouped(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of `size`, the last one shorter."""
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
