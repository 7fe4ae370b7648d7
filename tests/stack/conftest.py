"""The engine, the images and the stack, each made once for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import browser, forbidden, page
from tests.stack import engine as engines
from tests.stack.engine import Engine, Stack
from tests.stack.post import Post, receiving

__all__ = ["browser", "forbidden", "page"]

KEPT = Path(os.environ.get("STACK_TESTS_HOME", "/var/tmp/photo-factory-stack"))
"""Base images are kept here from run to run: making them takes a minute and a half."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The second host last: an engine of version 20.10 answers no names after it left a swarm."""
    items.sort(key=lambda item: item.path == Path(__file__).parent / "test_hosts.py")


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    if lacking := engines.missing():
        told = f"the stack's tests need {', '.join(lacking)}: .ci/run installs them"
        if os.environ.get("REQUIRE_REAL_PARTS"):
            pytest.fail(told)
        pytest.skip(told)
    one = Engine(KEPT)
    one.start()
    one.make_images()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def post(engine: Engine) -> Iterator[Post]:
    with receiving(engine) as one:
        yield one


@pytest.fixture(scope="session")
def stack(engine: Engine, post: Post, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("stack")
    home.chmod(0o755)
    for folder in home.parents:  # the containers' user comes in by them
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    with engines.running(
        engine, home, COMPOSE_PROFILES="backup", UMASK="027", **post.settings
    ) as one:
        yield one
