"""The last beat beside its process, for a health check that is asked every minute.

It imports next to nothing and asks no database: eight containers that load the whole program once
a minute would keep a NAS busy. And it speaks for this process, not for another one of the service.
Used where the variable PHOTO_FACTORY_BEATS names a folder, as in the stack's containers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

FOLDER = "PHOTO_FACTORY_BEATS"
_GRACE_S = 5


def leave(name: str, status: str, task: str, message: str | None, expected_every: int) -> None:
    """Write down the beat; OSError when the folder cannot be written."""
    if not os.environ.get(FOLDER):
        return
    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "at": time.time(), "status": status, "task": task, "message": message,
        "expected_every": expected_every,
    }  # fmt: skip
    partial = folder / f".{name}"
    partial.write_text(json.dumps(told), "utf-8")
    partial.replace(folder / f"{name}.json")


def check(name: str) -> int:
    """Say how the service is; 1 when its last beat is an error or older than it may be."""
    try:
        told = json.loads((Path(os.environ[FOLDER]) / f"{name}.json").read_text("utf-8"))
    except FileNotFoundError:
        print(f"{name}: SILENT it has given no sign of life yet", file=sys.stderr)  # noqa: T201
        return 1
    age = time.time() - told["at"]
    is_silent = age > 2 * told["expected_every"] + _GRACE_S
    state = "SILENT" if is_silent else told["status"]
    words = f"{name}: {state} ({told['task']}) {told['message'] or ''} {age:.0f} s ago"
    print(words, file=sys.stderr)  # noqa: T201
    return 1 if state in ("SILENT", "ERROR") else 0
