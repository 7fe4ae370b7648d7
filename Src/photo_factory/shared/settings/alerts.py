"""Settings of alerts: who is told, when, and by which way."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from photo_factory.shared.settings.times import Span, TimeOfDay


class AlertSettings(BaseSettings):
    """Alerts are sent when a state changes, and once a day as a digest."""

    alert_urls: SecretStr | None = Field(
        None,
        alias="ALERT_URLS",
        description="Whom to tell: Apprise URLs (mailto://, ntfy://, discord://, …) with commas.",
    )
    alert_after: int = Field(
        120,
        ge=0,
        le=86400,
        alias="ALERT_AFTER",
        description="Seconds a new state must last before anybody is told of it.",
    )
    quiet_hours: Span = Field(
        "",
        alias="QUIET_HOURS",
        description="Hours in which only errors are told, such as 22:00-07:00; the rest waits.",
    )
    digest_at: TimeOfDay = Field(
        "never",
        alias="DIGEST_AT",
        description="When the day's digest is sent, such as 08:00; never: none is.",
        validate_default=True,
    )
    silent_phone_days: int = Field(
        9,
        ge=0,
        le=3650,
        alias="SILENT_PHONE_DAYS",
        description="Days without a photo from a device before that is a WARNING; 0: never.",
    )
    dead_man_url: SecretStr | None = Field(
        None,
        alias="DEAD_MAN_URL",
        description="Asked after each round of the service-monitor, for a watcher outside.",
    )
