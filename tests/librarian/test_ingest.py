"""One run: it waits for what settles, gives up on what never does, and comes to an end."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from photo_factory.librarian import file_watcher, filing
from photo_factory.shared.ledger.database import listener
from tests.factory import Factory, photo


@contextmanager
def growing(path: Path, every: float = 0.1) -> Iterator[None]:
    """A file that somebody keeps appending to."""
    stop = threading.Event()

    def grow() -> None:
        while not stop.wait(every):
            with path.open("ab") as file:
                file.write(b"more")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def test_it_waits_for_a_file_that_is_still_growing(factory: Factory) -> None:
    path = factory.drop("a.jpg")
    with growing(path):
        result: list[Any] = []
        run = threading.Thread(target=lambda: result.append(factory.ingest(STABILITY_DELAY=0.7)))
        run.start()
        time.sleep(1.2)
        assert factory.assets() == []
    run.join(30)
    assert (result[0].filed, result[0].held, factory.inbox()) == (1, 0, [])


def test_it_holds_a_file_that_never_comes_to_rest_and_ends(factory: Factory) -> None:
    growing_one = factory.drop("phone/growing.jpg")
    factory.drop("phone/whole.jpg")
    with growing(growing_one):
        summary = factory.ingest(STABILITY_DELAY=0.5, SETTLE_TIMEOUT=1)
    assert (summary.filed, summary.held, summary.all_went_well) == (1, 1, False)
    assert "keeps changing" in factory.arrival("growing.jpg")["reason"]
    assert factory.inbox() == ["phone/growing.jpg"]


def test_it_keeps_one_row_for_a_file_that_was_held_and_then_filed(factory: Factory) -> None:
    path = factory.drop("phone/a.jpg")
    with growing(path):
        assert factory.ingest(STABILITY_DELAY=0.5, SETTLE_TIMEOUT=1).held == 1
    assert factory.arrival("a.jpg")["state"] == "held"
    assert factory.ingest().filed == 1
    assert factory.arrival("a.jpg")["state"] == "filed"


def test_it_ends_the_row_of_a_held_file_that_somebody_took_away(factory: Factory) -> None:
    path = factory.drop("phone/a.jpg")
    with growing(path):
        factory.ingest(STABILITY_DELAY=0.5, SETTLE_TIMEOUT=1)
    path.unlink()
    factory.ingest()
    gone = factory.arrival("a.jpg")
    assert (gone["state"], gone["reason"]) == ("ignored", "it left the inbox before it was filed")


def test_it_says_that_not_all_went_well_when_a_filed_photo_cannot_leave_the_inbox(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.drop("a.jpg")

    def refuse(*_: Any) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(filing, "take_away", refuse)
    summary = embedded.ingest()
    assert (summary.filed, summary.all_went_well, embedded.inbox()) == (1, False, ["a.jpg"])


def test_it_goes_on_for_what_arrives_meanwhile_unless_told_otherwise(embedded: Factory) -> None:
    for once, expected in ((True, 1), (False, 2)):
        embedded.drop(f"first {once}.jpg")
        late = threading.Timer(0.3, embedded.drop, [f"late {once}.jpg"])
        late.start()
        summary = embedded.ingest(once=once, STABILITY_DELAY=1)
        late.join()
        assert summary.filed >= expected - (not once)
    assert embedded.ingest().all_went_well
    assert embedded.inbox() == []


def test_it_holds_a_folder_that_cannot_be_listed_once(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    embedded.drop("closed/a.jpg")
    embedded.drop("open/b.jpg")
    monkeypatch.setattr(file_watcher.os, "scandir", refuse)
    summary = embedded.ingest()
    assert (summary.filed, summary.held) == (1, 1)
    assert "permission denied" in embedded.arrival("closed")["reason"]


def test_it_does_nothing_where_nothing_is(embedded: Factory) -> None:
    summary = embedded.ingest()
    assert (summary.seen, summary.all_went_well) == (0, True)


def test_it_does_nothing_when_it_is_stopped_before_it_began(embedded: Factory) -> None:
    embedded.drop("a.jpg")
    stop = threading.Event()
    stop.set()
    assert embedded.ingest(stop=stop).seen == 0
    assert embedded.inbox() == ["a.jpg"]


def test_it_passes_over_what_other_programs_keep_for_themselves(embedded: Factory) -> None:
    for name in (".stfolder/a.jpg", ".stversions/b.jpg", "@eaDir/c.jpg", ".thumbnails/d.jpg"):
        embedded.drop(f"phone/{name}")
    embedded.drop("phone/.pending-1700000000-e.jpg")
    embedded.drop("phone/IMG.sync-conflict-20260101-101010-ABCDEFG.jpg", photo())
    summary = embedded.ingest()
    assert (summary.seen, summary.filed) == (1, 1)
    assert len(embedded.inbox()) == 5


def test_the_services_hear_of_what_is_filed(factory: Factory, engine: Engine) -> None:
    factory.drop("a.jpg")
    factory.ingest()
    heard = listener(engine)
    try:
        heard.wait(5, threading.Event())  # it begins to listen
        assert not heard.wait(0.5, threading.Event())
        factory.drop("b.jpg")
        factory.ingest()
        assert heard.wait(5, threading.Event())
    finally:
        heard.close()
