"""The floor: OpenSSL's SHA-256 over the same warm bytes on all cores, plus a rename each."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from benchmarks.figures import Rounds

HASHLIB = "floor: hashlib in threads + rename"
OPENSSL = "floor: openssl in processes + rename"
_WHOLE_FILE = 256 * 1024


def by_hashlib(folder: Path, target: Path, *, times: int = 1) -> float:
    """Seconds to hash every file so often and to rename it."""
    paths = _paths(folder)
    target.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as hashers:
        for _ in hashers.map(_hash, paths * times, chunksize=8):
            pass
    _rename_all(paths, target)
    return time.perf_counter() - start


def by_openssl(folder: Path, target: Path, *, times: int = 1) -> float:
    """The same by `openssl dgst`, started by xargs, a few hundred files a process."""
    paths = _paths(folder)
    target.mkdir(parents=True, exist_ok=True)
    cores = os.cpu_count() or 1
    each = min(500, -(-len(paths) * times // cores))
    command = ["xargs", "-0", "-P", str(cores), "-n", str(each), "openssl", "dgst", "-sha256"]
    names = "\0".join(paths * times).encode()
    start = time.perf_counter()
    subprocess.run(command, input=names, stdout=subprocess.DEVNULL, check=True)
    _rename_all(paths, target)
    return time.perf_counter() - start


def has_openssl() -> bool:
    """Whether the command is there."""
    return bool(shutil.which("openssl") and shutil.which("xargs"))


def quicker(measured: Rounds) -> tuple[str, Sequence[float]]:
    """The contender that makes the floor, and its rounds."""
    name = min((HASHLIB, OPENSSL), key=lambda one: median(measured.get(one) or [float("inf")]))
    return name, measured[name]


def _paths(folder: Path) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder))


def _hash(path: str) -> str:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        if os.fstat(file.fileno()).st_size <= _WHOLE_FILE:
            return hashlib.sha256(file.read()).hexdigest()
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rename_all(paths: Sequence[str], target: Path) -> None:
    for path in paths:
        os.rename(path, target / os.path.basename(path))
