"""The spool: what probes found while the ledger was away is delivered, also after a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from photo_factory.monitor import spool as spools
from photo_factory.monitor.reading import Reading
from photo_factory.monitor.spool import Spool
from photo_factory.shared.heartbeat_service import lights
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import SystemStatusHistory

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


def _opened(path: Path) -> Spool:
    return Spool.open(path / "Monitor" / "spool.json", 300, NOON)


def test_what_waits_survives_a_restart_and_is_delivered_once(
    engine: Engine, tmp_path: Path
) -> None:
    first = _opened(tmp_path)
    first.add({"factory-db": Reading("ERROR", "does not answer", "refused")}, NOON)
    assert not first.deliver(database.connect(AWAY))
    first.keep()
    second = _opened(tmp_path)
    second.add({"factory-db": Reading("OK", "12 MiB", None, {"size_bytes": 5})}, NOON + _M5)
    assert second.deliver(engine)
    second.keep()
    assert _opened(tmp_path).waiting == []
    with database.reading(engine) as connection:
        told = connection.execute(select(SystemStatusHistory.status).order_by("beat_at"))
        assert [row.status for row in told] == ["ERROR", "OK"]
        light = lights(connection, NOON + _M5)["factory-db"]
    assert (light.state, light.is_probe, light.details) == ("OK", True, {"size_bytes": 5})


_M5 = timedelta(minutes=5)


def test_it_holds_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "LONGEST", 10)
    spool = _opened(tmp_path)
    for minute in range(50):
        spool.add({"clock": Reading("OK", str(minute))}, NOON + timedelta(minutes=minute))
    assert [beat.current_task for beat in spool.waiting] == [str(one) for one in range(40, 50)]


def test_a_damaged_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = _opened(tmp_path)
    spool.keep()
    spool.path.write_text("[half")
    assert _opened(tmp_path).waiting == []
    assert "begins anew" in caplog.text


def test_figures_are_kept_one_an_hour_for_sixty_days(tmp_path: Path) -> None:
    spool = _opened(tmp_path)
    for minutes in range(0, 70 * 24 * 60, 20):
        series = spool.sample("disk-storage", minutes, NOON + timedelta(minutes=minutes))
    assert 60 * 24 - 1 <= len(series) <= 60 * 24 + 1
    spool.keep()
    assert _opened(tmp_path).samples["disk-storage"] == series
