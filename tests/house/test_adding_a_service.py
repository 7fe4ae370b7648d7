"""docs/ADDING_A_SERVICE.md is followed to the letter in a copy of the project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factory import Factory, photo
from tests.house.test_docs import PROJECT

PAGE = (PROJECT / "docs" / "ADDING_A_SERVICE.md").read_text()
IN_PROJECT, IN_PACKAGE = PAGE.split("## From a package of your own")
BLOCK = r":\n\n```\w+\n(.*?)```"
EDIT = re.compile(
    r"^In (?:`([^`]+)`|the same file)[^`\n]*, below `([^\n]+)`" + BLOCK, re.DOTALL | re.MULTILINE
)
FILE = re.compile(r"^New file `([^`]+)`" + BLOCK, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with everything done that the page says."""
    home = tmp_path_factory.mktemp("newcomer") / "project"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (PROJECT / name).is_file():
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((PROJECT / name).read_bytes())
    follow(home)
    return home


def follow(home: Path) -> None:
    """Make the page's edits and files."""
    last = ""
    for name, anchor, block in EDIT.findall(IN_PROJECT):
        last = name or last
        path = home / last
        text = path.read_text()
        assert text.count(f"\n{anchor}\n") == 1, f"{last} has not one line {anchor!r}"
        path.write_text(text.replace(f"\n{anchor}\n", f"\n{anchor}\n{block}"))
    for name, block in FILE.findall(IN_PROJECT):
        assert not (home / name).exists()
        (home / name).write_text(block)


def run(home: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "PYTHONPATH": f"{home / 'Src'}:{home}", **environment}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=home, env=given, capture_output=True, text=True,
        check=False, timeout=280,
    )  # fmt: skip


def test_it_has_six_steps() -> None:
    assert len(re.findall(r"^## \d\. ", PAGE, re.MULTILINE)) == 6
    assert (len(EDIT.findall(IN_PROJECT)), len(FILE.findall(IN_PROJECT))) == (5, 4)


def test_the_service_that_the_page_makes_passes_its_test_and_the_houses(copy: Path) -> None:
    tests = ["tests/addons/test_phash.py", "tests/house/test_names.py", "tests/house/test_stack.py",
             "tests/test_registry.py", "tests/shared/ledger/test_schema_docs.py",
             "tests/shared/ledger/test_migrations.py"]  # fmt: skip
    done = run(copy, "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("linter", [["ruff", "check", "."], ["mypy"], ["importlinter.cli", "lint"]])
def test_the_service_that_the_page_makes_pleases_the_linters(copy: Path, linter: list[str]) -> None:
    done = run(copy, *linter)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_commands_do_what_they_say(copy: Path, tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    factory.drop("a.jpg", photo("2023:12:25 12:34:56"))
    (commands,) = re.findall(r"```console\n(.*?)```", IN_PROJECT, re.DOTALL)
    said = ""
    for line in commands.splitlines():
        command = line.removeprefix("$ photo-factory ")
        shell = f"{sys.executable} -m photo_factory {command}"
        given = {**factory.environment(), "PYTHONPATH": str(copy / "Src")}
        done = subprocess.run(
            ["bash", "-c", shell], cwd=copy, env=given, capture_output=True, text=True, check=False
        )
        # `status` is red: no service runs in this factory.
        assert done.returncode == (1 if command == "status" else 0), command + done.stderr
        said += done.stdout + done.stderr
    assert "tells which photos look alike" in said
    assert "1 assets will be done again by phash" in said
    assert re.search(r"is_phashed +1 +0", said)


PACKAGE = '''
from photo_factory.shared.facts import Asset, Facts
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.settings import Settings

NAME = "phash"


def process(asset: Asset, settings: Settings) -> Facts:
    """A stand-in for step 3."""
    return Facts(columns={"phash": asset.file_hash[:16]})

'''


def test_a_package_of_its_own_needs_no_change_here(tmp_path: Path) -> None:
    (declared,) = re.findall(r"```toml\n(.*?)```", IN_PACKAGE, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", IN_PACKAGE, re.DOTALL)
    site = tmp_path / "site"
    info = site / "photo_factory_phash-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "photo_factory_phash.py").write_text(PACKAGE + code)
    (info / "METADATA").write_text(
        "Name: photo-factory-phash\nVersion: 1.0\nSummary: looks alike\n"
    )
    group, entry = re.findall(r'entry-points\."(.+)"\]\n(.+)', declared)[0]
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")
    factory = Factory(tmp_path / "factory")
    factory.drop("a.jpg")
    factory.ingest()
    given = factory.environment(PYTHONPATH=str(site))

    def photo_factory(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "photo_factory", *command], env=given, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == (1 if command == ("status",) else 0), done.stderr
        return done.stdout

    assert re.search(r"phash +looks alike", photo_factory("services"))
    assert re.search(r"is_phashed +0 +1", photo_factory("status"))
    photo_factory("run", "phash", "--once")
    assert re.search(r"is_phashed +1 +0", photo_factory("status"))
    # Without the package everything else goes on.
    given.pop("PYTHONPATH")
    assert "is_phashed" not in photo_factory("status")
    factory.drop("b.jpg")
    factory.ingest()
    assert len(factory.assets()) == 2
    factory.close()
