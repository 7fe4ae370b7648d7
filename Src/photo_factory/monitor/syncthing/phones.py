"""Adding a phone: its device, and a folder of its own below the inbox, safe from the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from photo_factory.monitor.syncthing.client import Client, SyncthingError, below
from photo_factory.monitor.syncthing.state import inbox_path, place
from photo_factory.shared.settings import Settings

_RECOMMENDED: Mapping[str, Any] = {
    "type": "receiveonly",  # emptying the inbox stays here
    "ignoreDelete": True,  # what reached the inbox is filed, whatever the phone deletes meanwhile
    "ignorePerms": True,  # what is filed gets the rights of this house (UMASK), not the phone's
    "fsWatcherEnabled": True,
    "rescanIntervalS": 3600,
}
"""docs/SYNCTHING.md says why."""


@dataclass(frozen=True)
class Added:
    """What stands in Syncthing now; `changes` is empty when all of it stood there before."""

    name: str
    device: str
    folder: str
    """The folder's ID, which is the same on the phone."""
    path: str
    own_id: str
    changes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The answer for programs."""
        return asdict(self)


def add_phone(client: Client, settings: Settings, name: str, device: str) -> Added:
    """Have Syncthing take a phone's photos into inbox/NAME; what stands there is not changed.

    Raises SyncthingError, also for a name or an ID that cannot be.
    """
    _check_name(name)
    own_id = str(client.get("system/status")["myID"])
    device_id = _device_id(client, device, own_id)
    path = f"{inbox_path(settings).rstrip('/')}/{name}"
    folders = client.get("config/folders")
    folder = _folder_at(path, name, folders, settings)
    changes = []
    if device_id not in {one["deviceID"] for one in client.get("config/devices")}:
        client.put(below("config", "devices", device_id), {"deviceID": device_id, "name": name})
        changes.append(f"device {name} added")
    if folder is None:
        folder = _make_folder(client, name, path, [own_id, device_id])
        changes.append(f"folder {folder} added, Receive Only, at {path}")
    elif _share(client, next(one for one in folders if one["id"] == folder), device_id):
        changes.append(f"folder {folder} shared with {name}")
    return Added(name, device_id, folder, path, own_id, tuple(changes))


def _check_name(name: str) -> None:
    if not name.strip() or name.startswith(".") or "/" in name or not name.isprintable():
        raise SyncthingError(
            f"{name!r} cannot be a folder of the inbox: take a plain name such as pixel-7"
        )


def _device_id(client: Client, text: str, own_id: str) -> str:
    """The ID as Syncthing writes it, its check digits proven by Syncthing."""
    answer = client.get("svc/deviceid", id=text.strip())
    if not answer.get("id"):
        raise SyncthingError(
            f"{text!r} is no device ID ({answer.get('error')}): on the phone, Show Device ID"
        )
    if answer["id"] == own_id:
        raise SyncthingError(
            "this is the ID of the Syncthing here: take the phone's (on the phone, Show Device ID)"
        )
    return str(answer["id"])


def _folder_at(path: str, name: str, folders: list[Any], settings: Settings) -> str | None:
    """The ID of the folder that stands there already; folders in folders are refused."""
    for one in folders:
        where = place(str(one["path"]), settings)
        if where == "":
            raise SyncthingError(
                f"Syncthing's folder {one['label'] or one['id']!r} ({one['path']}) holds the whole "
                "inbox: share that one with the phone, or remove it and give each phone its own"
            )
        if where == name:
            if str(one["path"]).rstrip("/") != path:
                raise SyncthingError(f"Syncthing's folder {one['path']} is in the way: remove it")
            return str(one["id"])
    return None


def _make_folder(client: Client, name: str, path: str, devices: list[str]) -> str:
    folder = f"photos-{name}"
    shared = [{"deviceID": device} for device in devices]
    given = {"id": folder, "label": name, "path": path, "devices": shared, **_RECOMMENDED}
    if any(one["id"] == folder for one in client.get("config/folders")):
        raise SyncthingError(f"Syncthing has a folder {folder!r} elsewhere: choose another name")
    client.put(below("config", "folders", folder), given)
    return folder


def _share(client: Client, folder: Mapping[str, Any], device: str) -> bool:
    shared = [dict(one) for one in folder["devices"]]
    if device in {one["deviceID"] for one in shared}:
        return False
    shared.append({"deviceID": device})
    client.patch(below("config", "folders", str(folder["id"])), {"devices": shared})
    return True
