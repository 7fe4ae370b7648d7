"""The probe `syncthing`: is it there, do photos arrive, and is it safe to empty the inbox?"""

from __future__ import annotations

from dataclasses import dataclass, field

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.syncthing.client import SyncthingError
from photo_factory.monitor.syncthing.examination import NOTHING, Examiner

NAME = "syncthing"

_HOW = (
    "set SYNCTHING_URL and SYNCTHING_API_KEY (docs/SYNCTHING.md): until then nobody checks "
    "whether emptying the inbox deletes photos on a phone"
)


@dataclass
class Probe:
    """Looks when it is called; what has been missing for long it knows from its earlier looks."""

    _examiner: Examiner = field(default_factory=Examiner)

    def __call__(self, watch: Watch) -> Reading:
        """Never raises for anything Syncthing or the ledger does."""
        if not watch.settings.syncthing_url:
            return Reading("OK", "not set up", _HOW, NOTHING)
        try:
            found = self._examiner.examine(watch.settings, watch.engine)
        except SyncthingError as error:
            return Reading("ERROR", "Syncthing cannot be asked", str(error), NOTHING)
        return Reading(found.status, found.task, found.message, found.details())


probe = Probe()
"""The service-monitor's."""
