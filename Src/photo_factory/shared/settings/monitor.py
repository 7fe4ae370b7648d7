"""Settings of the service-monitor: probes, history, integrity, Syncthing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings


def _http_url(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no address such as http://127.0.0.1:8384")
    return url.rstrip("/")


class MonitorSettings(BaseSettings):
    """What is watched, how often, and how long it is remembered."""

    probe_interval: int = Field(
        300,
        ge=1,
        le=86400,
        alias="PROBE_INTERVAL",
        description="Seconds between two looks at what cannot beat: database, disks, Syncthing.",
    )
    history_days: int = Field(
        60,
        ge=1,
        le=3650,
        alias="HISTORY_DAYS",
        description="Days every heartbeat is kept; older ones are thinned to one an hour.",
    )
    history_hourly_days: int = Field(
        365,
        ge=1,
        le=3650,
        alias="HISTORY_HOURLY_DAYS",
        description="Days one heartbeat an hour is kept before it is removed too.",
    )
    disk_warning: float = Field(
        10.0,
        gt=0,
        le=100,
        alias="DISK_WARNING",
        description="Percent of free space below which a disk is a WARNING; a third of it: ERROR.",
    )
    database_folder: Path | None = Field(
        None,
        alias="DATABASE_FOLDER",
        description="The folder of the database's files, where the service-monitor can see it.",
    )
    backlog_warning: int = Field(
        24,
        ge=1,
        le=8760,
        alias="BACKLOG_WARNING",
        description="Hours an asset may wait for a flag before the backlog is a WARNING.",
    )
    integrity_days: int = Field(
        90,
        ge=0,
        le=3650,
        alias="INTEGRITY_DAYS",
        description="Days within which every original is read and hashed again; 0: never.",
    )
    integrity_rate: float = Field(
        20.0,
        gt=0,
        le=100_000,
        alias="INTEGRITY_RATE",
        description="MiB a second that hashing originals again may read at most.",
    )
    syncthing_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "",
        alias="SYNCTHING_URL",
        description="Where Syncthing's REST API answers, such as http://127.0.0.1:8384.",
    )
    syncthing_api_key: SecretStr | None = Field(
        None,
        alias="SYNCTHING_API_KEY",
        description="The key of that API (Syncthing: Actions, Settings, General).",
    )
    syncthing_inbox: str = Field(
        "",
        alias="SYNCTHING_INBOX",
        description="The inbox's path as Syncthing sees it, where that is another one than ours.",
    )
    syncthing_override: str = Field(
        "",
        alias="SYNCTHING_OVERRIDE",
        description="Inbox folders emptied though the doctor is red, with commas; *: all of them.",
    )

    @property
    def overridden_folders(self) -> frozenset[str]:
        """SYNCTHING_OVERRIDE taken apart; `*` stands for the whole inbox."""
        names = (name.strip() for name in self.syncthing_override.split(","))
        return frozenset(name for name in names if name)
