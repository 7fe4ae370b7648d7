"""The real files that tests in a browser look at, and the commands that have them filed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.corpus import samples_folder
from tests.factory import Factory

SAMPLES = samples_folder()

CAMERA = re.compile("NIKON COOLPIX P6000")
TOWN = re.compile("Arezzo, Italy")
"""A camera and a place of theirs; nine photos have both."""


def file_samples(home: Path) -> Path:
    """A factory in which the samples are filed, looked up and have their small pictures."""
    if not SAMPLES.is_dir():
        pytest.skip(f"no samples in {SAMPLES}: set PHOTO_FACTORY_SAMPLES")
    made = Factory(home)
    shutil.copytree(SAMPLES / "jpg", made.paths.inbox / "camera")
    for command in (["ingest"], ["run", "thumbnail", "--once"], ["run", "geocode", "--once"]):
        photo_factory(made, *command)
    made.close()
    return made.home


def photo_factory(factory: Factory, *command: str) -> None:
    """Run a command; a service that had to park a broken sample ends with 1."""
    done = subprocess.run(
        [sys.executable, "-m", "photo_factory", *command], env=factory.environment(),
        cwd=factory.home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
