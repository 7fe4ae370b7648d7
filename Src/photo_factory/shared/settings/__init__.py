"""Every setting, read from the environment or `.env`, checked once and then frozen."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic_settings
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings.alerts import AlertSettings
from photo_factory.shared.settings.backup import BackupSettings
from photo_factory.shared.settings.dashboard import DashboardSettings
from photo_factory.shared.settings.face import FaceSettings
from photo_factory.shared.settings.filing import FilingSettings
from photo_factory.shared.settings.geocode import GeocodeSettings
from photo_factory.shared.settings.house import HouseSettings, project_root
from photo_factory.shared.settings.loop import LoopSettings
from photo_factory.shared.settings.monitor import MonitorSettings
from photo_factory.shared.settings.thumbnail import ThumbnailSettings


class Settings(
    DashboardSettings,
    AlertSettings,
    MonitorSettings,
    BackupSettings,
    FaceSettings,
    ThumbnailSettings,
    GeocodeSettings,
    LoopSettings,
    FilingSettings,
    HouseSettings,
):
    """The alias of a field is the variable's name, its description the help beside it."""

    # Read from the right to the left: the house first, then what stands in it.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


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
