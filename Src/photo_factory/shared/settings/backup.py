"""Settings of the add-on `backup`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class BackupSettings(BaseSettings):
    """Where copies go, and what counts as safe."""

    safe_days: int = Field(
        90,
        ge=1,
        alias="SAFE_DAYS",
        description="Days since its last re-hash within which an original counts as proven.",
    )
    safe_copies: int = Field(
        2,
        ge=1,
        alias="SAFE_COPIES",
        description="Verified copies a file needs before `safe-to-delete` says yes.",
    )
