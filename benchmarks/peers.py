"""Other programs that file photos by date, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

Peer = Callable[[Path, Path], float]
"""Files what is in a folder into a target; the seconds it took."""


def installed() -> dict[str, Peer]:
    """The peers on this machine, by name."""
    peers: dict[str, Peer] = {"exiftool": by_exiftool, "phockup": by_phockup}
    return {name: peer for name, peer in peers.items() if shutil.which(name)}


def by_exiftool(folder: Path, target: Path) -> float:
    """One exiftool over the whole folder: no hash, no ledger, no fsync."""
    layout = f"{target}/%Y/%Y-%m-%d"
    return _timed("exiftool", "-q", "-d", layout, "-Directory<DateTimeOriginal", "-r", str(folder))


def by_phockup(folder: Path, target: Path) -> float:
    """phockup moves and, where names clash, compares checksums."""
    return _timed("phockup", str(folder), str(target), "--move", "-d", "YYYY/YYYY-MM-DD")


def _timed(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
