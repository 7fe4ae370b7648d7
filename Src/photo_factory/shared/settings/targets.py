"""What BACKUP_TARGETS says: where each target is, who we are there, and how it is called."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from photo_factory.shared.errors import SettingsError

KINDS = ("file", "sftp", "s3", "smb")


@dataclass(frozen=True)
class Address:
    """One target's URL, taken apart; `path` begins with a slash (for S3: the prefix has none)."""

    kind: str
    name: str
    """The URL without secrets: what the ledger, logs and messages call the target."""
    host: str = ""
    port: int | None = None
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: dict[str, str] = field(default_factory=dict)


def urls(given: str) -> list[str]:
    """The URLs of BACKUP_TARGETS: a JSON list, or with commas or white space between."""
    given = given.strip()
    if not given.startswith("["):
        return list(dict.fromkeys(one for one in re.split(r"[\s,]+", given) if one))
    try:
        listed = json.loads(given)
    except ValueError:
        listed = None
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise SettingsError('BACKUP_TARGETS begins with [ but is no JSON list such as ["/mnt/usb"]')
    return list(dict.fromkeys(listed))


def address(url: str, root: Path) -> Address:
    """Take a URL apart; SettingsError, without its secrets, when it names no target.

    Folders that are not absolute begin at `root`.
    """
    if "://" not in url:
        return _folder(Path(url), root)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError("a URL of BACKUP_TARGETS cannot be read (is its port right?)") from None
    if parts.scheme not in KINDS:
        raise SettingsError(
            f"BACKUP_TARGETS: no target can be {parts.scheme}://; there are folders, "
            "sftp://, s3:// and smb://"
        )
    if parts.scheme == "file":
        return _folder(Path(unquote(parts.path)), root)
    if not parts.hostname:
        raise SettingsError(f"BACKUP_TARGETS: a {parts.scheme}:// URL names no host or bucket")
    return _remote(parts, port)


def _remote(parts: SplitResult, port: int | None) -> Address:
    # A bucket's name, unlike a host's, must not be put in lower case.
    host = parts.netloc.rpartition("@")[2] if parts.scheme == "s3" else parts.hostname or ""
    user = unquote(parts.username) if parts.username else None
    shown_user = f"{parts.username}@" if user and parts.scheme != "s3" else ""
    shown_port = f":{port}" if port else ""
    path = unquote(parts.path).rstrip("/")
    options = dict(parse_qsl(parts.query))
    endpoint = _bare(options["endpoint_url"]) if "endpoint_url" in options else ""
    return Address(
        kind=parts.scheme,
        name=f"{parts.scheme}://{shown_user}{host}{shown_port}{path}"
        + (f"?endpoint_url={endpoint}" if endpoint else ""),
        host=host,
        port=port,
        path=path,
        user=user,
        password=unquote(parts.password) if parts.password else None,
        options=options,
    )


def _bare(endpoint: str) -> str:
    """An endpoint without what may be secret in it."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _folder(path: Path, root: Path) -> Address:
    folder = root / path.expanduser()
    return Address(kind="file", name=str(folder), path=str(folder))
