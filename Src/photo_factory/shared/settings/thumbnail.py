"""Settings of the add-on `thumbnail`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class ThumbnailSettings(BaseSettings):
    """What the small pictures look like."""

    thumbnail_format: Literal["jpeg", "webp"] = Field(
        "jpeg",
        alias="THUMBNAIL_FORMAT",
        description="jpeg, or webp: a third smaller, twice the work.",
    )
