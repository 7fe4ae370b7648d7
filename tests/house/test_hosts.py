"""What runs add-ons on other hosts: for Docker's swarm, and for Kubernetes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from photo_factory.registry import SERVICES
from photo_factory.shared.settings import Settings
from photo_factory.shared.settings.geocode import GeocodeSettings
from photo_factory.shared.settings.loop import LoopSettings
from photo_factory.shared.settings.thumbnail import ThumbnailSettings

STACK = Path(__file__).parents[2] / "Stack"
COMPOSE: dict[str, Any] = yaml.safe_load((STACK / "docker-compose.yml").read_text())
SWARM: dict[str, Any] = yaml.safe_load((STACK / "swarm.yml").read_text())
DEPLOYMENTS: list[dict[str, Any]] = list(yaml.safe_load_all((STACK / "kubernetes.yml").read_text()))
DOCKERFILE = (STACK / "Dockerfile").read_text()
ALIASES = {str(field.alias) for field in Settings.model_fields.values()}
NO_SETTINGS = {"HOME", "PGPASSWORD", "PHOTO_FACTORY_BEATS"}
OWN = {"thumbnail": ThumbnailSettings, "geocode": GeocodeSettings}
RATHER_A_MACHINES = {"EXECUTOR"}
"""What may differ from host to host."""


def memory(text: str) -> int:
    """Bytes of 3g, 3Gi or ${NAME:-3g}."""
    number, unit = re.fullmatch(r"(?:\$\{\w+:-)?(\d+)([gm])i?\}?", text.lower()).groups()  # type: ignore[union-attr]
    return int(number) << {"g": 30, "m": 20}[unit]


@pytest.fixture(params=SWARM["services"])
def swarm(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**SWARM["services"][request.param], "name": request.param}


@pytest.fixture(params=DEPLOYMENTS, ids=lambda one: str(one["metadata"]["name"]))
def pod(request: pytest.FixtureRequest) -> dict[str, Any]:
    spec: dict[str, Any] = request.param["spec"]["template"]["spec"]
    return spec


def test_only_add_ons_run_on_other_hosts() -> None:
    assert set(SWARM["services"]) <= set(SERVICES) - {"librarian", "service-monitor", "backup"}


def test_a_service_of_the_swarm_is_that_of_the_compose_file(swarm: dict[str, Any]) -> None:
    here = COMPOSE["services"][swarm["name"]]
    same = ("user", "command", "read_only", "cap_drop", "init", "stop_grace_period", "logging")
    for key in (*same, "healthcheck"):
        assert swarm[key] == here[key], key
    limits = swarm["deploy"]["resources"]["limits"]
    assert (limits["memory"], limits["cpus"]) == (here["mem_limit"], here["cpus"])


def test_a_service_of_the_swarm_only_reads_originals_and_has_a_place_to_scribble(
    swarm: dict[str, Any],
) -> None:
    *storage, scratch = swarm["volumes"]
    assert [volume.rpartition("}")[2] for volume in storage] == [
        ":/data/Storage",
        "/Originals:/data/Storage/Originals:ro",
    ]
    assert scratch == {"type": "tmpfs", "target": "/tmp"}  # a swarm leaves `tmpfs:` out unsaid


def test_all_hosts_of_a_swarm_have_the_settings_of_one(swarm: dict[str, Any]) -> None:
    """A host with other THUMBNAIL_SIZES would make pictures that nobody looks for."""
    models = (LoopSettings, OWN[swarm["name"]])
    wanted = {str(field.alias) for model in models for field in model.model_fields.values()}
    told = swarm["environment"]
    taken_from_shell = {name for name, value in told.items() if value is None}
    assert wanted - RATHER_A_MACHINES <= taken_from_shell
    assert {"UMASK", "TIMEZONE", "LOG_LEVEL", "HEARTBEAT_INTERVAL"} <= taken_from_shell
    assert set(told) <= ALIASES | NO_SETTINGS


def test_every_add_on_of_the_swarm_says_on_which_host_it_runs(swarm: dict[str, Any]) -> None:
    assert swarm["hostname"] == "{{.Node.Hostname}}"
    assert swarm["deploy"]["mode"] == "global"  # one a host, or the names would clash


def test_messages_of_the_swarm_survive_its_parser() -> None:
    """It takes a - in the message of ${NAME:?message} for the beginning of a default."""
    text = (STACK / "swarm.yml").read_text()
    assert not [told for told in re.findall(r"\$\{\w+:\?([^}]*)\}", text) if "-" in told]
    # And of two such variables in one value only the last is missed.
    assert all(line.count(":?") < 2 for line in text.splitlines())


@pytest.mark.parametrize("version", ["1.28", "1.33", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("number", range(len(DEPLOYMENTS)))
def test_kubernetes_takes_the_example(number: int, version: str) -> None:
    kubernetes_validate.validate(DEPLOYMENTS[number], version, strict=True)


def test_kubernetes_would_not_take_a_word_it_does_not_know() -> None:
    wrong = yaml.safe_load(yaml.safe_dump(DEPLOYMENTS[0]))
    wrong["spec"]["template"]["spec"]["container"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.33", strict=True)


def test_a_deployment_finds_its_own_pods() -> None:
    for one in DEPLOYMENTS:
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"] == labels
        assert labels == {"app": one["metadata"]["name"]}


def test_a_pod_runs_the_service_it_is_named_for(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    name = container["name"]
    assert name in SWARM["services"]
    assert 'ENTRYPOINT ["photo-factory"]' in DOCKERFILE
    assert f"run {name}" == " ".join(container["args"]) == COMPOSE["services"][name]["command"]
    for probe in ("startupProbe", "livenessProbe"):
        command = ["CMD", *container[probe]["exec"]["command"]]
        assert command == COMPOSE["services"][name]["healthcheck"]["test"]
        assert container[probe]["timeoutSeconds"] >= 10  # Kubernetes' own 1 s is too short
    limit = container["resources"]["limits"]["memory"]
    assert memory(limit) == memory(COMPOSE["services"][name]["mem_limit"])


def test_a_pod_may_as_little_as_a_container_of_the_stack(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    whom = pod["securityContext"]
    assert whom["runAsNonRoot"] and f"USER {whom['runAsUser']}:{whom['runAsGroup']}" in DOCKERFILE
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert mounts["/data/Storage/Originals"]["readOnly"]
    assert set(mounts) == {"/data/Storage", "/data/Storage/Originals", "/tmp"}
    assert {mount["name"] for mount in mounts.values()} == {one["name"] for one in pod["volumes"]}


def test_a_pod_is_told_settings_that_exist(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    told = {one["name"]: one.get("value") for one in container["env"]}
    assert set(told) <= ALIASES | NO_SETTINGS
    # Kubernetes sets NAME_PORT for every Service there is: DASHBOARD_PORT=tcp://… is no port.
    assert pod["enableServiceLinks"] is False
    given = {name: value for name, value in told.items() if value and name in ALIASES}
    settings = Settings(_env_file=None, DATABASE_URL="postgresql://photo@nas/photo", **given)  # type: ignore[call-arg, arg-type]
    assert str(settings.storage) == "/data/Storage"
    assert settings.workers == 2


def test_the_commands_in_the_example_name_what_it_refers_to() -> None:
    text = (STACK / "kubernetes.yml").read_text()
    comments = [line for line in text.splitlines() if line.startswith("#   kubectl")]
    given = re.findall(r"--from-literal=(\w+)=", "\n".join(comments))
    assert set(given) - {"url"} <= ALIASES
    (container,) = DEPLOYMENTS[0]["spec"]["template"]["spec"]["containers"]
    reference = container["env"][0]["valueFrom"]["secretKeyRef"]
    assert f"secret generic {reference['name']} --from-literal={reference['key']}=" in text
    assert f"configmap {container['envFrom'][0]['configMapRef']['name']} " in text
