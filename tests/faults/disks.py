"""Disks of a test's own: a second file system, and one whose power can be cut."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.parts import require_part

_XFS_SIZE = "320M"  # mkfs.xfs refuses less than 300 MB


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=60)


def _may_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextlib.contextmanager
def tmpfs(folder: Path, size: str = "256m") -> Iterator[Path]:
    """A second file system, mounted at `folder`; skips where this user may not mount."""
    folder.mkdir()
    require_part("leave to mount (root)", "mount", _may_mount())
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    except subprocess.CalledProcessError:
        require_part("leave to mount a tmpfs (CAP_SYS_ADMIN)", "mount", False)
    try:
        yield folder
    finally:
        _run("umount", "--lazy", folder)


class PowerCutDisk:
    """XFS in a file: `cut` loses all that was not fsynced, as a power cut does."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image = image
        self.folder = folder
        self._is_plugged_in = False
        folder.mkdir()
        with image.open("wb") as file:
            file.truncate(int(_XFS_SIZE.removesuffix("M")) << 20)
        _run("mkfs.xfs", "-q", image)

    def plug_in(self) -> None:
        """Mount it; XFS replays its log here."""
        _run("mount", "-o", "loop", self._image, self.folder)
        self._is_plugged_in = True

    def cut(self) -> None:
        """From now on nothing reaches the disk, and every access fails."""
        _run("xfs_io", "-x", "-c", "shutdown", self.folder)

    def unplug(self) -> None:
        """Unmount it, if it is mounted."""
        # Remembered: once the power is cut, nobody can ask the folder whether it is a mount.
        if self._is_plugged_in:
            _run("umount", self.folder)
            self._is_plugged_in = False


@contextlib.contextmanager
def power_cut_disk(home: Path) -> Iterator[PowerCutDisk]:
    """A plugged-in disk; skips where it cannot be made."""
    require_part("mkfs.xfs and xfs_io", "xfsprogs", _has_xfsprogs())
    require_part("leave to mount (root)", "mount", _may_mount())
    disk = PowerCutDisk(home / "xfs.img", home / "xfs")
    try:
        disk.plug_in()
    except subprocess.CalledProcessError:
        require_part("leave to mount an XFS image (loop devices)", "mount", False)
    try:
        yield disk
    finally:
        disk.unplug()
        (home / "xfs.img").unlink()


def _has_xfsprogs() -> bool:
    return bool(shutil.which("mkfs.xfs") and shutil.which("xfs_io"))
