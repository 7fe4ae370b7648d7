"""Workers that race for the same assets, and die: each asset is done, by one of them, once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import Engine, func, insert, select, text, update

from photo_factory.shared.ledger.models import MediaAsset, StageRun
from tests.factory import Factory
from tests.shared.ledger.rows import an_asset

ROUNDS = 20
ASSETS = 500
WORKERS = 4

# A worker that notes, in the ledger and in the very transaction that raises the flag, that it
# has done an asset: done twice would be two rows.
WORKER = """
import random, sys, time
from sqlalchemy import text
from photo_factory.shared import settings
from photo_factory.shared.claims import Claims, Facts
from photo_factory.shared.ledger import database
from photo_factory.shared.paths import database_url

chosen = settings.load()
engine = database.connect(database_url(chosen))
claims = Claims(engine, "thumbnail", "is_thumbnailed", chosen)
print("ready", flush=True)
sys.stdin.readline()
left = text("SELECT COUNT(*) FROM media_assets WHERE is_thumbnailed = FALSE")
while True:
    taken = claims.claim(random.choice((1, 3, 10, 25)))
    if not taken:
        with database.reading(engine) as connection:
            if connection.scalar(left) == 0:
                break
        time.sleep(0.05)
        continue
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO held VALUES (:asset, :number)"),
            [{"asset": str(one.asset.id), "number": one.number} for one in taken])
    time.sleep(random.uniform(0, 0.004) * len(taken))
    claims.finish([(one, Facts({"mime_type": claims.worker})) for one in taken])
"""


def test_four_workers_do_every_asset_once_though_one_is_killed_in_every_round(
    engine: Engine, ledger_url: str, tmp_path: Path
) -> None:
    rounds = ROUNDS if engine.dialect.name == "postgresql" else 3
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE held (asset VARCHAR(36), number INTEGER)"))
        # What says that a flag was raised twice: every raise counts, by the database itself.
        connection.execute(text("CREATE TABLE raised (asset VARCHAR(36))"))
        for statement in _count_raises(engine):
            connection.exec_driver_sql(statement)
    factory = Factory(tmp_path / "factory", ledger_url)
    for _ in range(rounds):
        _one_round(engine, factory)


def _one_round(engine: Engine, factory: Factory) -> None:
    with engine.begin() as connection:
        for table in ("held", "raised", "stage_runs", "media_assets"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(insert(MediaAsset), [an_asset(ingested_at=None) for _ in range(ASSETS)])
        connection.execute(update(MediaAsset).values(ingested_at=func.now()))
    environment = factory.environment(LEASE="1", MAX_TRIES="50")
    workers = [_start(environment) for _ in range(WORKERS)]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    time.sleep(random.uniform(0.02, 0.3))
    killed = random.choice(workers)
    os.kill(killed.pid, signal.SIGKILL)
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker is killed or (worker.returncode, errors) == (0, "")
    with engine.connect() as connection:
        left = select(func.count()).select_from(MediaAsset).where(~MediaAsset.is_thumbnailed)
        assert connection.scalar(left) == 0
        twice = "SELECT asset, COUNT(*) FROM raised GROUP BY asset HAVING COUNT(*) > 1"
        assert connection.execute(text(twice)).all() == []
        assert connection.scalar(text("SELECT COUNT(*) FROM raised")) == ASSETS
        # No two workers ever held the same claim, and only what the dead one held was held again.
        same = "SELECT asset, number FROM held GROUP BY asset, number HAVING COUNT(*) > 1"
        assert connection.execute(text(same)).all() == []
        most = connection.scalar(select(func.max(StageRun.claims)))
        assert most in (1, 2)
        again = select(func.count()).select_from(StageRun).where(StageRun.claims > 1)
        assert connection.scalar(again) <= 25


def _start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _count_raises(engine: Engine) -> list[str]:
    condition = "NEW.is_thumbnailed"
    if engine.dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER raises AFTER UPDATE ON media_assets WHEN {condition} "
            "BEGIN INSERT INTO raised VALUES (NEW.id); END"
        ]
    return [
        "CREATE FUNCTION note_raise() RETURNS trigger AS $$ BEGIN "
        "INSERT INTO raised VALUES (NEW.id); RETURN NEW; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER raises AFTER UPDATE ON media_assets FOR EACH ROW "
        f"WHEN ({condition}) EXECUTE FUNCTION note_raise()",
    ]
