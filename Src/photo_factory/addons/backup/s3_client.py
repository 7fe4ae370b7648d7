"""The way to an S3 store, and what its answers mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from photo_factory.addons.backup.urls import Address
from photo_factory.shared.errors import TryLater
from photo_factory.shared.settings import Settings

_MISSING = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
_FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"}
_UNKNOWN = {"NotImplemented", "501"}


def opened(at: Address, settings: Settings) -> Any:
    """A client, which threads may share."""
    from botocore.config import Config
    from botocore.session import get_session

    timeout = settings.backup_timeout
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


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Tell what the store of the target `name` refuses as nobody's fault."""
    try:
        yield
    except ClientError as error:
        raise _refusal(name, error) from error
    except (BotoCoreError, HTTPClientError) as error:
        reason = str(error).splitlines()[0]
        raise TryLater(f"backup target {name} is away: {reason}") from error


def _refusal(name: str, error: ClientError) -> Exception:
    code, message = _code(error), error.response.get("Error", {}).get("Message", "")
    if code in _MISSING and error.operation_name != "HeadBucket":
        return FileNotFoundError(f"{name}: {error.operation_name}: {message}")
    if code in _TAKEN:
        return FileExistsError(f"{name}: {message}")
    if code in _FULL:
        return TryLater(f"backup target {name} is full: make room there")
    return TryLater(f"backup target {name} refuses {error.operation_name}: {code} {message}")


def make_new(s3: Any, operation: str, **given: Any) -> Any:
    """Call what makes an object on the condition that there is none; FileExistsError.

    A store that knows no conditions is asked just before, which leaves an instant.
    """
    call = getattr(s3, operation)
    try:
        return call(**given, IfNoneMatch="*")
    except ClientError as error:
        if _code(error) not in _UNKNOWN:
            raise
    if _is_there(s3, Bucket=given["Bucket"], Key=given["Key"]):
        raise FileExistsError(given["Key"])
    return call(**given)


def _is_there(s3: Any, **at_key: str) -> bool:
    try:
        s3.head_object(**at_key)
    except ClientError as error:
        if _code(error) not in _MISSING:
            raise
        return False
    return True


def sum_to_keep(wanted: str) -> dict[str, str]:
    """Have the store check this SHA-256, in base64, and keep it."""
    return {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": wanted}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
