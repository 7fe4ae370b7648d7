"""The targets of BACKUP_TARGETS, none of which may stand where the photos themselves do."""

from __future__ import annotations

from pathlib import Path

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings, targets
from photo_factory.shared.settings.targets import Address

__all__ = ["Address", "address", "urls"]


def urls(settings: Settings) -> list[str]:
    """The URLs of BACKUP_TARGETS."""
    return settings.target_urls


def address(url: str, settings: Settings) -> Address:
    """Take a URL apart; SettingsError, without its secrets, when it names no fit target."""
    found = targets.address(url, settings.root)
    if found.kind == "file":
        _refuse_overlap(Path(found.path), Paths.of(settings))
    return found


def _refuse_overlap(folder: Path, paths: Paths) -> None:
    for inner, outer in ((folder, paths.storage), (folder, paths.inbox), (paths.storage, folder)):
        if inner.resolve().is_relative_to(outer.resolve()):
            raise SettingsError(
                f"BACKUP_TARGETS: {folder} overlaps {paths.storage} or {paths.inbox}; a backup "
                "belongs on another disk"
            )
