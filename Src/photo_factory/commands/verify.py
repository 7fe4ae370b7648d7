"""What `photo-factory verify` does: a Verifier with a progress bar, after a rebuild if asked."""

from __future__ import annotations

from photo_factory.commands import console
from photo_factory.librarian.metadata_extractor import MetadataExtractor
from photo_factory.librarian.rebuild import rebuild as rebuild_ledger
from photo_factory.librarian.records import Records
from photo_factory.librarian.verify import Findings, Verifier, total_bytes
from photo_factory.shared.ledger.database import connect, migrate
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings


def run_verify(settings: Settings, *, sample: float, rebuild: bool) -> Findings:
    """Compare archive and ledger, telling the progress on stderr."""
    paths = Paths.of(settings)
    engine = connect(database_url(settings))
    migrate(engine)
    if rebuild:
        _rebuild(settings, paths, Records(engine, settings.max_tries))
    total = int(total_bytes(engine) * sample / 100)
    with console.progress("verifying", total=total) as bar:
        task = bar.task_ids[0]
        verifier = Verifier(
            paths, engine, settings.workers, sample, told=lambda size: bar.advance(task, size)
        )
        return verifier.run()


def _rebuild(settings: Settings, paths: Paths, records: Records) -> None:
    extractor = MetadataExtractor(settings)
    try:
        with console.talk.status("making the ledger anew") as status:
            rebuilt = rebuild_ledger(paths, records, extractor, status.update)
    finally:
        extractor.close()
    console.say(
        f"rebuilt {rebuilt.from_folders} rows from the day folders "
        f"and {rebuilt.from_files} from the files themselves"
    )
