"""What `photo-factory ingest` does: an Ingest with a progress bar."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from photo_factory.commands import console
from photo_factory.librarian.arrivals import Arrival, Outcome
from photo_factory.librarian.file_watcher import listing
from photo_factory.librarian.ingest import Ingest
from photo_factory.librarian.librarian import Librarian, Observer
from photo_factory.librarian.summary import Summary
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.files import make_folder
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)


def run_ingest(
    settings: Settings,
    collections: Sequence[Path],
    *,
    once: bool,
    keep: bool | None,
    stop: threading.Event,
) -> Summary:
    """File the inbox or the collections, telling the progress on stderr."""
    paths = Paths.of(settings)
    chosen = [_checked(path, paths) for path in collections]
    if not chosen:
        make_folder(paths.inbox)
    total = _weight(chosen or [paths.inbox]) if console.talk.is_terminal else None
    with console.progress("filing", total=total) as bar:
        task = bar.task_ids[0]
        observer = Observer(ended=_tell, read=lambda count: bar.advance(task, count))
        with Librarian(settings, keep=keep, observer=observer, stop=stop) as librarian:
            return Ingest(librarian, settings, chosen).run(once=once)


def _checked(path: Path, paths: Paths) -> Path:
    """A collection that exists and is not the archive itself."""
    found = path.expanduser().absolute()
    if not found.exists():
        raise SettingsError(f"{path}: no such file or folder")
    real, storage = found.resolve(), paths.storage.resolve()
    if real.is_relative_to(storage) or storage.is_relative_to(real):
        raise SettingsError(
            f"{path} and the storage {paths.storage} overlap: the archive would be read as new "
            "photos. Name a folder apart from it"
        )
    return found


def _weight(roots: Sequence[Path]) -> int:
    return sum(arrival.size for root in roots for arrival in listing(str(root)))


def _tell(arrival: Arrival, outcome: Outcome) -> None:
    if outcome.state in ("held", "failed"):
        log.warning("%s %s: %s", outcome.state, arrival.shown_path, outcome.reason)
    else:
        log.debug("%s %s: %s", outcome.state, arrival.shown_path, outcome.reason or "")
