"""The verbs of `photo-factory person`, as a person and a script meet them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from photo_factory.addons.face import vectors
from photo_factory.addons.face.engines import identity
from photo_factory.cli import app
from photo_factory.shared.errors import PhotoFactoryError
from tests.addons.face.conftest import Album, a_face
from tests.factory import Factory

PERSON = get_command(app).commands["person"]  # type: ignore[attr-defined]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Album]:
    """Two photos of one stranger, one of another, in the ledger the command will open."""
    factory = Factory(tmp_path / "factory")
    for name, value in factory.environment().items():
        monkeypatch.setenv(name, value)
    album = Album(factory.engine, factory.settings(), identity(factory.settings()))
    for who in (1, 1, 2):
        album.scan(a_face(who))
    yield album
    factory.close()
    vectors._memory.cache_clear()


def person(*words: str) -> Any:
    """The answer of a verb as JSON."""
    done = CliRunner().invoke(app, ["person", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_stranger_becomes_somebody(home: Album) -> None:
    stranger = person("list")[0]
    assert (stranger["name"], stranger["faces"], stranger["photos"]) == (None, 2, 2)
    person("rename", stranger["id"][:8], "Marie")
    assert [one["name"] for one in person("list", "--named")] == ["Marie"]
    assert len(person("faces", "Marie")) == 2


def test_it_merges_splits_and_says_what_is_no_face(home: Album) -> None:
    first, second = person("list")
    assert person("merge", first["id"], second["id"])["faces"] == 3
    which = person("faces", first["id"])[0]["id"]
    assert person("split", which[:8], "--to", "Pierre")["faces"] == 1
    assert [one["name"] for one in person("list")] == [None, "Pierre"]
    assert person("not-a-face", which) == {"faces": 1, "is_face": False}
    assert person("faces", "Pierre") == []
    assert person("not-a-face", which, "--undo") == {"faces": 1, "is_face": True}
    assert [one["id"] for one in person("faces")] == [which]


def test_it_groups_again(home: Album) -> None:
    assert person("recluster") == {"faces": 3, "moved": 0, "persons": 2}


def test_it_shows_tables_to_people(home: Album) -> None:
    told = CliRunner().invoke(app, ["person", "list"])
    assert told.exit_code == 0 and str(home.person(home.photos[0]))[:8] in told.stdout
    told = CliRunner().invoke(app, ["person", "faces", str(home.person(home.photos[0]))[:8]])
    assert str(home.face(home.photos[0])["id"])[:8] in told.stdout


@pytest.mark.parametrize(
    "words",
    [["rename", "Nobody", "Marie"], ["merge", "Nobody", "Marie"], ["split", "zz"],
     ["not-a-face", "zz"], ["faces", "Nobody"]],
)  # fmt: skip
def test_it_says_in_one_line_what_is_wrong(home: Album, words: list[str]) -> None:
    done = CliRunner().invoke(app, ["person", *words])
    assert isinstance(done.exception, PhotoFactoryError)
    assert done.exception.exit_code == 2
    assert "\n" not in str(done.exception) and "photo-factory person" in str(done.exception)


@pytest.mark.parametrize("verb", sorted(PERSON.commands))
def test_every_verb_has_help_an_example_and_json(verb: str) -> None:
    command = PERSON.commands[verb]
    assert command.help and f"photo-factory person {verb}" in command.epilog
    assert any("--json" in option.opts for option in command.params)


def test_there_is_a_verb_for_all_that_the_docs_name() -> None:
    assert set(PERSON.commands) == {
        "list", "faces", "rename", "merge", "split", "not-a-face", "recluster"
    }  # fmt: skip
