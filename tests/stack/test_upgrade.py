"""The stack on the ledger of the release before: up, back again, and on to another server.

The commands are those of docs/STACK.md. It runs beside the other tests' stack, as another project
on other addresses.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from photo_factory.shared.ledger.migrations import HEAD
from tests.factory import photo
from tests.stack.engine import PROJECT, USER, Engine, Stack, until
from tests.upgrade import ledgers

BEFORE = ledgers.STEPS[-1]
OURS = ["librarian", "geocode", "thumbnail", "service-monitor", "dashboard"]
REFUSED = f"is at step 9999, newer than this program, which knows {HEAD}: update Photo Factory"

Content = dict[str, str]
"""By table: how many rows, and a hash over all of them."""


def documented(beginning: str) -> list[str]:
    """The block of commands in the docs' section on upgrades that begins so."""
    page = (PROJECT / "docs/STACK.md").read_text("utf-8")
    section = page.partition("## Upgrades\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"(?:^    .+\n)+", section, re.MULTILINE)
    found = [block for block in blocks if block.strip().startswith(beginning)]
    return [line.strip() for line in found[0].splitlines()]


def and_wait(line: str) -> str:
    """An `up` of the docs, and a wait for our services: Syncthing is healthy after two minutes."""
    start = line.removesuffix(" --wait")
    return f"{start}\ndocker compose up -d --no-deps --wait {' '.join(OURS)}"


def columns(stack: Stack) -> dict[str, str]:
    """The columns of every table, in their order."""
    query = (
        "SELECT c.table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)"
        " FROM information_schema.columns c JOIN information_schema.tables t USING (table_name)"
        " WHERE c.table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY 1"
    )
    return dict(stack.sql(query))


def content(stack: Stack, tables: dict[str, str]) -> Content:
    """What stands in these columns, by the database's own client."""
    return {
        name: stack.sql(
            "SELECT count(*) || ' ' || md5(coalesce(string_agg(r, chr(10) ORDER BY r), ''))"
            f" FROM (SELECT t::text AS r FROM (SELECT {listed} FROM {name}) t) rows"
        )[0][0]
        for name, listed in tables.items()
    }


def states(stack: Stack) -> dict[str, str]:
    listed = stack.compose("ps", "--all", "--format", "json").stdout.splitlines()
    found = [json.loads(line) for line in listed]
    return {one["Service"]: one["State"] for one in found}


@pytest.fixture(scope="module")
def stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that never ran, with the archive of the release before and an empty database.

    Where photos stand and how many cores there are is left as it is by default.
    """
    home = tmp_path_factory.mktemp("upgraded")
    for folder in (home, *home.parents):  # the containers' user comes in by them
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    apart = dict.fromkeys(("DASHBOARD_BIND", "SYNCTHING_BIND", "SYNC_BIND"), "127.0.0.2")
    one = Stack(engine, home, COMPOSE_PROJECT_NAME="upgraded", **apart)
    ledgers.unpack(BEFORE, "postgresql", one.data / "Storage")
    subprocess.run(["chown", "-R", f"{USER}:{USER}", one.data / "Storage"], check=True)
    try:
        yield one
    finally:
        one.down()


@pytest.fixture(scope="module")
def old(stack: Stack) -> tuple[dict[str, str], Content]:
    """The columns and the content of the ledger before, once it stands in the stack's database."""
    stack.up("factory-db")
    stack.engine.docker(
        "compose", "exec", "-T", "factory-db", "psql", "-U", "photo", "-qv", "ON_ERROR_STOP=1",
        cwd=stack.stack, input=ledgers.dump(BEFORE, "postgresql"),
    )  # fmt: skip
    tables = {name: listed for name, listed in columns(stack).items() if name != "alembic_version"}
    return tables, content(stack, tables)


def test_the_ledger_before_comes_up_unchanged(
    stack: Stack, old: tuple[dict[str, str], Content]
) -> None:
    tables, before = old
    stack.shell(documented("docker compose exec -T factory-db pg_dump")[0])
    stack.compose("build", "migrate")
    told = stack.compose("run", "--rm", "-T", "migrate")
    assert "factory-db/photo: migrated" in told.stderr
    assert stack.sql("SELECT version_num FROM alembic_version") == [[HEAD]]
    assert content(stack, tables) == before


def test_its_services_go_on_with_it(stack: Stack, old: tuple[dict[str, str], Content]) -> None:
    tables, before = old
    _, *upgrade = documented("docker compose exec -T factory-db pg_dump")
    pulled, (up, *after) = upgrade[:2], upgrade[2:]
    assert pulled == ["git pull", "docker compose pull --ignore-buildable"]
    assert up == "docker compose up -d --build"
    stack.shell(and_wait(up), *after)
    assert "up to date" in stack.compose("logs", "--no-color", "migrate").stdout
    # Nobody has written there yet, and will not for these photos.
    written_once = ("arrivals", "persons", "faces", "places", "restore_drills", "ledger_dumps")
    asked = {name: tables[name] for name in written_once}
    assert content(stack, asked) == {name: before[name] for name in written_once}
    source = stack.home / "new.jpg"
    source.write_bytes(photo())
    stack.drop(source, "pixel-7/new.jpg")
    until(
        lambda: stack.number("SELECT COUNT(*) FROM media_assets WHERE is_thumbnailed"
                             " AND original_name = 'new.jpg'") == 1
    )  # fmt: skip
    assert stack.number("SELECT COUNT(*) FROM media_assets") == 9
    assert not stack.lost()


def test_what_can_be_built_is_not_pulled(stack: Stack) -> None:
    """No registry has our images: asked for them, it would refuse."""
    stack.compose("pull", "--ignore-buildable", "migrate", "librarian", "dashboard", "backup")


def test_a_newer_ledger_is_refused_and_not_touched(stack: Stack) -> None:
    stack.compose("down")
    stack.up("factory-db")
    stack.sql("UPDATE alembic_version SET version_num = '9999'")
    tables = columns(stack)
    before = content(stack, tables)
    refused = stack.compose("up", "--detach", check=False)
    assert refused.returncode != 0
    assert "migrate" in refused.stderr
    (line,) = [
        line
        for line in stack.compose("logs", "--no-color", "--no-log-prefix", "migrate").stdout.split(
            "\n"
        )
        if line.strip()
    ]
    assert REFUSED in line
    running = {name for name, state in states(stack).items() if state == "running"}
    assert running.isdisjoint(OURS), running
    # Nor does one that is started without asking `migrate`, however often Docker starts it again.
    stack.compose("up", "--detach", "--no-deps", *OURS)
    for name in OURS:
        until(lambda name=name: REFUSED in stack.compose("logs", "--no-color", name).stdout)
    time.sleep(5)
    assert "Traceback" not in stack.compose("logs", "--no-color", *OURS).stdout
    assert content(stack, tables) == before


def test_the_dump_of_before_leads_back(stack: Stack) -> None:
    """What was filed after it is read from the archive."""
    lines = documented("docker compose down\n    docker compose up -d --wait factory-db\n"
                       "    docker compose exec -T factory-db dropdb")  # fmt: skip
    stack.shell(*(and_wait(line) if line.endswith(" --wait") else line for line in lines))
    assert stack.number("SELECT COUNT(*) FROM media_assets") == 9
    assert stack.number("SELECT COUNT(*) FROM persons WHERE name IS NOT NULL") == 1
    assert all(states(stack)[name] == "running" for name in OURS)


def test_the_ledger_moves_to_another_server(stack: Stack) -> None:
    """Only PostgreSQL 15 is at hand here: its files are left all the same, and made anew."""
    lines = documented("docker compose down\n    docker compose up -d --wait factory-db\n"
                       "    docker compose exec -T factory-db pg_dump")  # fmt: skip
    image = "echo POSTGRES_IMAGE=postgres:17 >> .env"
    assert image in lines
    at = lines.index(image)
    stack.compose("stop", *OURS)
    tables = {n: c for n, c in columns(stack).items() if not n.startswith("system_status")}
    before = content(stack, tables)
    identifier = "SELECT system_identifier FROM pg_control_system()"
    server = stack.sql(identifier)
    stack.shell(*lines[:at], *lines[at + 1 : -1])
    assert stack.sql(identifier) != server
    assert content(stack, tables) == before
    _on_two_disks(stack)
    stack.shell(and_wait(lines[-1]))
    assert all(states(stack)[name] == "running" for name in OURS)


def _on_two_disks(stack: Stack) -> None:
    """From the next `up` on inbox and storage are two mounts, which no rename goes between."""
    inbox, storage = stack.data / "Photos_Inbox", stack.data / "Storage"
    stack.set(INBOX_DIR=str(inbox), STORAGE_DIR=str(storage))
    refused = stack.compose("run", "--rm", "-T", "--no-deps", "migrate", check=False)
    assert refused.returncode == 1
    assert f"INBOX_DIR={inbox} reaches the Librarian by separate-disks.yml only" in refused.stderr
    stack.set(COMPOSE_FILE="docker-compose.yml:separate-disks.yml")


def test_a_photo_is_filed_from_one_disk_to_another(stack: Stack) -> None:
    """In the stack that the test before brought up."""
    mounted = stack.engine.inspect(stack.container("librarian"))["Mounts"]
    assert {"/data/Photos_Inbox", "/data/Storage"} <= {one["Destination"] for one in mounted}
    rename = "import os; os.rename('/data/Photos_Inbox/probe', '/data/Storage/probe')"
    (stack.data / "Photos_Inbox/probe").touch()
    refused = stack.execute("librarian", "python", "-c", rename, check=False)
    assert "Invalid cross-device link" in refused.stderr
    (stack.data / "Photos_Inbox/probe").unlink()
    source = stack.home / "apart.jpg"
    source.write_bytes(photo("2016:06:06 06:06:06"))
    stack.drop(source, "pixel-7/apart.jpg")
    shown = "SELECT COUNT(*) FROM media_assets WHERE is_thumbnailed AND original_name = 'apart.jpg'"
    until(lambda: stack.number(shown) == 1)
    assert (stack.data / "Storage/Originals/2016/2016-06-06/apart.jpg").is_file()
    until(lambda: not (stack.data / "Photos_Inbox/pixel-7/apart.jpg").exists())
    assert not stack.lost()
