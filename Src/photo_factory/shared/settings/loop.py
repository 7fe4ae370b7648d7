"""Settings of the loop that all add-on services share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings


def _known_executor(name: str) -> str:
    if name != "threads" and not name.startswith(("dask://", "dask+tls://")):
        raise ValueError(f"{name!r} is neither threads nor a scheduler such as dask://host:8786")
    return name


class LoopSettings(BaseSettings):
    """How assets are claimed, tried again, and where they are worked."""

    poll_interval: float = Field(
        30.0,
        gt=0,
        le=86400,
        alias="POLL_INTERVAL",
        description="Seconds an idle add-on rests at most before it looks for work again.",
    )
    batch_size: int = Field(
        64,
        ge=1,
        le=10_000,
        alias="BATCH_SIZE",
        description="How many assets an add-on claims at once.",
    )
    work_order: Literal["newest", "oldest"] = Field(
        "newest",
        alias="WORK_ORDER",
        description="Which waiting assets an add-on takes first: the newest or oldest filed.",
    )
    max_tries: int = Field(
        5,
        ge=1,
        le=100,
        alias="MAX_TRIES",
        description="How often an asset is tried by one add-on before it is parked.",
    )
    retry_after: float = Field(
        60.0,
        gt=0,
        le=86400,
        alias="RETRY_AFTER",
        description="Seconds before the second try; each further pause is twice as long.",
    )
    lease: float = Field(
        120.0,
        ge=1,
        le=86400,
        alias="LEASE",
        description="Seconds after which the assets of a worker that died go to another one.",
    )
    executor: Annotated[str, AfterValidator(_known_executor)] = Field(
        "threads",
        alias="EXECUTOR",
        description="Where a batch is worked: threads here, or a cluster at dask://host:8786.",
    )
    decoder_timeout: float = Field(
        120.0,
        gt=0,
        alias="DECODER_TIMEOUT",
        description="Seconds one photo or video may take to decode before it counts as damaged.",
    )
    decoder_memory: int = Field(
        2048,
        ge=256,
        alias="DECODER_MEMORY",
        description="MiB of memory the child process that decodes pixels may use.",
    )
