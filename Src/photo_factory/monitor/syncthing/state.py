"""What Syncthing says of itself, as far as the inbox is concerned, in our own words.

Answers are read leniently: fields come and go between 1.12 and 2.x, and empty lists are null.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from photo_factory.monitor.syncthing.client import Client, Refused
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

PAUSED = "paused"


@dataclass(frozen=True)
class Folder:
    """A folder of Syncthing's configuration that has to do with the inbox."""

    id: str
    label: str
    path: str
    type: str
    inbox: str
    """The first folder below the inbox it concerns; empty: the whole inbox."""
    is_above: bool
    """Whether it holds more than the inbox."""
    paused: bool
    ignore_delete: bool
    versioning: str
    marker: str
    devices: tuple[str, ...]

    @property
    def name(self) -> str:
        """How a person calls it."""
        return self.label or self.id


@dataclass(frozen=True)
class FolderState:
    """How such a folder is; `error` is what stops it as a whole, `failures` single files."""

    id: str
    label: str
    path: str
    type: str
    state: str
    errors: int
    pull_errors: int
    need_files: int
    error: str
    failures: tuple[str, ...]
    ignores: int
    """Lines of its .stignore."""


@dataclass(frozen=True)
class Device:
    """Another device that shares such a folder; `last_seen` is ISO 8601, None: never."""

    id: str
    name: str
    connected: bool
    paused: bool
    last_seen: str | None
    completion: float | None
    """Percent of the files it has; the least of the folders it shares with the inbox."""


@dataclass(frozen=True)
class Picture:
    """Everything one look at Syncthing found."""

    version: str
    own_id: str
    folders: tuple[Folder, ...]
    states: tuple[FolderState, ...]
    devices: tuple[Device, ...]
    other_folders: int
    """Folders of Syncthing that have nothing to do with the inbox."""
    inbox: str

    def details(self) -> dict[str, Any]:
        """Version, folders and devices as the probe gives them."""
        left_out = {"error", "failures", "ignores"}
        folders = [
            {key: value for key, value in asdict(state).items() if key not in left_out}
            for state in self.states
        ]
        shown = ("id", "name", "connected", "last_seen", "completion")
        devices = [{key: getattr(device, key) for key in shown} for device in self.devices]
        return {"version": self.version, "folders": folders, "devices": devices}


def look(client: Client, settings: Settings) -> Picture:
    """Ask Syncthing for all that concerns the inbox; SyncthingError."""
    status = _mapping(client.get("system/status"))
    own_id = str(status.get("myID", ""))
    inbox = inbox_path(settings)
    configured = [_mapping(one) for one in _list(client.get("config/folders"))]
    tilde = str(status.get("tilde", "~"))
    found = (_folder(one, _absolute(one, tilde), own_id, settings) for one in configured)
    folders = tuple(folder for folder in found if folder)
    return Picture(
        version=str(_mapping(client.get("system/version")).get("version", "unknown")),
        own_id=own_id,
        folders=folders,
        states=tuple(_state(client, folder) for folder in folders),
        devices=_devices(client, folders),
        other_folders=len(configured) - len(folders),
        inbox=inbox,
    )


def inbox_path(settings: Settings) -> str:
    """The inbox's path as Syncthing sees it."""
    return settings.syncthing_inbox or str(Paths.of(settings).inbox)


def place(path: str, settings: Settings) -> str | None:
    """Which part of the inbox a path of Syncthing's concerns.

    A name: what is below that folder of the inbox; empty: the whole inbox, which the path is, or
    contains; None: nothing of it.
    """
    if not path.startswith("/"):  # it hangs on where Syncthing was started, which it does not tell
        return None
    folder, inbox = _comparable(path, settings), _comparable(inbox_path(settings), settings)
    if inbox == folder or _is_below(inbox, folder):
        return ""
    if not _is_below(folder, inbox):
        return None
    return os.path.relpath(folder, inbox).partition("/")[0]


def _comparable(path: str, settings: Settings) -> str:
    # Another machine's or container's links cannot be followed from here.
    return posixpath.normpath(path) if settings.syncthing_inbox else os.path.realpath(path)


def _is_below(inner: str, outer: str) -> bool:
    return inner.startswith(outer.rstrip("/") + "/")


def _absolute(configured: Mapping[str, Any], tilde: str) -> str:
    path = str(configured.get("path", ""))
    return tilde + path[1:] if path == "~" or path.startswith("~/") else path


def _folder(
    configured: Mapping[str, Any], path: str, own_id: str, settings: Settings
) -> Folder | None:
    """None where it has nothing to do with the inbox."""
    inbox = place(path, settings)
    if inbox is None:
        return None
    devices = (_mapping(one).get("deviceID", "") for one in _list(configured.get("devices")))
    return Folder(
        id=str(configured.get("id", "")),
        label=str(configured.get("label", "")),
        path=path,
        type=str(configured.get("type", "")).lower(),
        inbox=inbox,
        is_above=_comparable(path, settings) != _comparable(inbox_path(settings), settings)
        and not inbox,
        paused=bool(configured.get("paused")),
        ignore_delete=bool(configured.get("ignoreDelete")),
        versioning=str(_mapping(configured.get("versioning")).get("type", "")),
        marker=str(configured.get("markerName") or ".stfolder"),
        devices=tuple(str(device) for device in devices if device != own_id),
    )


def _state(client: Client, folder: Folder) -> FolderState:
    found: Mapping[str, Any] = {}
    failures: tuple[str, ...] = ()
    if not folder.paused:  # a paused one answers zeros, or 404
        found = _mapping(client.get("db/status", folder=folder.id))
        if found.get("errors") or found.get("pullErrors"):
            failures = _failures(client, folder)
    return FolderState(
        id=folder.id,
        label=folder.label,
        path=folder.path,
        type=folder.type,
        state=PAUSED if folder.paused else str(found.get("state", "unknown")),
        errors=_number(found, "errors"),
        pull_errors=_number(found, "pullErrors"),
        need_files=_number(found, "needFiles"),
        error=str(found.get("error") or found.get("invalid") or ""),
        failures=failures,
        ignores=0 if folder.paused else _ignores(client, folder),
    )


def _failures(client: Client, folder: Folder) -> tuple[str, ...]:
    try:
        answer = _mapping(client.get("folder/errors", folder=folder.id, perpage="10"))
    except Refused:  # it was paused meanwhile
        return ()
    found = (_mapping(one) for one in _list(answer.get("errors")))
    return tuple(f"{one.get('path', '')}: {one.get('error', '')}" for one in found)


def _ignores(client: Client, folder: Folder) -> int:
    try:
        lines = _list(_mapping(client.get("db/ignores", folder=folder.id)).get("ignore"))
    except Refused:  # the folder's disk is away
        return 0
    return sum(1 for line in lines if str(line).strip() and not str(line).startswith("//"))


def _devices(client: Client, folders: Sequence[Folder]) -> tuple[Device, ...]:
    sharing = {device for folder in folders for device in folder.devices}
    configured = [_mapping(one) for one in _list(client.get("config/devices"))]
    seen = _mapping(client.get("stats/device"))
    connections = _mapping(_mapping(client.get("system/connections")).get("connections"))
    return tuple(
        Device(
            id=(own := str(one.get("deviceID", ""))),
            name=str(one.get("name") or own[:7]),
            connected=bool(_mapping(connections.get(own)).get("connected")),
            paused=bool(one.get("paused")),
            last_seen=_moment(_mapping(seen.get(own)).get("lastSeen")),
            completion=_completion(client, own, folders),
        )
        for one in configured
        if one.get("deviceID") in sharing
    )


def _completion(client: Client, device: str, folders: Sequence[Folder]) -> float | None:
    """The least of its folders; asking for all at once fails as soon as one is paused."""
    shared = [one for one in folders if device in one.devices and not one.paused]
    found = []
    for folder in shared:
        try:
            answer = _mapping(client.get("db/completion", device=device, folder=folder.id))
            found.append(float(answer.get("completion", 0)))
        except Refused:  # the folder's disk is away, or it was paused meanwhile
            continue
    return round(min(found), 1) if found else None


def _moment(text: Any) -> str | None:
    """ISO 8601 in UTC; Go's zero and the epoch mean never."""
    try:
        at = datetime.fromisoformat(str(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="seconds") if at.year > 1970 else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _number(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) else 0
