"""Settings of the Librarian."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from photo_factory.shared.settings.house import is_zone


def _known_clocks(clocks: dict[str, str]) -> dict[str, str]:
    for camera, clock in clocks.items():
        is_known = clock in ("utc", "local") or re.fullmatch(r"[+-]\d\d:\d\d", clock)
        if not is_known and not is_zone(clock):
            raise ValueError(
                f"the clock {clock!r} of {camera!r} is none of: utc, local, an IANA zone, +02:00"
            )
    return clocks


class FilingSettings(BaseSettings):
    """How the inbox is watched, and how files are read, dated and filed."""

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
    camera_clocks: Annotated[dict[str, str], AfterValidator(_known_clocks)] = Field(
        default_factory=dict,
        alias="CAMERA_CLOCKS",
        description='Video clocks that differ, as JSON: {"Canon EOS 70D": "local"}; '
        "utc, local, a zone or an offset.",
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
