"""What the figures were measured on."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import time
from pathlib import Path


def facts(folder: Path) -> dict[str, str]:
    """Cores, processor, kernel, file system and hash speed, by name."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "file system": _file_system(folder),
        "SHA-256, one core": f"{_hash_speed():,.0f} MB/s",
        "load at the start": f"{os.getloadavg()[0]:.2f}",
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((one.partition(": ")[2] for one in lines if one.startswith("model name")), "?")


def _file_system(folder: Path) -> str:
    command = ["stat", "-f", "-c", "%T", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _hash_speed() -> float:
    block = os.urandom(64 << 20)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        hashlib.sha256(block).digest()
        best = max(best, len(block) / 1e6 / (time.perf_counter() - start))
    return best
