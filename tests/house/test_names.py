"""One word per thing: what the registry, the services and the docs call it is the same."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from photo_factory.cli import app
from photo_factory.registry import SERVICES
from photo_factory.shared.settings import Settings

HOUSE = Path(__file__).parents[2]
DOCS = "\n".join(path.read_text() for path in [*(HOUSE / "docs").glob("*.md"), *HOUSE.glob("*.md")])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_beats_under_the_name_it_is_run_by(name: str) -> None:
    module = import_module(SERVICES[name].module)
    assert getattr(module, "NAME", None) == name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_in_the_docs(name: str) -> None:
    assert name in DOCS.lower()


@pytest.mark.parametrize("name", sorted(str(f.alias) for f in Settings.model_fields.values()))
def test_every_setting_is_in_the_docs(name: str) -> None:
    assert re.search(rf"\b{name}\b", DOCS)


@pytest.mark.parametrize("name", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_is_in_the_docs(name: str) -> None:
    assert re.search(rf"photo-factory {name}\b|make {name}\b", DOCS)
