"""Two hosts: add-ons on the second share the work of the first, and a second Librarian waits."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from PIL import Image

from tests.shared.media import made
from tests.stack import hosts
from tests.stack.conftest import KEPT
from tests.stack.engine import Engine, Stack, until
from tests.stack.hosts import HERE, THERE, OtherHost

PHOTOS = 24
IMAGE = "photo-factory:core"
SQL_PORT = "5433"


@pytest.fixture(scope="module")
def second(stack: Stack, engine: Engine) -> Iterator[OtherHost]:
    """Another host, to which the image was brought."""
    with hosts.other_host(KEPT / "second", "nas-2") as host:
        host.load(engine, IMAGE)
        yield host


@pytest.fixture(scope="module")
def database(stack: Stack, second: OtherHost) -> Iterator[str]:
    """Where the second host finds the ledger, opened for it as the docs say."""
    files = "docker-compose.yml:sql-port.yml"
    with stack.changed(COMPOSE_FILE=files, SQL_BIND=HERE, SQL_PORT=SQL_PORT):
        stack.compose("up", "--detach", "--wait", "factory-db")
        yield f"{HERE}:{SQL_PORT}"
    stack.compose("up", "--detach", "--wait", "factory-db")


@pytest.fixture(scope="module")
def swarm(engine: Engine, second: OtherHost) -> Iterator[None]:
    """Both in one swarm, this host its manager."""
    engine.docker("swarm", "init", f"--advertise-addr={HERE}", f"--listen-addr={HERE}:2377")
    try:
        token = engine.docker("swarm", "join-token", "--quiet", "worker").stdout.strip()
        second.docker(
            "swarm", "join", f"--advertise-addr={THERE}", "--token", token, f"{HERE}:2377"
        )
        yield
        second.docker("swarm", "leave", "--force")
    finally:
        engine.docker("swarm", "leave", "--force")


@pytest.fixture(scope="module")
def addons(stack: Stack, second: OtherHost, swarm: None, database: str) -> Iterator[None]:
    """The add-ons of swarm.yml, on the second host. Its mount of the storage is the folder itself:
    the kernel here has no NFS."""
    storage = stack.data / "Storage"
    told = f"DATABASE_HOST={database} STORAGE_DIR={storage}"
    deploy = "docker stack deploy --resolve-image never -c swarm.yml addons"
    stack.shell(f"( set -a; . ./.env; {told} {deploy} )")
    try:
        until(lambda: len(_healthy(second)) == 2)
    except AssertionError as error:
        raise AssertionError(_logs(second)) from error
    yield
    stack.engine.docker("stack", "rm", "addons")
    until(lambda: not second.docker("ps", "--quiet").stdout)


def _healthy(host: OtherHost) -> list[str]:
    running = host.docker("ps", "--filter", "health=healthy", "--format", "{{.Names}}").stdout
    return running.split()


def _logs(host: OtherHost) -> str:
    asked = [
        host.docker("logs", "--tail=15", one) for one in host.docker("ps", "-q").stdout.split()
    ]
    return "the add-ons are not well\n" + "\n".join(one.stdout + one.stderr for one in asked)


def test_the_reader_comes_in_by_that_port_and_only_reads(stack: Stack, database: str) -> None:
    host, _, port = database.partition(":")
    reader = psycopg2.connect(
        host=host, port=port, user="factory_reader", dbname="photo",
        password=stack.value("READER_PASSWORD"),
    )  # fmt: skip
    insert = "INSERT INTO arrivals (path) VALUES ('mine')"
    with contextlib.closing(reader), reader.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM v_pipeline")
        assert cursor.fetchone()[0] > 0
        reader.rollback()
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            cursor.execute(insert)
        reader.rollback()
        cursor.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(insert)


def _large(count: int) -> Iterator[bytes]:
    """Photos of 12 megapixels, each unlike the others by a comment."""
    into = io.BytesIO()
    picture = Image.radial_gradient("L").resize((4000, 3000)).convert("RGB")
    picture.save(into, "JPEG", quality=90, exif=made.exif("2017:07:07 07:07:07"))
    start, rest = into.getvalue()[:2], into.getvalue()[2:]
    for number in range(count):
        yield start + made.segment(0xFE, f"number {number}".encode()) + rest


def _drop(stack: Stack, folder: Path, device: str, count: int) -> None:
    for number, content in enumerate(_large(count)):
        source = folder / f"{device}-{number}.jpg"
        source.write_bytes(content + device.encode())
        stack.drop(source, f"{device}/{source.name}")


def _done(stack: Stack, service: str) -> dict[str, int]:
    """How many each process says it worked, as its last beat tells."""
    last = (
        "SELECT DISTINCT ON (instance) instance, message FROM system_status_history"
        f" WHERE service_name = '{service}' ORDER BY instance, id DESC"
    )
    told = {row[0]: re.match(r"since the start: (\d+) done", row[-1]) for row in stack.sql(last)}
    return {instance: int(found[1]) for instance, found in told.items() if found}


def _filed(stack: Stack, device: str) -> int:
    return stack.number(f"SELECT COUNT(*) FROM media_assets WHERE source_device = '{device}'")


@pytest.mark.usefixtures("addons")
def test_both_hosts_work_and_no_asset_is_worked_twice(stack: Stack, tmp_path: Path) -> None:
    before = sum(_done(stack, "thumbnail").values())
    _drop(stack, tmp_path, "hosts", PHOTOS)
    ours = "FROM media_assets WHERE source_device = 'hosts'"
    until(lambda: stack.number(f"SELECT COUNT(*) {ours} AND is_thumbnailed") == PHOTOS)
    runs = f"FROM stage_runs WHERE stage = 'thumbnail' AND asset_id IN (SELECT id {ours})"
    assert stack.number(f"SELECT COUNT(*) {runs} AND claims = 1") == PHOTOS
    until(lambda: sum(_done(stack, "thumbnail").values()) == before + PHOTOS, 60)
    shares = _done(stack, "thumbnail")
    there = [instance for instance in shares if instance.startswith("nas-2:")]
    assert len(there) == 1
    assert 0 < shares[there[0]] < PHOTOS, shares


@pytest.mark.usefixtures("addons")
def test_the_second_host_writes_what_the_first_can_read_and_no_original(
    stack: Stack, second: OtherHost
) -> None:
    (container,) = [name for name in _healthy(second) if "thumbnail" in name]
    touch = ["exec", container, "touch"]
    refused = second.docker(*touch, "/data/Storage/Originals/mine", check=False)
    assert "Read-only file system" in refused.stderr
    owners = {path.stat().st_uid for path in (stack.data / "Storage/Derivatives").rglob("*")}
    assert owners == {1000}


@pytest.mark.usefixtures("addons")
def test_an_add_on_there_may_as_little_as_one_here(second: OtherHost) -> None:
    for name in _healthy(second):
        host = second.inspect(name)["HostConfig"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["Init"]
        assert host["Memory"] > 0 and host["LogConfig"]["Config"]["max-size"] == "10m"
        assert second.inspect(name)["Config"]["User"] == "1000:1000"


@contextmanager
def _librarian(stack: Stack, host: OtherHost, database: str) -> Iterator[None]:
    """A Librarian that nobody should have started there."""
    password = stack.value("POSTGRES_PASSWORD")
    host.docker(
        "run", "--detach", "--name=second", f"--hostname={host.name}", "--user=1000:1000", "--init",
        f"--volume={stack.data}:/data", f"--env=PGPASSWORD={password}", "--env=HOME=/tmp",
        f"--env=DATABASE_URL=postgresql://photo@{database}/photo", "--env=STABILITY_DELAY=1",
        "--env=HEARTBEAT_INTERVAL=5", IMAGE, "run", "librarian",
    )  # fmt: skip
    try:
        yield
    finally:
        host.docker("rm", "--force", "second")


def test_a_librarian_on_the_second_host_waits_takes_over_and_gives_way(
    stack: Stack, second: OtherHost, database: str, tmp_path: Path
) -> None:
    with _librarian(stack, second, database):
        first = stack.engine.inspect(stack.container("librarian"))["Config"]["Hostname"]
        told = f"another Librarian ({first}:"
        until(lambda: told in second.docker("logs", "second").stderr)
        _drop(stack, tmp_path, "lease", 1)
        until(lambda: _filed(stack, "lease") == 1)
        stack.compose("stop", "librarian")
        _drop(stack, tmp_path, "takeover", 1)
        until(lambda: _filed(stack, "takeover") == 1, 60)
        beat = "FROM system_status_history WHERE service_name = 'librarian' AND status = 'OK'"
        until(lambda: stack.number(f"SELECT COUNT(*) {beat} AND instance LIKE 'nas-2:%'") > 0)
        stack.compose("start", "librarian")
        waits = "another Librarian (nas-2:"
        until(lambda: waits in stack.compose("logs", "--no-color", "librarian").stdout)
        hosts.unplug()  # as if the second host had lost its power
        _drop(stack, tmp_path, "power", 1)
        until(lambda: _filed(stack, "power") == 1, 60)
        hosts.plug_in()
        until(lambda: second.docker("logs", "second").stderr.count(told) == 2)
    until(lambda: stack.is_healthy("librarian"))
    assert stack.lost() == set()
