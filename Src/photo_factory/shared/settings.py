"""Every setting, read from the environment or `.env`, checked once and then frozen."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pydantic_settings
from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from photo_factory.shared.errors import SettingsError


def project_root() -> Path:
    """PHOTO_FACTORY_ROOT, else the checkout this package stands in, else the working folder."""
    named = os.environ.get("PHOTO_FACTORY_ROOT")
    if named:
        return Path(named).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[3]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def machine_timezone() -> str:
    """The IANA zone this machine is set to; UTC where it says none."""
    named = os.environ.get("TZ", "").lstrip(":")
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return next((zone for zone in (named, linked) if _is_zone(zone)), "UTC")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _known_zone(name: str) -> str:
    if not _is_zone(name):
        raise ValueError(f"{name!r} is no IANA time zone (an example: Europe/Berlin)")
    return name


def _known_clocks(clocks: dict[str, str]) -> dict[str, str]:
    for camera, clock in clocks.items():
        is_known = clock in ("utc", "local") or re.fullmatch(r"[+-]\d\d:\d\d", clock)
        if not is_known and not _is_zone(clock):
            raise ValueError(
                f"the clock {clock!r} of {camera!r} is none of: utc, local, an IANA zone, +02:00"
            )
    return clocks


def _known_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"{name!r} is no log level (DEBUG, INFO, WARNING, ERROR)")
    return name.upper()


class Settings(BaseSettings):
    """The alias of a field is the variable's name, its description the help beside it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

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
    inbox_mode: Literal["move", "keep"] = Field(
        "move",
        alias="INBOX_MODE",
        description="move: a filed photo leaves the inbox. keep: it stays there as well.",
    )
    stability_delay: float = Field(
        5.0,
        ge=0,
        le=86400,
        alias="STABILITY_DELAY",
        description="Seconds a file must stay unchanged before it counts as settled.",
    )
    settle_timeout: float = Field(
        300.0,
        gt=0,
        alias="SETTLE_TIMEOUT",
        description="Seconds `ingest` waits for files that keep changing before it holds them.",
    )
    scan_interval: float = Field(
        60.0,
        gt=0,
        le=86400,
        alias="SCAN_INTERVAL",
        description="Seconds between two listings of the whole inbox.",
    )
    watcher: Literal["native", "polling", "off"] = Field(
        "native",
        alias="WATCHER",
        description="How changes are noticed between listings; polling is for NFS and SMB.",
    )
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default_factory=machine_timezone,
        alias="TIMEZONE",
        description="The household's zone, for times that carry none.",
    )
    camera_clocks: Annotated[dict[str, str], AfterValidator(_known_clocks)] = Field(
        default_factory=dict,
        alias="CAMERA_CLOCKS",
        description='Video clocks that differ, as JSON: {"Canon EOS 70D": "local"}; '
        "utc, local, a zone or an offset.",
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=64,
        alias="WORKERS",
        description="How many files are hashed and read at the same time.",
    )
    parser_timeout: float = Field(
        20.0,
        gt=0,
        alias="PARSER_TIMEOUT",
        description="Seconds a file's metadata may take to read before it counts as damaged.",
    )
    parser_memory: int = Field(
        1024,
        ge=256,
        alias="PARSER_MEMORY",
        description="MiB of memory the child process that reads metadata may use.",
    )
    min_free_space: int = Field(
        256,
        ge=0,
        alias="MIN_FREE_SPACE",
        description="MiB that filing leaves free on the storage's disk.",
    )
    heartbeat_interval: int = Field(
        60,
        ge=1,
        alias="HEARTBEAT_INTERVAL",
        description="Seconds between two signs of life of a service.",
    )
    log_level: Annotated[str, AfterValidator(_known_level)] = Field(
        "INFO", alias="LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR."
    )

    def model_post_init(self, _context: Any) -> None:
        """Make every path absolute, starting from the root."""
        root = self.root.expanduser().absolute()
        for name, path in (("root", root), ("inbox", self.inbox), ("storage", self.storage)):
            object.__setattr__(self, name, root / path.expanduser())


@dataclass(frozen=True)
class Setting:
    """One row of `photo-factory config`."""

    name: str
    value: str
    source: str
    description: str


def load() -> Settings:
    """Read the settings; a wrong one raises SettingsError with one clear line."""
    try:
        return Settings(_env_file=_dotenv())  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(one) for one in error.errors())) from None
    except pydantic_settings.exceptions.SettingsError as error:
        raise SettingsError(f"{error}: {error.__cause__}; see `photo-factory config`") from None


def _dotenv() -> Path:
    return project_root() / ".env"


def _complaint(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    text = error["msg"].removeprefix("Value error, ")
    return f"{name}={error['input']!r} is wrong: {text}. Mend it in the environment or in .env"


def explained(settings: Settings) -> list[Setting]:
    """Every setting with its value (secrets hidden) and where it came from."""
    in_file = {name.upper() for name, value in dotenv_values(_dotenv()).items() if value}
    in_environment = {name.upper() for name, value in os.environ.items() if value}
    rows = []
    for field_name, field in Settings.model_fields.items():
        name = str(field.alias)
        source = "default"
        if name in in_environment:
            source = "environment"
        elif name in in_file:
            source = ".env"
        value = getattr(settings, field_name)
        shown = "" if value is None else str(value)
        rows.append(Setting(name, shown, source, field.description or ""))
    return rows
