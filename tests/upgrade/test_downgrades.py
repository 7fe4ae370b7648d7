"""A ledger newer than the program is refused in one line, and nothing is written into it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.main import get_command

from photo_factory import registry
from photo_factory.__main__ import main
from photo_factory.cli import app
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.migrations import HEAD
from tests.factory import Factory
from tests.upgrade import ledgers

REFUSED = f"is at step 9999, newer than this program, which knows {HEAD}: update Photo Factory"

ASSET = "0123456789abcdef0123456789abcdef"
RUNS = [["run", name, "--once"] for name in registry.SERVICES]
pytestmark = pytest.mark.usefixtures("own_handlers")

VERBS: list[list[str]] = [
    ["alerts", "list"],
    ["backup", "drill"], ["backup", "dump"], ["backup", "run-now"], ["backup", "verify"],
    ["breakers"], ["breakers", "reset", "archive"],
    ["cleanup"],
    ["correct", ASSET, "--place", "50.11,8.68"],
    ["dashboard"],
    ["findings"],
    ["healthcheck", "librarian"],
    ["ingest", "--once"],
    ["integrity"],
    ["migrate"],
    ["parked"],
    ["person", "faces"], ["person", "list"], ["person", "merge", "a", "b"],
    ["person", "not-a-face", "a"], ["person", "recluster"], ["person", "rename", "a", "Marie"],
    ["person", "split", "a"],
    ["redo", "thumbnail"],
    ["repair", "--all"],
    ["restore", "--from", "{backup}", "--where", "1 = 1"],
    ["retry"],
    *RUNS,
    ["safe-to-delete"],
    ["status"],
    ["syncthing", "doctor"],
    ["up"],
    ["verify"], ["verify", "--rebuild"],
]  # fmt: skip
WITHOUT_A_LEDGER = [
    "alerts test", "backup init", "config", "explain", "init", "services",
    "syncthing add-device", "syncthing status",
]  # fmt: skip


def verbs_of(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every verb, with those of groups."""
    for name, one in getattr(command, "commands", {}).items():
        yield from verbs_of(one, (*words, name))
    if not hasattr(command, "commands") or (words and command.invoke_without_command):
        yield words


@pytest.fixture
def future(ledger_url: str, tmp_path: Path) -> Iterator[Factory]:
    """A factory whose ledger a later program has migrated."""
    made = Factory(tmp_path / "factory", ledger_url)
    made.drop("pixel-7/a.jpg")
    made.ingest(once=True)
    made.drop("pixel-7/b.jpg")
    (tmp_path / "backup").mkdir()
    with made.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made.close()
    yield made


def test_every_verb_is_tried_or_asks_no_ledger() -> None:
    tried = {" ".join(words) for words in VERBS}
    for verb in map(" ".join, verbs_of(get_command(app))):
        is_tried = any(f"{words} ".startswith(f"{verb} ") for words in tried)
        assert is_tried != (verb in WITHOUT_A_LEDGER), verb


def test_every_verb_refuses_it_and_changes_nothing(
    future: Factory,
    ledger_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = ledgers.content(ledger_url)
    inbox, archive = future.inbox(), future.tree()
    target = f"file://{tmp_path / 'backup'}"
    for name, value in future.environment(BACKUP_TARGETS=f'["{target}"]').items():
        monkeypatch.setenv(name, value)
    for words in VERBS:
        given = [target if word == "{backup}" else word for word in words]
        monkeypatch.setattr(sys, "argv", ["photo-factory", *given])
        with pytest.raises(SystemExit) as end:
            main()
        told = capfd.readouterr().err.replace("\n", " ")
        assert end.value.code == 1, (words, told)
        assert told.count(REFUSED) == 1 and "Traceback" not in told, (words, told)
    assert ledgers.content(ledger_url) == before
    assert (future.inbox(), future.tree()) == (inbox, archive)


def test_it_is_the_ledgers_step_that_counts_and_not_when_it_was_opened(future: Factory) -> None:
    """A program that has the newer ledger open already is refused by the next migration."""
    engine = database.connect(str(future.url))
    with pytest.raises(database.LedgerError, match="restore a dump of before"):
        database.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{HEAD}'"))
    assert database.migrate(engine) is False
    engine.dispose()
