"""`init`: secrets of its own, for its owner's eyes, and never a second time."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from dotenv import dotenv_values

from photo_factory.commands import init
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.settings import Settings


def test_what_it_writes_is_read_back_as_it_was_meant(tmp_path: Path) -> None:
    password = init.write(tmp_path / ".env")
    values = dotenv_values(tmp_path / ".env")
    assert PasswordHasher().verify(str(values["DASHBOARD_PASSWORD"]), password)
    assert len(str(values["POSTGRES_PASSWORD"])) == 48
    assert Settings(_env_file=tmp_path / ".env").dashboard_port == 8501  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "value",
    ["mailto://me@nas?to=a&from=b", "a;b", "a b", "$argon2id$v=19", "a#b", "(a)", "~/a", "x"],
)
def test_a_shell_reads_it_as_compose_does(value: str, tmp_path: Path) -> None:
    """As `docker stack deploy` needs it, which reads no `.env`."""
    (tmp_path / ".env").write_text(init.example({"ALERT_URLS": value}))
    assert dotenv_values(tmp_path / ".env")["ALERT_URLS"] == value
    done = subprocess.run(
        ["sh", "-c", "set -eua; . ./.env; wait; printenv ALERT_URLS"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{value}\n", "")


def test_no_two_have_a_secret_in_common(tmp_path: Path) -> None:
    for name in ("one", "two"):
        init.write(tmp_path / name)
    one, two = (dotenv_values(tmp_path / name) for name in ("one", "two"))
    secrets = ("POSTGRES_PASSWORD", "SYNCTHING_API_KEY", "READER_PASSWORD", "DASHBOARD_PASSWORD")
    assert all(one[name] and one[name] != two[name] for name in secrets)


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    init.write(tmp_path / ".env")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_it_leaves_one_that_exists_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=mine\n")
    with pytest.raises(PhotoFactoryError, match="left as it is"):
        init.write(tmp_path / ".env")
    assert (tmp_path / ".env").read_text() == "POSTGRES_PASSWORD=mine\n"


def test_it_says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(PhotoFactoryError, match="No such file"):
        init.write(tmp_path / "nowhere" / ".env")


def test_the_example_holds_no_secret_and_sets_nothing() -> None:
    lines = [line for line in init.example().splitlines() if line]
    assert all(line.startswith("#") for line in lines)
