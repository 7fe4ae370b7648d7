"""Every command in the docs is run, or is a target of the Makefile that the gate itself runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from photo_factory.cli import app
from photo_factory.shared.settings import Settings
from tests.factory import Factory, photo

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *sorted((PROJECT / "docs").glob("*.md")),
]


def commands() -> Iterator[tuple[str, str]]:
    """Every line of every `sh` block, with its page."""
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                command = line.partition("  #")[0].strip()
                if command:
                    yield page.name, command


COMMANDS = sorted(set(commands()))


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[" ".join(one) for one in COMMANDS])
def test_it_does_what_the_docs_say(page: str, command: str, tmp_path: Path) -> None:
    if command.startswith("make "):
        # Run whole, these would run this very suite; that they exist and parse is what is asked.
        subprocess.run(["make", "-n", *command.split()[1:]], cwd=PROJECT, check=True)
        return
    factory = a_factory_with_a_photo(tmp_path)
    done = subprocess.run(
        ["bash", "-c", command.replace("~/Pictures", "Pictures")],
        cwd=tmp_path,
        env=environment(factory),
        capture_output=True,
        text=True,
        check=False,
    )
    # `status` is red here: no service runs in this factory, and it must say so.
    expected = 1 if " status" in command or "healthcheck" in command else 0
    assert done.returncode == expected, f"{page}: {command}\n{done.stdout}{done.stderr}"


def a_factory_with_a_photo(home: Path) -> Factory:
    """One photo of Christmas 2023 is filed, another lies in a collection."""
    factory = Factory(home)
    (factory.paths.inbox / "IMG_1.jpg").write_bytes(photo("2023:12:25 12:34:56"))
    environ = environment(factory)
    subprocess.run(
        [sys.executable, "-m", "photo_factory", "ingest"], env=environ, check=True, cwd=home,
        capture_output=True,
    )  # fmt: skip
    (home / "Pictures").mkdir()
    (home / "Pictures" / "old.jpg").write_bytes(photo("2003:01:02 03:04:05"))
    shutil.copy(home / "Pictures" / "old.jpg", home / "IMG_1.jpg")
    return factory


def environment(factory: Factory) -> dict[str, str]:
    """The factory's settings, and the command on the path as after `make setup`."""
    commands_folder = Path(sys.executable).parent
    (factory.home / ".venv").mkdir(exist_ok=True)
    if not (factory.home / ".venv" / "bin").exists():
        (factory.home / ".venv" / "bin").symlink_to(commands_folder)
    return {**factory.environment(), "PATH": f"{commands_folder}:{os.environ['PATH']}"}


def test_it_documents_every_verb() -> None:
    readme = (PROJECT / "README.md").read_text()
    verbs = get_command(app).commands  # type: ignore[attr-defined]
    assert {verb for verb in verbs if f"`photo-factory {verb}" not in readme} == set()


def test_it_documents_every_setting() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    names = {str(field.alias) for field in Settings.model_fields.values()}
    assert {name for name in names if name not in text} == set()


def test_it_links_only_to_pages_that_exist() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_row_stands_in_a_table() -> None:
    """A row behind a blank line is shown as it is written."""
    lost = []
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            if not re.search(r"\A.*\n\|[-:| ]+\|\n", block):
                lost.append(f"{page.name}: {block.splitlines()[0]}")
    assert lost == []
