"""Settings of the whole house: where it stands, its ledger, its zone, its voice."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings


def project_root() -> Path:
    """PHOTO_FACTORY_ROOT, else the checkout this package stands in, else the working folder."""
    named = os.environ.get("PHOTO_FACTORY_ROOT")
    if named:
        return Path(named).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[4]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def machine_timezone() -> str:
    """The IANA zone this machine is set to; UTC where it says none."""
    named = os.environ.get("TZ", "").lstrip(":")
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return next((zone for zone in (named, linked) if is_zone(zone)), "UTC")


def is_zone(name: str) -> bool:
    """Whether the IANA database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _known_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"{name!r} is no IANA time zone (an example: Europe/Berlin)")
    return name


def _known_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"{name!r} is no log level (DEBUG, INFO, WARNING, ERROR)")
    return name.upper()


def _known_mask(text: str) -> str:
    if text and not re.fullmatch(r"0?[0-7]{3}", text):
        raise ValueError(f"{text!r} is no umask such as 002")
    return text


class HouseSettings(BaseSettings):
    """What every service needs to know."""

    root: Path = Field(
        default_factory=project_root,
        alias="PHOTO_FACTORY_ROOT",
        description="The project's folder; relative paths below start here.",
    )
    inbox: Path = Field(
        Path("Photos_Inbox"),
        alias="PHOTO_FACTORY_INBOX",
        description="Where photos arrive; its first folders name the devices.",
    )
    storage: Path = Field(
        Path("Storage"),
        alias="PHOTO_FACTORY_STORAGE",
        description="Where the archive, the journal and the embedded ledger are kept.",
    )
    database_url: SecretStr | None = Field(
        None,
        alias="DATABASE_URL",
        description="The ledger's database; SQLite inside the storage where none is named.",
    )
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default_factory=machine_timezone,
        alias="TIMEZONE",
        description="The household's zone, for times that carry none.",
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=64,
        alias="WORKERS",
        description="How many files are hashed and read at the same time.",
    )
    heartbeat_interval: int = Field(
        60,
        ge=1,
        alias="HEARTBEAT_INTERVAL",
        description="Seconds between two signs of life of a service.",
    )
    umask: Annotated[str, AfterValidator(_known_mask)] = Field(
        "",
        alias="UMASK",
        description="Rights that new files do not get, such as 002 for a share of a group.",
    )
    reader_password: SecretStr | None = Field(
        None,
        alias="READER_PASSWORD",
        description="Lets the role factory_reader log in to PostgreSQL, to read and nothing else.",
    )
    log_level: Annotated[str, AfterValidator(_known_level)] = Field(
        "INFO", alias="LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR."
    )

    def model_post_init(self, _context: Any) -> None:
        """Make every path absolute, starting from the root."""
        root = self.root.expanduser().absolute()
        for name, path in (("root", root), ("inbox", self.inbox), ("storage", self.storage)):
            object.__setattr__(self, name, root / path.expanduser())
