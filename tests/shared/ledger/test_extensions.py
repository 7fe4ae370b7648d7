"""An add-on's own flag: a name that is free, and a ledger that gets it once."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from sqlalchemy import Engine, inspect

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.ledger.extensions import own_flag

# In a process of its own: what is added to the models stays there.
EXTEND = """
import sys
from sqlalchemy import String, text
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.extensions import extend, own_column, own_flag
flag = own_flag("is_starred", applies=text("media_type = 'image'"))
own_column("stars", String(5))
engine = database.connect(sys.argv[1])
sys.stdin.readline()
extend(engine)
extend(engine)
print(flag.key)
"""


def test_it_adds_the_flag_its_time_and_its_queue(engine: Engine, ledger_url: str) -> None:
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", EXTEND, ledger_url], capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("is_starred\n", "")
    seen = inspect(engine)
    columns = {column["name"]: column for column in seen.get_columns("media_assets")}
    assert {"is_starred", "starred_at", "stars"} <= columns.keys()
    assert columns["is_starred"]["nullable"] is False
    queues = [index["name"] for index in seen.get_indexes("media_assets")]
    assert queues.count("ix_media_assets_waiting_is_starred") == 1


def test_replicas_that_start_together_add_it_once(engine: Engine, ledger_url: str) -> None:
    replicas = [
        subprocess.Popen(
            [sys.executable, "-c", EXTEND, ledger_url], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    time.sleep(3)  # each is ready to look for its columns
    for replica in replicas:
        assert replica.stdin
        replica.stdin.write("go\n")
        replica.stdin.flush()
    told = [replica.communicate(timeout=60) for replica in replicas]
    assert told == [("is_starred\n", "")] * 3


@pytest.mark.parametrize("name", ["is_thumbnailed", "starred"])
def test_it_refuses_a_name_that_cannot_be_a_flag(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        own_flag(name)
