"""The compose file runs every service there is, under the name it is known by."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from photo_factory.commands import init
from photo_factory.dashboard.actions.services import NEVER_STOPPED
from photo_factory.dashboard.docker_status import ONE_SHOT
from photo_factory.registry import SERVICES
from photo_factory.shared.settings import Settings

ALIASES = {str(field.alias) for field in Settings.model_fields.values()}
STACK = Path(__file__).parents[2] / "Stack"
COMPOSE: dict[str, Any] = yaml.safe_load((STACK / "docker-compose.yml").read_text())
OTHERS = {"factory-db", "migrate", "syncthing", "docker-proxy"}
COMPOSE_FILES = ("docker-compose.yml", "separate-disks.yml", "sql-port.yml")
TEXT = "\n".join((STACK / name).read_text() for name in COMPOSE_FILES)


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
    ours = [COMPOSE["services"][name] for name in (*SERVICES, "migrate", "docker-proxy")]
    assert all(service["user"].startswith("${PUID:-1000}:") for service in ours)


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_may_do_as_little_as_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", sorted(set(COMPOSE["services"]) - {"migrate"}))
def test_a_container_says_whether_it_is_well_and_has_a_limit(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["healthcheck"]["test"]
    assert service["mem_limit"] and service["cpus"]


@pytest.mark.parametrize("what", ["INBOX", "STORAGE"])
def test_a_folder_elsewhere_is_told_to_who_refuses_half_of_it(what: str) -> None:
    given = COMPOSE["services"]["migrate"]["environment"]
    assert given[f"{what}_DIR"] == f"${{{what}_DIR:-}}"
    disks = yaml.safe_load((STACK / "separate-disks.yml").read_text())["services"]
    for service in ("migrate", "librarian"):
        (mount,) = [one for one in disks[service]["volumes"] if f"${{{what}_DIR:" in one]
        assert mount.endswith(f"}}:{given[f'PHOTO_FACTORY_{what}']}")


def test_who_asks_syncthing_knows_where_it_sees_the_inbox() -> None:
    syncthing = COMPOSE["services"]["syncthing"]
    (inbox,) = [one for one in syncthing["volumes"] if "INBOX_DIR" in one]
    environments = [one.get("environment", {}) for one in COMPOSE["services"].values()]
    asking = [one for one in environments if "SYNCTHING_URL" in one]
    assert len(asking) == 2  # the Librarian waits for its doctor; the monitor asks it
    assert all(inbox.endswith(f"}}:{one.get('SYNCTHING_INBOX')}") for one in asking)


def test_originals_get_one_mode_whoever_wrote_them_first() -> None:
    """Filing within one disk keeps the file that Syncthing made."""
    assert COMPOSE["services"]["syncthing"]["environment"].get("UMASK") == "${UMASK:-}"


def test_the_proxy_knows_the_services_that_may_not_be_stopped() -> None:
    rules = re.findall(r"\(([a-z|-]+)\)\[-_\]", (STACK / "docker-proxy.cfg").read_text())
    never, one_shot = (set(rule.split("|")) for rule in rules)
    assert (never, one_shot) == (set(NEVER_STOPPED), set(ONE_SHOT))


def test_an_upgrade_starts_the_proxy_anew_when_its_rules_are_others() -> None:
    """Compose makes a container anew for what the compose file says, not for files it mounts."""
    rules = (STACK / "docker-proxy.cfg").read_bytes()
    environment = COMPOSE["services"]["docker-proxy"]["environment"]
    assert environment.get("RULES") == hashlib.sha256(rules).hexdigest()[:12]


def test_the_example_is_what_init_would_print() -> None:
    assert (STACK / ".env.example").read_text() == init.example()


def test_every_variable_of_the_compose_files_is_in_the_example() -> None:
    named = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    given_by_compose = {"COMPOSE_PROJECT_NAME"}
    assert named <= {one.name for one in init.VARIABLES} | ALIASES | given_by_compose


def test_every_variable_of_the_example_is_used() -> None:
    read_by_compose = {"COMPOSE_PROFILES", "COMPOSE_FILE"}
    used = set(re.findall(r"\$\{(\w+)", TEXT)) | read_by_compose
    assert {one.name for one in init.VARIABLES} <= used


def stages() -> dict[str, tuple[str, str]]:
    """By its name what each stage of the Dockerfile stands on, and its text."""
    text = (STACK / "Dockerfile").read_text()
    found = re.findall(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: (base, lines) for base, name, lines in found}


def test_packages_are_not_fetched_again_when_only_the_source_is_another() -> None:
    """A layer is made anew when one below it is."""
    below = stages()
    with_packages = [name for name, (_, lines) in below.items() if "-r requirements" in lines]
    assert len(with_packages) == 2
    for name in with_packages:
        base, lines = below[name]
        lineage = [lines.partition("-r requirements")[0]]
        while base in below:
            base, lines = below[base]
            lineage.append(lines)
        assert "COPY Src" not in "".join(lineage), name


def test_a_builder_that_goes_from_the_top_to_the_target_fetches_no_face_packages_for_core() -> None:
    before = "".join(lines for _, lines in list(stages().values())[: list(stages()).index("core")])
    assert "-r requirements-face.txt" not in before
