"""The compose file runs every service there is, under the name it is known by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from photo_factory.registry import SERVICES

STACK = Path(__file__).parents[2] / "Stack"
COMPOSE: dict[str, Any] = yaml.safe_load((STACK / "docker-compose.yml").read_text())
OTHERS = {"factory-db", "migrate"}


def test_every_service_has_a_container_and_no_other_has() -> None:
    assert set(COMPOSE["services"]) - OTHERS == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_runs_the_service_of_its_name(name: str) -> None:
    assert COMPOSE["services"][name]["command"] == f"run {name}"


def test_no_password_is_written_into_it() -> None:
    assert (
        "POSTGRES_PASSWORD:?"
        in COMPOSE["services"]["factory-db"]["environment"]["POSTGRES_PASSWORD"]
    )


def test_nothing_of_ours_runs_as_root() -> None:
    ours = [service for name, service in COMPOSE["services"].items() if name != "factory-db"]
    assert all(service["user"] for service in ours)
