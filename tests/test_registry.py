"""The registry knows every service, and imports it only when it is asked for."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from photo_factory.registry import SERVICES, find
from photo_factory.shared.errors import SettingsError


@pytest.mark.parametrize("name", SERVICES)
def test_it_finds_a_service_that_can_be_run(name: str) -> None:
    entry = find(name)
    assert (entry.name, bool(entry.purpose)) == (name, True)
    wanted = (
        ["settings", "stop", "once", "told"] if entry.is_addon else ["settings", "stop", "once"]
    )
    assert list(inspect.signature(entry.runner()).parameters) == wanted


def test_it_names_what_there_is_when_it_knows_nothing_of_a_name() -> None:
    with pytest.raises(
        SettingsError, match=f"no service is called 'gardener'.*{next(iter(SERVICES))}"
    ):
        find("gardener")


def test_it_imports_no_service_before_it_is_asked_for_one() -> None:
    modules = [entry.module for entry in SERVICES.values()]
    ask = f"import sys, photo_factory.registry; sys.exit(any(m in sys.modules for m in {modules}))"
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0
