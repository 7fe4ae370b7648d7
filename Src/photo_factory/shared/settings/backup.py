"""Settings of the add-on `backup`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from photo_factory.shared.settings import targets
from photo_factory.shared.settings.times import TimeOfDay


class BackupSettings(BaseSettings):
    """Where copies go, and what counts as safe."""

    backup_targets: SecretStr | None = Field(
        None,
        alias="BACKUP_TARGETS",
        description="Where copies go: folders, sftp://, s3://, smb:// with commas between.",
    )
    backup_bandwidth: float = Field(
        0.0,
        ge=0,
        le=100_000,
        alias="BACKUP_BANDWIDTH",
        description="MiB a second to and from all targets together; 0: as fast as it goes.",
    )
    backup_known_hosts: Path = Field(
        Path("~/.ssh/known_hosts"),
        alias="BACKUP_KNOWN_HOSTS",
        description="OpenSSH's list of host keys; an sftp:// server that is not in it is refused.",
    )
    backup_key_file: Path | None = Field(
        None,
        alias="BACKUP_KEY_FILE",
        description="The private key for sftp://; else the agent's keys and those of ~/.ssh.",
    )
    backup_timeout: float = Field(
        60.0,
        ge=1,
        le=3600,
        alias="BACKUP_TIMEOUT",
        description="Seconds after which a server that does not answer counts as away.",
    )
    backup_dumps_kept: int = Field(
        14,
        ge=1,
        le=10_000,
        alias="BACKUP_DUMPS_KEPT",
        description="How many proven dumps of the ledger each target keeps.",
    )
    restore_drill: TimeOfDay = Field(
        "03:30",
        alias="RESTORE_DRILL",
        description="When, by TIMEZONE, the ledger is dumped and a restore tried; never: not.",
    )
    restore_drill_sample: int = Field(
        20,
        ge=1,
        le=100_000,
        alias="RESTORE_DRILL_SAMPLE",
        description="How many files a drill restores from each target.",
    )
    safe_days: int = Field(
        90,
        ge=1,
        alias="SAFE_DAYS",
        description="Days since original and copies were last read within which a file is proven.",
    )
    safe_copies: int = Field(
        2,
        ge=1,
        alias="SAFE_COPIES",
        description="Verified copies a file needs before `safe-to-delete` says yes.",
    )

    @property
    def target_urls(self) -> list[str]:
        """BACKUP_TARGETS taken apart; SettingsError. They are secrets: show names instead."""
        return targets.urls(self.backup_targets.get_secret_value()) if self.backup_targets else []
