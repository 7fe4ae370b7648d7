"""Settings of the dashboard: where it answers, who may enter, what they may do."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class DashboardSettings(BaseSettings):
    """Without a password it answers this machine only."""

    dashboard_address: str = Field(
        "",
        alias="DASHBOARD_ADDRESS",
        description="Where it listens; empty: 127.0.0.1, and everywhere once a password is set.",
    )
    dashboard_port: int = Field(
        8501,
        ge=0,
        le=65535,
        alias="DASHBOARD_PORT",
        description="The port it listens on; 0: any that is free.",
    )
    dashboard_password: SecretStr | None = Field(
        None,
        alias="DASHBOARD_PASSWORD",
        description="The owner's password, as `photo-factory dashboard --hash` prints it.",
    )
    dashboard_viewer_password: SecretStr | None = Field(
        None,
        alias="DASHBOARD_VIEWER_PASSWORD",
        description="The same for people who may look and not act.",
    )
    dashboard_session_hours: float = Field(
        12.0,
        gt=0,
        le=8760,
        alias="DASHBOARD_SESSION_HOURS",
        description="Hours without activity after which one has to sign in again.",
    )
    dashboard_oidc: str = Field(
        "",
        alias="DASHBOARD_OIDC",
        description="The metadata URL of an OpenID Connect provider to sign in with.",
    )
    dashboard_oidc_client: str = Field(
        "", alias="DASHBOARD_OIDC_CLIENT", description="The client id at that provider."
    )
    dashboard_oidc_secret: SecretStr | None = Field(
        None, alias="DASHBOARD_OIDC_SECRET", description="The client's secret."
    )
    dashboard_oidc_unverified: bool = Field(
        False,
        alias="DASHBOARD_OIDC_UNVERIFIED",
        description="Whether to believe mail addresses that the provider does not call verified.",
    )
    dashboard_url: str = Field(
        "",
        alias="DASHBOARD_URL",
        description="The address people open it at, which the provider sends them back to.",
    )
    dashboard_owners: str = Field(
        "",
        alias="DASHBOARD_OWNERS",
        description="Mail addresses of those who may sign in as owners, with commas between.",
    )
    dashboard_viewers: str = Field(
        "",
        alias="DASHBOARD_VIEWERS",
        description="Mail addresses or @domains that may sign in as viewers, with commas between.",
    )
    dashboard_control: bool = Field(
        False,
        alias="DASHBOARD_CONTROL",
        description="Whether owners may start, stop, restart and scale services there.",
    )
    dashboard_refresh: int = Field(
        5,
        ge=2,
        le=3600,
        alias="DASHBOARD_REFRESH",
        description="Seconds between two looks at what changes, unless the viewer chooses others.",
    )
    dashboard_tiles: str = Field(
        "",
        alias="DASHBOARD_TILES",
        description="A tile server for the map, such as https://tile.example/{z}/{x}/{y}.png.",
    )
    docker_host: str = Field(
        "",
        alias="DOCKER_HOST",
        description="Where Docker's API answers, such as tcp://docker-proxy:2375.",
    )
    docker_project: str = Field(
        "photo-factory",
        alias="COMPOSE_PROJECT_NAME",
        description="The compose project whose containers are shown.",
    )
