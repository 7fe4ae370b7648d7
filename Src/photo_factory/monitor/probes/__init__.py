"""The probes: each looks at one thing that cannot speak for itself."""

from __future__ import annotations

from collections.abc import Callable

from photo_factory.monitor.integrity import probe as integrity
from photo_factory.monitor.probes.backlog import backlog
from photo_factory.monitor.probes.backup_targets import backup_targets
from photo_factory.monitor.probes.clocks import clock
from photo_factory.monitor.probes.database import factory_db
from photo_factory.monitor.probes.devices import devices
from photo_factory.monitor.probes.disks import disk_database, disk_inbox, disk_storage
from photo_factory.monitor.probes.inbox import inbox
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.syncthing.probe import probe as syncthing

Probe = Callable[[Watch], Reading]

PROBES: dict[str, Probe] = {
    "factory-db": factory_db,
    "syncthing": syncthing,
    "disk-inbox": disk_inbox,
    "disk-storage": disk_storage,
    "disk-database": disk_database,
    "inbox": inbox,
    "backlog": backlog,
    "backup-targets": backup_targets,
    "clock": clock,
    "devices": devices,
    "integrity": integrity,
}
"""Under its name each stands in system_status."""

ASK_THE_LEDGER = {"inbox", "backlog", "backup-targets", "clock", "devices", "integrity"}
"""Probes that have nothing to say while `factory-db` is an ERROR: one alarm is enough."""
