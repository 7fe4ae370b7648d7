"""Large objects of S3: sent in parts, and gone on with where an earlier try was cut."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from photo_factory.addons.backup.bandwidth import Bandwidth
from photo_factory.addons.backup.s3_client import make_new, sum_to_keep
from photo_factory.addons.backup.sweeping import Running
from photo_factory.addons.backup.targets import blocks_of, damaged, heed_end
from photo_factory.shared import clock

PART = 16 << 20
"""Bytes; what is larger is sent in parts, so that a cut costs one part. S3 takes 10,000 parts."""

_MOST_PARTS = 10_000


@dataclass(frozen=True)
class Parts:
    """One object that is sent in parts."""

    s3: Any
    at_key: dict[str, str]
    """Bucket and Key."""
    bandwidth: Bandwidth

    def put(self, source: Path, file_hash: str, size: int) -> bool:
        """Send a file, gone on with where it was cut; whether the store keeps our sum of it.

        Unprocessable, and no object, where what was read for sending has not `file_hash`.
        """
        part = max(PART, -(-size // _MOST_PARTS))
        upload, there = self._begun()
        read, sums, parts = hashlib.sha256(), [], []
        for number, block in enumerate(_regrouped(blocks_of(source), part), start=1):
            read.update(block)
            sums.append(hashlib.sha256(block).digest())
            parts.append(self._part(upload, number, block, sums[-1], there.get(number)))
        if read.hexdigest() != file_hash:  # the store can only prove what it was sent
            raise damaged(source)
        given = {**self.at_key, "UploadId": upload, "MultipartUpload": {"Parts": parts}}
        make_new(self.s3, "complete_multipart_upload", **given)
        return self._keeps(base64_of(hashlib.sha256(b"".join(sums)).digest()))

    def _part(
        self, upload: str, number: int, block: bytes, sha256: bytes, sent: tuple[int, str] | None
    ) -> dict[str, Any]:
        """What the store is told of a part, which is sent unless it has it: its size and ETag."""
        # A part's ETag is its MD5 nearly everywhere; the proof is that of the whole.
        etag = f'"{hashlib.md5(block, usedforsecurity=False).hexdigest()}"'
        if sent != (len(block), etag):
            etag = self._put_part(upload, number, block, base64_of(sha256))
        return {"PartNumber": number, "ETag": etag, "ChecksumSHA256": base64_of(sha256)}

    def _keeps(self, of_parts: str) -> bool:
        """Whether the store's own sum of the parts' sums is ours; it may end with their number."""
        kept = self.s3.head_object(**self.at_key, ChecksumMode="ENABLED")
        told: str = kept.get("ChecksumSHA256", "")
        return told.partition("-")[0] == of_parts

    def _begun(self) -> tuple[str, dict[int, tuple[int, str]]]:
        """An upload to go on with, and its parts: number to size and ETag."""
        bucket, key = self.at_key["Bucket"], self.at_key["Key"]
        listed = self.s3.list_multipart_uploads(Bucket=bucket, Prefix=key)
        for one in listed.get("Uploads", ()):
            if one["Key"] == key:
                return one["UploadId"], self._sent(one["UploadId"])
        given = {**self.at_key, "ChecksumAlgorithm": "SHA256"}
        return self.s3.create_multipart_upload(**given)["UploadId"], {}

    def _sent(self, upload: str) -> dict[int, tuple[int, str]]:
        pages = self.s3.get_paginator("list_parts").paginate(**self.at_key, UploadId=upload)
        parts = (one for page in pages for one in page.get("Parts", ()))
        return {one["PartNumber"]: (one["Size"], one["ETag"]) for one in parts}

    def _put_part(self, upload: str, number: int, block: bytes, wanted: str) -> str:
        self.bandwidth.take(len(block))
        told = self.s3.upload_part(
            **self.at_key, UploadId=upload, PartNumber=number, Body=block, **sum_to_keep(wanted)
        )
        return str(told["ETag"])


def sweep(s3: Any, where: dict[str, str], older_than_s: float, running: Running) -> int:
    """End uploads below a Bucket and Prefix that got no part for so long; how many."""
    swept = 0
    for page in s3.get_paginator("list_multipart_uploads").paginate(**where):
        now = _date(page)
        for one in page.get("Uploads", ()):
            heed_end()
            upload = {"Bucket": where["Bucket"], "Key": one["Key"], "UploadId": one["UploadId"]}
            with running.asked(one["Key"]) as is_running:
                if is_running:
                    continue
                if (now - _last_sent(s3, upload, one["Initiated"])).total_seconds() > older_than_s:
                    s3.abort_multipart_upload(**upload)
                    swept += 1
    return swept


def _date(page: dict[str, Any]) -> datetime:
    """When the store answered, by its own clock."""
    told = page["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(told) if told else clock.now()


def _last_sent(s3: Any, upload: dict[str, str], begun: datetime) -> datetime:
    pages = s3.get_paginator("list_parts").paginate(**upload)
    parts: list[datetime] = [one["LastModified"] for page in pages for one in page.get("Parts", ())]
    return max(begun, *parts) if parts else begun


def base64_of(digest: bytes) -> str:
    """As S3 writes its sums."""
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
